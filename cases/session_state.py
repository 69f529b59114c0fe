"""The application changes what belongs to its database session, not to its transaction."""
from contextlib import closing

import pytest
from sqlalchemy import text

from cases.sample import Customer, exists, insert_customer, say


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("transaction_settings")
def test_set_local_ends_with_commit(app):
    """The application sets something with SET LOCAL and commits; production has forgotten it in the next transaction.

    The tenant of a request is set like this: https://www.postgresql.org/docs/current/sql-set.html
    """
    def work(session):
        session.execute(text("SET LOCAL statement_timeout = 54321"))
        session.commit()
        return session.execute(text("SELECT current_setting('statement_timeout')")).scalar()

    assert app.call(work) != "54321ms"


@pytest.mark.limit
def test_setting_left(app):
    """The application changes a setting of its database session and commits; production keeps both, in the pool.

    On MySQL no rollback takes a setting back: https://dev.mysql.com/doc/refman/en/set-variable.html
    """
    def work(session):
        session.execute(say(app, postgresql="SET lock_timeout = '54s'", mysql="SET SESSION lock_wait_timeout = 54"))
        session.add(Customer(name="setting left"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "setting left"))


@pytest.mark.limit
def test_temporary_table_left(app):
    """The application fills a temporary table and copies from it; production keeps the rows, and the connection the table.

    Imports are staged like this: https://www.postgresql.org/docs/current/sql-createtable.html
    """
    def work(session):
        session.execute(text("CREATE TEMPORARY TABLE case_staged (name VARCHAR(60))"))
        session.execute(text("INSERT INTO case_staged (name) VALUES ('staged')"))
        session.execute(text("INSERT INTO customers (name, credit) SELECT name, 0 FROM case_staged"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "staged"))


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("temporary_tables_dropped_at_commit")
def test_temporary_table_dropped_at_commit(app):
    """The application makes a temporary table ON COMMIT DROP, twice; production has dropped the first by then.

    Without a commit the second CREATE is refused: https://www.postgresql.org/docs/current/sql-createtable.html
    """
    def work(session):
        for _ in range(2):
            session.execute(text("CREATE TEMPORARY TABLE case_basket (id INTEGER) ON COMMIT DROP"))
            session.commit()
        return session.execute(text("SELECT to_regclass('case_basket')")).scalar()

    assert app.call(work) is None


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("user_variables")
def test_user_variable_is_private(app):
    """One session sets a variable of its connection, another one reads it; production shows that one nothing.

    Triggers learn the user's name like this: https://dev.mysql.com/doc/refman/en/user-variables.html
    """
    def work(session):
        session.execute(text("SET @case_user = 'Ines'"))
        with closing(app.new_session()) as other:
            seen = other.execute(text("SELECT @case_user")).scalar()
        session.execute(text("SET @case_user = NULL"))
        return seen

    assert app.call(work) is None


@pytest.mark.limit
def test_last_id_is_private(app):
    """One session inserts, then another one; production tells the first one the id of its own row.

    Driver code asks for the last id of its connection: https://dev.mysql.com/doc/refman/en/information-functions.html
    """
    def work(session):
        session.execute(insert_customer("last id, mine"))
        with closing(app.new_session()) as other:
            other.execute(insert_customer("last id, other's"))
            other.commit()
        last = session.execute(say(app, postgresql="SELECT lastval()", mysql="SELECT LAST_INSERT_ID()")).scalar()
        mine = session.execute(text("SELECT id FROM customers WHERE name = 'last id, mine'")).scalar()
        session.commit()
        return last == mine

    assert app.call(work)


@pytest.mark.limit
@pytest.mark.needs("table_locks")
def test_lock_tables(app):
    """The application flushes, locks a table, unlocks it and rolls back; production has committed the row by then.

    LOCK TABLES ends the transaction: https://dev.mysql.com/doc/refman/en/lock-tables.html
    """
    def work(session):
        session.add(Customer(name="under LOCK TABLES"))
        session.flush()
        session.execute(text("LOCK TABLES customers WRITE"))
        session.execute(text("UNLOCK TABLES"))
        session.rollback()

    app.call(work)
    assert app.call(lambda session: exists(session, "under LOCK TABLES"))


@pytest.mark.limit
def test_start_transaction_as_text(app):
    """The application flushes, sends START TRANSACTION and rolls back; production keeps the row on MySQL, not on PostgreSQL.

    A second beginning commits there, and only warns here: https://dev.mysql.com/doc/refman/en/commit.html
    """
    def work(session):
        session.add(Customer(name="begun again, first"))
        session.flush()
        session.execute(text("START TRANSACTION"))
        session.rollback()
        session.add(Customer(name="begun again, second"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "begun again, second"))
    assert app.call(lambda session: exists(session, "begun again, first")) == (app.dialect_name == "mysql")


@pytest.mark.limit
@pytest.mark.needs("autocommit_variable")
def test_autocommit_variable(app):
    """The application flushes, switches autocommit on and off and rolls back; production has committed the row by then.

    Switching it on commits what is open: https://dev.mysql.com/doc/refman/en/innodb-autocommit-commit-rollback.html
    """
    def work(session):
        session.add(Customer(name="under autocommit"))
        session.flush()
        session.execute(text("SET autocommit = 1"))
        session.execute(text("SET autocommit = 0"))
        session.rollback()

    app.call(work)
    assert app.call(lambda session: exists(session, "under autocommit"))
