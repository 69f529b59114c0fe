"""Each cause: a cell where its rule fires, and one, as alike as possible, where it must not."""

import pytest

from matrix.judging.causes import CAUSES, THEMES, Evidence, find_cause
from matrix.judging.causes.statements import classify, is_cleanup, is_ddl, is_write
from matrix.judging.verdicts import judge
from tests.made_facts import breaking, leaking, make_cell, make_evidence, make_timeline

OUTER = ("1s> begin", "1s: BEGIN")
INSERT = "INSERT INTO customers (name) VALUES ('x')"
SELECT = "SELECT customers.name FROM customers"
LEAK, BREAK = leaking(), breaking()
LOCK_WAIT = {"ended": "hang", "hang": {"reason": "lock wait", "waiter": 102, "holders": [101], "what": "relation", "step": "cancelled"}}
DEADLINE = {"ended": "hang", "hang": {"reason": "deadline", "waiter": None, "holders": [], "what": None, "step": "killed"}}
DIRTY = {"process": [{"kind": "listener_left", "object": "Session", "detail": "after_transaction_end: 2"}]}


def cell(*timeline, **facts):
    return make_evidence(*timeline, **facts)


def refused(message, type="sqlalchemy.exc.InvalidRequestError", phase="call", *timeline):
    return cell(*timeline, **breaking(message, type, phase))


def recursed(traceback):
    failed = breaking("maximum recursion depth exceeded", "RecursionError")
    return cell(**failed | {"errors": [failed["errors"][0] | {"traceback": traceback}]})


def flaky(*timeline, **facts):
    return make_evidence(*timeline, confirmation=make_cell(**{"pass": "confirmation"}), **LEAK, **facts)


# cause: (a cell where it fires, a cell where it must not)
RULES = {
    "cleanup_waits": (
        cell(*OUTER, f"1c: {INSERT}", "2t: DROP TABLE orders", **LOCK_WAIT),
        cell(*OUTER, f"1c: {INSERT}", "2c: UPDATE customers SET credit = 1", **LOCK_WAIT),
    ),
    "waits_for_outer_transaction": (
        cell(*OUTER, f"1c: {INSERT}", "2c: UPDATE customers SET credit = 1", **LOCK_WAIT),
        cell(*OUTER, f"1c: {INSERT}", "2c: UPDATE customers SET credit = 1", **DEADLINE),
    ),
    "pool_exhausted": (
        refused("QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 1.00", "sqlalchemy.exc.TimeoutError"),
        refused("canceling statement due to statement timeout", "sqlalchemy.exc.OperationalError"),
    ),
    "process_killed": (
        cell(ended="crash", crash={"signal": 11, "exit_code": None, "phase": "call"}),
        cell(ended="crash", crash={"signal": None, "exit_code": 3, "phase": "call"}),
    ),
    "process_exited": (
        cell(ended="crash", crash={"signal": None, "exit_code": 3, "phase": "call"}),
        cell(ended="crash", crash={"signal": 11, "exit_code": None, "phase": "call"}),
    ),
    "carried_state": (flaky(**DIRTY), cell(**LEAK, **DIRTY)),
    "missing_api": (
        refused("Session.__init__() got an unexpected keyword argument 'join_transaction_mode'", "TypeError", "setup"),
        refused("work() got an unexpected keyword argument 'x'", "TypeError", "call"),
    ),
    "template_in_use": (
        refused('source database "t" is being accessed by other users', "sqlalchemy.exc.OperationalError", "setup"),
        refused('database "t" is being accessed by other users', "sqlalchemy.exc.OperationalError", "teardown"),
    ),
    "database_in_use": (
        refused('database "t" is being accessed by other users', "sqlalchemy.exc.OperationalError", "teardown"),
        refused('source database "t" is being accessed by other users', "sqlalchemy.exc.OperationalError", "setup"),
    ),
    "privilege_missing": (
        refused("permission denied to create database", "sqlalchemy.exc.ProgrammingError", "setup"),
        refused("database x already exists", "sqlalchemy.exc.ProgrammingError", "setup"),
    ),
    "other_event_loop": (
        refused("Task got Future attached to a different loop", "RuntimeError"),
        refused("no running event loop was found", "RuntimeError"),
    ),
    "missing_greenlet": (
        refused("greenlet_spawn has not been called; can't call await_only() here", "sqlalchemy.exc.MissingGreenlet"),
        refused("Instance is not bound to a Session", "sqlalchemy.orm.exc.DetachedInstanceError"),
    ),
    "connection_shared_by_tasks": (
        refused("cannot perform operation: another operation is in progress", "sqlalchemy.exc.InterfaceError"),
        refused("connection is closed", "sqlalchemy.exc.InterfaceError"),
    ),
    "text_commit": (
        cell(*OUTER, f"1c: {INSERT}", "1c> COMMIT", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
    ),
    "driver_commit": (
        cell(*OUTER, f"1c: {INSERT}", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
    ),
    "ddl_implicit_commit": (
        cell(*OUTER, f"1c: {INSERT}", "1c: CREATE TABLE t (id INT)", product="mysql", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c: CREATE TEMPORARY TABLE t (id INT)", product="mysql", **LEAK),
    ),
    "statement_implicit_commit": (
        cell(*OUTER, f"1c: {INSERT}", "1c: SET autocommit = 1", product="mariadb", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c: SET autocommit = 0", product="mariadb", **LEAK),
    ),
    "autocommit_write": (
        cell(*OUTER, f"2c: {INSERT}", **LEAK),
        cell(*OUTER, "2c: BEGIN", f"2c: {INSERT}", **LEAK),
    ),
    "two_phase_commit": (
        cell("1c: BEGIN", f"1c: {INSERT}", "1c: PREPARE TRANSACTION 'a'", "1c: COMMIT PREPARED 'a'", **LEAK),
        cell("1c: BEGIN", f"1c: {INSERT}", "1c: PREPARE TRANSACTION 'a'", "1c: ROLLBACK PREPARED 'a'", **LEAK),
    ),
    "savepoint_used_up": (
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
    ),
    "commit_after_rollback": (
        cell(*OUTER, f"1c: {INSERT}", "1c: ROLLBACK", "1c: BEGIN", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", "1t: ROLLBACK", **LEAK),
    ),
    "outer_commit": (
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {SELECT}", "1c> commit", "1c: COMMIT", **LEAK),
    ),
    "second_connection_commit": (
        cell(*OUTER, "2c> begin", "2c: BEGIN", f"2c: {INSERT}", "2c> commit", "2c: COMMIT", **LEAK),
        cell(*OUTER, "2c> begin", "2c: BEGIN", f"2c: {INSERT}", "2c> rollback", "2c: ROLLBACK", **LEAK),
    ),
    "cleanup_missed": (
        cell("1c> begin", "1c: BEGIN", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", "1t: DELETE FROM orders", **leaking("table_created")),
        cell("1c> begin", "1c: BEGIN", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", "1t: DELETE FROM orders", **leaking("rows_removed")),
    ),
    "no_outer_transaction": (
        cell("1c> begin", "1c: BEGIN", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
    ),
    "transaction_left_open": (
        cell("1c: BEGIN", f"1c: {INSERT}", **leaking("open_transaction")),
        cell("1c: BEGIN", f"1c: {INSERT}", **LEAK),
    ),
    "session_lock_survives": (
        cell("1c: SELECT pg_advisory_lock(1)", **leaking("advisory_lock_held")),
        cell("1c: SELECT pg_advisory_xact_lock(1)", **leaking("advisory_lock_held")),
    ),
    "setting_survives": (
        cell("1c: SET work_mem = '64MB'", **leaking("session_setting")),
        cell("1c: SET LOCAL work_mem = '64MB'", **leaking("session_setting")),
    ),
    "temporary_table_survives": (
        cell("1c: CREATE TEMPORARY TABLE t (id INT)", **leaking("temp_table")),
        cell("1c: CREATE TABLE t (id INT)", **leaking("temp_table")),
    ),
    "prepared_left": (
        cell("1c: PREPARE TRANSACTION 'a'", **leaking("prepared_transaction")),
        cell("1c: PREPARE TRANSACTION 'a'", **LEAK),
    ),
    "database_left": (
        cell("1s: CREATE DATABASE a_copy TEMPLATE a", **leaking("database_created")),
        cell("1s: CREATE DATABASE a_copy TEMPLATE a", "1t: DROP DATABASE a_copy", **LEAK),
    ),
    "cleanup_removed_rows": (
        cell(f"1c: {SELECT}", "1t: DELETE FROM customers", **leaking("rows_removed")),
        cell(f"1c: {SELECT}", "1t: DELETE FROM customers WHERE id = 1", **leaking("rows_removed")),
    ),
    "schema_rebuilt": (
        cell("1t: DROP TABLE orders", "1t: CREATE TABLE orders (id INT)", **leaking("index_dropped")),
        cell("1c: DROP INDEX i", **leaking("index_dropped")),
    ),
    "clock_stands_still": (
        cell(*OUTER, "1c: SELECT now()", "1c: SELECT now()", **BREAK),
        cell(*OUTER, "1c: SELECT now()", "1c: COMMIT", "1c: SELECT now()", **BREAK),
    ),
    "one_transaction_id": (
        cell(*OUTER, "1c: SELECT txid_current()", **BREAK),
        cell(*OUTER, "1c: SELECT txid_current()", **LEAK),
    ),
    "notification_not_sent": (
        cell(*OUTER, "1c: NOTIFY channel", **BREAK),
        cell(*OUTER, "1c: NOTIFY channel", "1c: COMMIT", **BREAK),
    ),
    "constraint_not_checked": (
        cell(*OUTER, "1c: SET CONSTRAINTS ALL DEFERRED", f"1c: {INSERT}", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", **BREAK),
    ),
    "local_setting_stays": (
        cell(*OUTER, "1c: SET LOCAL statement_timeout = 5", "1c: RELEASE SAVEPOINT a", **BREAK),
        cell(*OUTER, "1c: SET LOCAL statement_timeout = 5", "1c: COMMIT", **BREAK),
    ),
    "read_only_stays": (
        cell(*OUTER, "1c: SET TRANSACTION READ ONLY", "1c: RELEASE SAVEPOINT a", **BREAK),
        cell(*OUTER, "1c: SET TRANSACTION READ ONLY", "1c: COMMIT", **BREAK),
    ),
    "temporary_table_stays": (
        cell(*OUTER, "1c: CREATE TEMP TABLE t (id INT) ON COMMIT DROP", "1c: RELEASE SAVEPOINT a", **BREAK),
        cell(*OUTER, "1c: CREATE TEMP TABLE t (id INT)", "1c: RELEASE SAVEPOINT a", **BREAK),
    ),
    "cursor_stays_open": (
        cell(*OUTER, "1c: DECLARE c CURSOR FOR SELECT 1", "1c: RELEASE SAVEPOINT a", **BREAK),
        cell(*OUTER, "1c: DECLARE c CURSOR FOR SELECT 1", "1c: COMMIT", **BREAK),
    ),
    "transaction_lock_stays": (
        cell(*OUTER, "1c: SELECT pg_advisory_xact_lock(1)", "1c: RELEASE SAVEPOINT a", **BREAK),
        cell(*OUTER, "1c: SELECT pg_advisory_lock(1)", "1c: RELEASE SAVEPOINT a", **BREAK),
    ),
    "nothing_expired": (
        cell(f"1c: {INSERT}", "1c: UPDATE customers SET credit = 2", **BREAK),
        cell(f"1c: {INSERT}", "1c: UPDATE customers SET credit = 2", f"1c: {SELECT}", **BREAK),
    ),
    "savepoint_expired_nothing": (
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", "1c: UPDATE customers SET credit = 2", **BREAK),
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", "1c: UPDATE customers SET credit = 2", f"1c: {SELECT}", **BREAK),
    ),
    "commit_after_lost_connection": (
        cell(*OUTER, f"1c: {INSERT}", "1c> close", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", "1c> close", **LEAK),
    ),
    "outer_connection_lost": (
        cell(*OUTER, f"1c: {INSERT}", "1c> close", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", "2c> close", **BREAK),
    ),
    "one_database_session": (
        cell(*OUTER, "1c: SELECT GET_LOCK('a', 0)", "1c: SELECT GET_LOCK('a', 0)", **BREAK),
        cell(*OUTER, "1c: SELECT GET_LOCK('a', 0)", "2c: SELECT GET_LOCK('a', 0)", **BREAK),
    ),
    "text_rollback": (
        cell(*OUTER, f"1c: {INSERT}", "1c> ROLLBACK", "1c: ROLLBACK", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", "1c> rollback", "1c: ROLLBACK", **BREAK),
    ),
    "outer_rolled_back": (
        cell(*OUTER, f"1c: {INSERT}", "1c> rollback", "1c: ROLLBACK", f"1c: {SELECT}", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", "1c: SAVEPOINT a", "1c: ROLLBACK TO SAVEPOINT a", f"1c: {SELECT}", **BREAK),
    ),
    "commit_swallowed": (
        cell("1c> begin", "1c: BEGIN", f"1c: {INSERT}", "1c: ROLLBACK", f"1c: {SELECT}", **BREAK),
        cell("1c> begin", "1c: BEGIN", f"1c: {INSERT}", "1c: COMMIT", "1c: ROLLBACK", f"1c: {SELECT}", **BREAK),
    ),
    "savepoint_undid_commit": (
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: ROLLBACK TO SAVEPOINT a", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: ROLLBACK TO SAVEPOINT a", **BREAK),
    ),
    "savepoint_after_work": (
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: SAVEPOINT b", "1c: SAVEPOINT c", "1c: ROLLBACK TO SAVEPOINT c", f"1c: {SELECT}", **BREAK),
        cell(
            *OUTER,
            "1c: SAVEPOINT a",
            f"1c: {INSERT}",
            "1c: SAVEPOINT b",
            "1c: SAVEPOINT c",
            "1c: ROLLBACK TO SAVEPOINT c",
            "1c: RELEASE SAVEPOINT b",
            f"1c: {SELECT}",
            **BREAK,
        ),
    ),
    "second_connection_blind": (
        cell(*OUTER, f"1c: {INSERT}", "2c: BEGIN", f"2c: {SELECT}", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", "2c: BEGIN", "2c: select pg_catalog.version()", **BREAK),
    ),
    "copy_lacks_rows": (
        cell("1s: CREATE DATABASE a_copy TEMPLATE a", f"2c: {SELECT}", **BREAK),
        cell("1s: CREATE DATABASE a_copy TEMPLATE a", f"2c: {INSERT}", f"2c: {SELECT}", **BREAK),
    ),
    "other_database": (
        cell('1s> PRAGMA main.table_info("customers")', f"1c> {SELECT}", **BREAK),
        cell('1s> PRAGMA main.table_info("customers")', f"1c> {INSERT}", f"1c> {SELECT}", **BREAK),
    ),
    "commit_of_another_session": (
        cell("1c> checkout", f"1c> {INSERT}", "1c> checkout", f"1c> {INSERT}", "1c> commit", "1c> checkin", "1c> rollback", **BREAK),
        cell("1c> checkout", f"1c> {INSERT}", "2c> checkout", f"2c> {INSERT}", "2c> commit", "2c> checkin", "1c> rollback", **BREAK),
    ),
    "connection_ended_itself": (
        cell("1c: KILL 101", **BREAK),
        cell("2c: KILL 101", **BREAK),
    ),
    "same_session_every_time": (
        cell("1s> checkout", "1s> begin", "2c> checkout", f"2c: {INSERT}", f"2c: {SELECT}", **BREAK),
        cell("1s> checkout", "1s> begin", "2c> checkout", f"2c: {INSERT}", "3c> checkout", f"3c: {SELECT}", **BREAK),
    ),
    "options_on_bound_session": (
        refused("Session already has a Connection associated for the given Connection's Engine"),
        refused("Session already has a Connection associated for the given Engine"),
    ),
    "thread_refused": (
        refused("thread Thread-1 (work) owns no connection", "RuntimeError", "teardown"),
        refused("no running event loop", "RuntimeError"),
    ),
    "text_not_translated": (
        cell("1s: CREATE SCHEMA of_test", "1c: INSERT INTO of_test.customers (name) VALUES ('x')", "1c: SELECT id FROM customers", **BREAK),
        cell("1c: INSERT INTO of_test.customers (name) VALUES ('x')", "1c: SELECT id FROM customers", **BREAK),
    ),
    "met_by_next_test": (
        cell(f"1c: {INSERT}", **leaking("met_by_next_test", detail="commit_once right after itself: call: IntegrityError", seen_by="inside")),
        cell(f"1c: {INSERT}", **LEAK),
    ),
    "pool_shares_connection": (
        cell("1s> begin", f"1c: {INSERT}", "1c> begin", f"1c: {SELECT}", "1c: COMMIT", **BREAK),
        cell("1c> begin", f"1c: {INSERT}", "1c> rollback", "1c> begin", f"1c: {SELECT}", **BREAK),
    ),
    "connection_given_twice": (
        cell("1c> checkout", f"1c: {INSERT}", "1c> checkout", f"1c: {SELECT}", "1c> rollback", **BREAK),
        cell("1c> checkout", f"1c: {INSERT}", "1c: COMMIT", "1c> checkout", f"1c: {SELECT}", "1c> rollback", **BREAK),
    ),
    "unfinished_work_read": (
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: SAVEPOINT b", f"1c: {SELECT}", "1c: ROLLBACK TO SAVEPOINT b", **BREAK),
        cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", "1c: SAVEPOINT b", f"1c: {SELECT}", **BREAK),
    ),
    "nothing_ended": (
        cell(*OUTER, f"1c: {INSERT}", f"1c: {SELECT}", **BREAK),
        cell(*OUTER, f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", f"1c: {SELECT}", **BREAK),
    ),
    "savepoint_gone": (
        refused('savepoint "sa_savepoint_1" does not exist', "sqlalchemy.exc.OperationalError"),
        refused('relation "customers" does not exist', "sqlalchemy.exc.ProgrammingError"),
    ),
    "transaction_aborted": (
        refused("current transaction is aborted, commands ignored", "sqlalchemy.exc.InternalError"),
        refused("duplicate key value violates unique constraint", "sqlalchemy.exc.IntegrityError"),
    ),
    "session_inactive": (
        refused("This Session's transaction has been rolled back due to a previous exception during flush.", "sqlalchemy.exc.PendingRollbackError"),
        refused("duplicate key value violates unique constraint", "sqlalchemy.exc.IntegrityError"),
    ),
    "transaction_closed": (
        refused("Can't operate on closed transaction inside context manager."),
        refused("This Connection is closed", "sqlalchemy.exc.ResourceClosedError"),
    ),
    "connection_closed": (
        refused("This Connection is closed", "sqlalchemy.exc.ResourceClosedError"),
        refused("This transaction is closed", "sqlalchemy.exc.ResourceClosedError"),
    ),
    "connection_cancelled": (
        refused("(pymysql.err.InterfaceError) Cancelled during execution", "sqlalchemy.exc.InterfaceError"),
        refused("canceling statement due to user request", "sqlalchemy.exc.DBAPIError"),
    ),
    "truncate_refused": (
        refused("(1701, 'Cannot truncate a table referenced in a foreign key constraint (`orders`)')", "pymysql.err.OperationalError", "teardown"),
        refused("(1205, 'Lock wait timeout exceeded; try restarting transaction')", "pymysql.err.OperationalError", "teardown"),
    ),
    "transaction_doomed": (
        refused("transaction doomed, cannot commit", "transaction.interfaces.DoomedTransaction"),
        refused("Can't operate on closed transaction inside context manager."),
    ),
    "already_begun": (
        refused("A transaction is already begun on this Session."),
        refused("No transaction is begun."),
    ),
    "isolation_level_fixed": (
        refused("This connection has already begun a transaction; isolation_level may not be altered until rollback() or commit() is called."),
        refused("A transaction is already begun on this Session."),
    ),
    "lock_not_released": (
        refused("Lock wait timeout exceeded; try restarting transaction", "sqlalchemy.exc.OperationalError"),
        refused("Deadlock found when trying to get lock", "sqlalchemy.exc.OperationalError"),
    ),
    "other_kind_of_database": (
        refused('(sqlite3.OperationalError) near "TRUNCATE": syntax error', "sqlalchemy.exc.OperationalError"),
        refused("(sqlite3.OperationalError) no such table: customers", "sqlalchemy.exc.OperationalError"),
    ),
    "listener_inside_commit": (
        refused("This session is in 'prepared' state; no further SQL can be emitted within this transaction."),
        refused("This session is in 'inactive' state, due to the SQL transaction being rolled back"),
    ),
    "commit_sent_nothing": (
        cell("1c> begin", "1c> SAVEPOINT a", "1c> COMMIT", "1t> rollback", **BREAK),
        cell("1c> begin", "1c> SAVEPOINT a", "1c> COMMIT", "1c> rollback", "1t> rollback", **BREAK),
    ),
    "begin_recursed": (
        recursed("in begin_nested\n    self._autobegin()\nin _autobegin\n    self.begin()"),
        recursed("in __repr__"),
    ),
    "connection_for_engine": (
        refused("'Connection' object has no attribute 'raw_connection'", "AttributeError"),
        refused("'NoneType' object has no attribute 'credit'", "AttributeError"),
    ),
    "session_unbound": (
        refused("Could not locate a bind configured on mapper", "sqlalchemy.exc.UnboundExecutionError"),
        refused("Table is not mapped"),
    ),
}


def test_every_cause_is_tested():
    assert set(RULES) == set(CAUSES)


@pytest.mark.parametrize("name", CAUSES)
def test_rule_fires_and_proves(name):
    fires, _ = RULES[name]
    proof = CAUSES[name].rule(fires)
    assert proof
    assert proof.text
    assert proof.timeline is not None or proof.fact
    if proof.timeline is not None:
        assert fires.marks[proof.timeline].index == proof.timeline
    found = find_cause(fires)
    assert found, "no leading cause"
    assert found[0].id == name


@pytest.mark.parametrize("name", CAUSES)
def test_rule_does_not_fire_on_a_cell_that_is_nearly_alike(name):
    _, silent = RULES[name]
    assert CAUSES[name].rule(silent) is None


@pytest.mark.parametrize("facts", [LEAK, BREAK, LEAK | BREAK, leaking("rows_removed"), leaking("table_created"), leaking("session_setting"), DEADLINE, {}])
@pytest.mark.parametrize("product", ["postgresql", "mysql"])
def test_verdict_and_residue_alone_are_no_cause(facts, product):
    assert find_cause(cell(product=product, **facts)) is None


def test_a_test_that_was_clean_has_no_durable_or_undone_cause():
    seen = cell(*OUTER, f"1c: {INSERT}", "1c> COMMIT", "1c: COMMIT", "2c: BEGIN", f"2c: {SELECT}", "1c: ROLLBACK")
    assert find_cause(seen) is None


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_cause_is_told_to_people(cause):
    sentences = [part for part in cause.explanation.replace("SQLAlchemy 2.0", "").split(". ") if part.strip()]
    assert len(sentences) == 2, sentences
    assert cause.explanation.endswith(".")
    assert not cause.title.endswith(".")
    assert cause.instead.endswith(".")
    assert cause.link.startswith("https://")


def test_causes_have_one_home_each():
    ids = [cause.id for theme in THEMES for cause in theme.causes]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 30


def test_the_first_event_wins_within_a_theme():
    commit_first = cell(*OUTER, f"1c: {INSERT}", "1c> commit", "1c: COMMIT", "2c: BEGIN", f"2c: {INSERT}", "2c> commit", "2c: COMMIT", **LEAK)
    other_first = cell(*OUTER, "2c: BEGIN", f"2c: {INSERT}", "2c> commit", "2c: COMMIT", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", **LEAK)
    assert find_cause(commit_first)[0].id == "outer_commit"
    assert find_cause(other_first)[0].id == "second_connection_commit"


def test_what_leaked_leads_when_a_cell_leaks_and_breaks():
    both = cell(*OUTER, f"1c: {INSERT}", "1c: ROLLBACK", "1c: BEGIN", f"1c: {INSERT}", "1c> commit", "1c: COMMIT", f"1c: {SELECT}", **LEAK | BREAK)
    assert find_cause(both)[0].id == "commit_after_rollback"


def test_rollback_that_only_cleans_up_after_an_exception_is_not_the_cause():
    error = breaking("A transaction is already begun on this Session.", "sqlalchemy.exc.InvalidRequestError")
    assert find_cause(cell(*OUTER, f"1c: {INSERT}", "1c: ROLLBACK", **error))[0].id == "already_begun"
    assert find_cause(cell(*OUTER, f"1c: {INSERT}", "1c: ROLLBACK", f"1c: {SELECT}", **error))[0].id == "outer_rolled_back"
    assert find_cause(cell(*OUTER, f"1c: {INSERT}", "1c: ROLLBACK", "1c> error", **error))[0].id == "outer_rolled_back"


def test_work_of_a_session_beside_the_fixtures_transaction_is_undone_after_a_savepoint_was_released():
    work = ("2c: BEGIN", "2c: SAVEPOINT a", f"2c: {INSERT}", "2c: RELEASE SAVEPOINT a", "2c: ROLLBACK", f"2c: {SELECT}")
    assert find_cause(cell("1s> begin", *work, **BREAK))[0].id == "commit_swallowed"
    assert find_cause(cell("1s> begin", *[mark for mark in work if "SAVEPOINT" not in mark], **BREAK)) is None


def test_a_release_of_two_sessions_work_is_told_by_the_row_too_many():
    work = (*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", "1c: SAVEPOINT b", f"1c: {SELECT}")
    too_many = breaking("assert ['kept', 'undone'] == ['kept']\n  Left contains one more item: 'undone'")
    assert find_cause(cell(*work, **too_many))[0].id == "commit_of_another_session"
    assert find_cause(cell(*work, **BREAK)) is None


def test_a_read_from_sqlite_is_known_from_the_other_pass():
    first = make_cell(timeline=('1s> PRAGMA main.table_info("customers")', f"1c> {SELECT}"), **BREAK)
    again = make_cell(timeline=("1c> begin", "1c> rollback"), **BREAK, **{"pass": "confirmation"})
    assert find_cause(Evidence(judge(again), "postgresql", first))[0].id == "other_database"


def test_without_a_server_log_the_engine_events_are_read():
    assert find_cause(cell("1s> begin", f"1c> {INSERT}", "1c> commit", **LEAK))[0].id == "outer_commit"
    assert find_cause(cell("1s> begin", f"1c> {INSERT}", "1c> COMMIT", **LEAK))[0].id == "text_commit"


def test_text_commit_is_known_from_the_first_pass_when_the_confirmation_has_only_the_server():
    first = make_cell(timeline=("1s> begin", f"1c> {INSERT}", "1c> COMMIT"), **LEAK)
    again = make_cell(timeline=("1s> begin", "1c: BEGIN", f"1c: {INSERT}", "1c: COMMIT"), **LEAK, **{"pass": "confirmation"})
    assert find_cause(Evidence(judge(first, again), "postgresql", first))[0].id == "text_commit"


def test_autocommit_on_mysql_is_seen_from_its_setting():
    write = ("1c: SET autocommit = 1", f"1c: {INSERT}")
    assert find_cause(cell(*write, product="mysql", **LEAK))[0].id == "autocommit_write"
    assert find_cause(cell("1c: SET autocommit = 0", f"1c: {INSERT}", product="mysql", **LEAK)) is None


def test_a_restarted_savepoint_is_not_used_up():
    restarted = cell(*OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", "1c: RELEASE SAVEPOINT a", "1c: SAVEPOINT b", "1c> commit", "1c: COMMIT", **LEAK)
    assert find_cause(restarted)[0].id == "outer_commit"


def test_a_savepoint_whose_event_has_no_name_is_still_known():
    timeline = make_timeline("1s> begin", "1s> SAVEPOINT", f"1c> {INSERT}", "1c> ROLLBACK TO sa_savepoint_1", f"1c> {SELECT}")
    timeline[1] |= {"event": "savepoint", "text": ""}
    facts = make_cell(**BREAK) | {"timeline": timeline}
    assert find_cause(Evidence(judge(facts), "mysql"))[0].id == "savepoint_undid_commit"


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("COMMIT", "commit"), ("commit;", "commit"), ("/* app */ COMMIT", "commit"), ("END", "commit"), ("ROLLBACK", "rollback"),
        ("ROLLBACK TO SAVEPOINT a", "rollback_to"), ("ROLLBACK WORK TO a", "rollback_to"), ("BEGIN (implicit)", "begin"),
        ("BEGIN ISOLATION LEVEL READ COMMITTED;", "begin"), ("start transaction", "begin"), ("SAVEPOINT a", "savepoint"),
        ("RELEASE SAVEPOINT a", "release"), ("PREPARE TRANSACTION 'x'", "prepare"), ("COMMIT PREPARED 'x'", "commit_prepared"),
        ("XA COMMIT 'x'", "commit_prepared"), ("SELECT 1", "statement"), ("COMMENT ON TABLE t IS 'COMMIT'", "statement"), ("", "statement"),
        ("ENDPOINT", "statement"),
    ],
)  # fmt: skip
def test_what_a_statement_does(text, does):
    assert classify(text) == does


def test_kinds_of_statement():
    assert is_write("with x as (select 1) insert into t select * from x")
    assert not is_write("WITH x AS (SELECT 1) SELECT * FROM x")
    assert not is_write("SELECT 'INSERT'")
    assert is_ddl("create unique index i on t (a)")
    assert not is_ddl("CREATE TEMPORARY TABLE t (id INT)")
    assert is_cleanup("DELETE FROM orders")
    assert is_cleanup("TRUNCATE customers, orders RESTART IDENTITY CASCADE")
    assert is_cleanup("SELECT public.clean_tables();")
    assert not is_cleanup("DELETE FROM orders WHERE id = 1")


def test_lost_connection_loses_what_was_never_committed():
    lost = cell(f"1c: {INSERT}", "1c> close", f"1c: {SELECT}", **BREAK)
    assert find_cause(lost)[0].id == "commit_swallowed"


def test_lock_tables_is_no_ddl():
    locked = make_evidence(*OUTER, f"1c: {INSERT}", "1c: LOCK TABLES customers WRITE", product="mysql", **LEAK)
    locked.facts["timeline"][-1]["event"] = "implicit_commit"
    assert find_cause(locked)[0].id == "statement_implicit_commit"


def test_cleanup_that_left_a_lock_missed_no_rows():
    locked = cell(
        "1c: BEGIN", f"1c: {INSERT}", "1c: SELECT GET_LOCK('a', 0)", "1c: COMMIT", "1t: TRUNCATE customers", "1t: COMMIT", **leaking("advisory_lock_held")
    )
    assert find_cause(locked)[0].id == "session_lock_survives"


def test_refused_lock_is_not_blindness():
    waited = refused("could not obtain lock on row", "sqlalchemy.exc.OperationalError", "call", *OUTER, f"1c: {INSERT}", f"2c: {SELECT} FOR UPDATE NOWAIT")
    assert find_cause(waited)[0].id == "lock_not_released"


def test_what_sqlite_has_not_implemented():
    missing = breaking("", "NotImplementedError")
    assert find_cause(cell("1c> PRAGMA main.table_info('customers')", **missing))[0].id == "other_kind_of_database"
    assert find_cause(cell("1c> SELECT 1", **missing)) is None


@pytest.mark.parametrize("setup", [("1s> checkout", "1s> begin", "1s> commit", "1s> checkin"), ("1s> checkout", "1s> begin", "1s: CREATE DATABASE a_copy")])
def test_connection_that_seeds_or_makes_a_database_was_not_prepared_for_the_application(setup):
    """Seen when the first pass of a cell that is the first of its child was judged alone."""
    shown = cell(*setup, "2c> checkout", f"2c: {SELECT}", **BREAK)
    assert CAUSES["same_session_every_time"].rule(shown) is None


def test_nothing_was_swallowed_where_the_application_missed_nothing():
    """A teardown that fails after a rollback of work that nobody committed: what it says is the cause."""
    closed = breaking("This transaction is closed", "sqlalchemy.exc.InvalidRequestError", "teardown")
    seen = cell("1c> begin", "1c: BEGIN", f"1c: {INSERT}", "1c: ROLLBACK", f"1c: {SELECT}", **closed)
    assert find_cause(seen)[0].id == "transaction_closed"


def test_a_refused_duplicate_met_a_row_that_nothing_had_ended():
    """`flush close duplicate`: production had undone the first row when its session was closed."""
    twice = (*OUTER, "1c: BEGIN", f"1c: {INSERT}", f"1c: {INSERT}")
    duplicate = ("duplicate key value violates unique constraint", "sqlalchemy.exc.IntegrityError", "call")
    assert find_cause(refused(*duplicate, *twice, "1c: ROLLBACK"))[0].id == "nothing_ended"
    assert CAUSES["nothing_ended"].rule(refused(*duplicate, *twice[:-1], "1c: RELEASE SAVEPOINT a", twice[-1])) is None


def test_a_rollback_that_only_follows_a_refusal_undid_no_commit():
    refusal = refused(
        "duplicate key value violates unique constraint", "sqlalchemy.exc.IntegrityError", "call",
        *OUTER, "1c: SAVEPOINT a", f"1c: {INSERT}", f"1c: {INSERT}", "1c: ROLLBACK TO SAVEPOINT a",
    )  # fmt: skip
    assert find_cause(refusal)[0].id == "nothing_ended"


def test_a_teardown_that_fails_alone_undid_no_commit():
    """`nested flush close flush` under plain/begin_nested of 1.4: nothing was committed, and the savepoint is gone."""
    gone = refused(
        'savepoint "sa_savepoint_2" does not exist', "sqlalchemy.exc.InternalError", "teardown",
        *OUTER, "1s: SAVEPOINT a", "1c: SAVEPOINT b", f"1c: {INSERT}", "1c: ROLLBACK TO SAVEPOINT a", f"1c: {INSERT}", "1t: ROLLBACK TO SAVEPOINT b",
    )  # fmt: skip
    assert find_cause(gone)[0].id == "savepoint_gone"


def test_a_row_that_only_waited_is_met_in_the_same_statement():
    """`add close duplicate` under plain/shared_session: close() had let go of nothing."""
    both = "INSERT INTO customers (name) VALUES ('x'),('x') RETURNING id"
    duplicate = ("duplicate key value violates unique constraint", "sqlalchemy.exc.IntegrityError", "call")
    assert find_cause(refused(*duplicate, *OUTER, "1c: BEGIN", f"1c: {both}"))[0].id == "nothing_ended"
    assert CAUSES["nothing_ended"].rule(refused(*duplicate, *OUTER, "1c: BEGIN", f"1c: {INSERT}")) is None


def test_what_the_server_answered_counts_whoever_caught_it():
    """A thread's error, or one that a test only notes: `raw-commit nested parallel-read`."""
    timeline = make_timeline(*OUTER, "1c: COMMIT", "1c: SAVEPOINT a", "1c> NoActiveSqlTransaction: SAVEPOINT can only be used in transaction blocks")
    timeline[-1]["event"] = "error"
    timeline[2] |= {"source": "client"}
    facts = make_cell(**BREAK) | {"timeline": timeline}
    assert find_cause(Evidence(judge(facts), "postgresql"))[0].id == "savepoint_gone"


def test_work_of_another_session_below_whose_savepoint_is_read():
    """`ddl other-add read` under plain/bound_factory_savepoint: both sessions have set their savepoints before."""
    work = (*OUTER, "1c: SAVEPOINT a", "1c: SAVEPOINT b", f"1c: {INSERT}", f"1c: {SELECT}")
    assert find_cause(cell(*work, "1c: ROLLBACK TO SAVEPOINT b", **BREAK))[0].id == "unfinished_work_read"
    assert CAUSES["unfinished_work_read"].rule(cell(*work, "1t: ROLLBACK TO SAVEPOINT b", **BREAK)) is None


@pytest.mark.parametrize(
    "work",
    [("1s> begin", f"1c> {INSERT}", "1c> START TRANSACTION", "1c> rollback"), ("1c> begin", f"1c> {INSERT}", "1c> begin", "1c> commit")],
    ids=["text", "nothing of the fixture"],
)
def test_a_pool_shares_only_what_a_fixture_holds_and_somebody_else_begins(work):
    assert CAUSES["pool_shares_connection"].rule(cell(*work, **BREAK)) is None


def test_savepoints_of_a_wider_session_are_the_fixtures():
    """A session that lives longer than the test sets them with the test's first statement, and teardown goes back to them."""
    work = ("1c: BEGIN", "1c: SAVEPOINT a", "1c: SAVEPOINT b", f"1c: {INSERT}", "1c: ROLLBACK TO SAVEPOINT b", f"1c: {SELECT}")
    assert find_cause(cell(*work, "1t: ROLLBACK TO SAVEPOINT a", **BREAK))[0].id == "savepoint_undid_commit"
