"""What reached the server joins what the client meant, and nothing of another cell does."""

from matrix.probe.mark import MARK
from matrix.supervisor.moments import find_moments
from matrix.supervisor.timeline import leave_out_probe, merge_statements, name_event
from matrix.witness import Statement

BEGAN = 1000.0
OPENED = {"at": BEGAN, "phases": [(0.0, "setup"), (0.001, "call"), (0.005, "teardown")]}


def client_event(at, event, backend=7, lane=1):
    text = "SELECT 1" if event == "statement" else ""
    return {"at": at, "lane": lane, "backend": backend, "source": "client", "event": event, "text": text, "phase": "call"}


def test_server_statements_join_the_lane_of_their_backend():
    merged = merge_statements(
        [client_event(0.0, "checkout"), client_event(0.004, "commit")],
        [Statement(BEGAN + 0.002, 7, "INSERT INTO t"), Statement(BEGAN + 0.003, 8, "COMMIT")],
        OPENED,
        "postgresql",
    )
    assert [(event["lane"], event["event"], event["source"]) for event in merged] == [
        (1, "checkout", "client"),
        (1, "statement", "server"),
        (2, "commit", "server"),
        (1, "commit", "client"),
    ]


def test_what_has_no_server_keeps_the_clients_words():
    """Seen with a fixture on SQLite in memory: its statements were gone because the real server had logged something else."""
    client = [client_event(0.002, "statement", backend=None), client_event(0.003, "statement", backend=7, lane=2)]
    merged = merge_statements(client, [Statement(BEGAN + 0.003, 7, "SELECT 2")], OPENED, "mysql")
    assert [(event["source"], event["text"]) for event in merged] == [("client", "SELECT 1"), ("server", "SELECT 2")]


def test_statements_from_before_the_cell_belong_to_nobody_here():
    merged = merge_statements(
        [client_event(0.0, "checkout")], [Statement(BEGAN - 0.1, 7, "COMMIT"), Statement(BEGAN - 0.001, 7, "BEGIN")], OPENED, "postgresql"
    )
    assert [(event["event"], event["at"]) for event in merged] == [("checkout", 0.0), ("begin", 0.0)]


def test_what_a_log_in_milliseconds_says_too_early_is_of_this_cell_and_after_the_checkout():
    """Seen on PostgreSQL: the COMMIT of a raw connection, logged a tenth of a millisecond before its cell began."""
    client = [client_event(0.00049, "checkout"), client_event(0.00076, "checkin")]
    merged = merge_statements(client, [Statement(BEGAN - 0.00011, 7, text) for text in ("INSERT INTO t", "COMMIT")], OPENED, "postgresql")
    assert [event["event"] for event in merged] == ["checkout", "statement", "commit", "checkin"]
    assert all(event["at"] >= 0 for event in merged)


def test_a_log_in_microseconds_is_taken_at_its_word():
    """Seen on MariaDB: LOCK TABLES, logged in the call, was counted to a teardown that began within the next millisecond."""
    client = [client_event(0.0004, "begin"), {**client_event(0.0052, "rollback"), "phase": "teardown"}]
    merged = merge_statements(client, [Statement(BEGAN + 0.0044, 7, "LOCK TABLES t WRITE")], OPENED, "mysql")
    assert [(event["event"], event["phase"]) for event in merged][1:] == [("implicit_commit", "call"), ("rollback", "teardown")]
    assert merge_statements(client, [Statement(BEGAN - 0.0001, 7, "COMMIT")], OPENED, "mysql") == client


def test_what_the_client_meant_tells_when_a_cut_statement_was_sent():
    """Two connections within one millisecond: the log alone has the second one's statement first."""
    client = [client_event(0.0021, "statement"), client_event(0.0028, "statement", backend=8, lane=2)]
    statements = [Statement(BEGAN + 0.002, 8, "SELECT 2"), Statement(BEGAN + 0.002, 7, "SELECT 1")]
    merged = merge_statements(client, statements, OPENED, "postgresql")
    assert [(event["text"], event["at"]) for event in merged] == [("SELECT 1", 0.0021), ("SELECT 2", 0.0028)]


def test_a_driver_level_commit_comes_before_its_connection_goes_back():
    client = [client_event(0.001, "checkout"), client_event(0.0042, "checkin"), {**client_event(0.0055, "close"), "phase": "teardown"}]
    merged = merge_statements(client, [Statement(BEGAN + 0.004, 7, "COMMIT")], OPENED, "postgresql")
    assert [(event["event"], event["phase"]) for event in merged] == [("checkout", "call"), ("commit", "call"), ("checkin", "call"), ("close", "teardown")]


def test_moments_never_fall_and_each_event_stands_for_one_statement():
    events = [(0.0011, "statement"), (0.0018, "statement"), (0.0031, "commit")]
    logged = [(0.001, "begin"), (0.001, "statement"), (0.001, "statement"), (0.001, "statement"), (0.003, "commit")]
    assert find_moments(events, logged, 0.001) == [0.0011, 0.0011, 0.0018, 0.0018, 0.0031]


def test_the_probes_own_statements_are_left_out_with_their_transaction():
    statements = [Statement(BEGAN, 7, text) for text in ("BEGIN", f"SELECT 1 {MARK}", "ROLLBACK", "BEGIN", "INSERT INTO t", "COMMIT")]
    assert [statement.text for statement in leave_out_probe(statements)] == ["BEGIN", "INSERT INTO t", "COMMIT"]


def test_words_of_events():
    words = {
        "SAVEPOINT a": "savepoint",
        "ROLLBACK TO SAVEPOINT a": "rollback_to",
        "RELEASE SAVEPOINT a": "release",
        "START TRANSACTION": "begin",
        "create table t (id int)": "implicit_commit",
        "CREATE TEMPORARY TABLE t (id int)": "statement",
        "SELECT 1": "statement",
        "COMMIT PREPARED 'a'": "statement",
        "ROLLBACK PREPARED 'a'": "statement",
        "COMMIT": "commit",
    }
    assert {text: name_event(text, "mysql") for text in words} == words
    assert name_event("CREATE TABLE t (id int)", "postgresql") == "statement"
