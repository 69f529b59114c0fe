"""The application chooses how its transactions see each other, and what it does when they collide."""
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cases.sample import Customer, exists, insert_customer, raises, read_credit, update_credit

REPEATABLE = {"isolation_level": "REPEATABLE READ"}


def commit_elsewhere(app, work):
    """Do the work in another session of the application, and commit it."""
    with closing(app.new_session()) as other:
        work(other)
        other.commit()


@pytest.mark.limit
def test_commit_renews_snapshot(app):
    """A session has read, another one commits, the first one commits and reads again; production shows it the row.

    MySQL keeps the first read's view until the transaction ends: https://dev.mysql.com/doc/refman/en/innodb-consistent-read.html
    """
    def work(session):
        before = exists(session, "after the snapshot")
        commit_elsewhere(app, lambda other: other.add(Customer(name="after the snapshot")))
        session.commit()
        return [before, exists(session, "after the snapshot")]

    assert app.call(work) == [False, True]


@pytest.mark.limit
def test_repeatable_read(app):
    """The application asks for REPEATABLE READ and reads twice; production hides what others commit in between.

    Reports want one view of the data: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#session-transaction-isolation
    """
    def work(session):
        session.connection(execution_options=REPEATABLE)
        before = exists(session, "between two reads")
        commit_elsewhere(app, lambda other: other.add(Customer(name="between two reads")))
        seen = [before, exists(session, "between two reads")]
        session.rollback()
        return [*seen, exists(session, "between two reads")]

    assert app.call(work) == [False, False, True]


@pytest.mark.limit
@pytest.mark.needs("lost_updates_refused")
def test_conflict_then_retry(app):
    """Another session changes the row that the application has read; production refuses its change, and takes the retry.

    Every use of this level needs the loop: https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
    """
    def work(session):
        session.connection(execution_options=REPEATABLE)
        read_credit(session, "contended")
        commit_elsewhere(app, lambda other: other.execute(update_credit("contended", 2)))
        with raises(DBAPIError):
            session.execute(update_credit("contended", 3))
        session.rollback()
        session.execute(update_credit("contended", 4))
        return read_credit(session, "contended")

    commit_elsewhere(app, lambda other: other.add(Customer(name="contended", credit=1)))
    assert app.call(work) == 4


@pytest.mark.limit
def test_autocommit_connection(app):
    """The application inserts on an AUTOCOMMIT connection of its engine; production keeps the row without a commit.

    Maintenance scripts work like this: https://docs.sqlalchemy.org/en/20/core/connections.html#dbapi-autocommit
    """
    with app.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(insert_customer("by autocommit"))
    assert app.call(lambda session: exists(session, "by autocommit"))


@pytest.mark.limit
def test_read_only_ends_with_commit(app):
    """The application makes its transaction read-only, reads and commits; production lets the next one write.

    Who never commits stays read-only: https://www.postgresql.org/docs/current/sql-set-transaction.html
    """
    def work(session):
        session.execute(text("SET TRANSACTION READ ONLY"))
        exists(session, "after read-only")
        session.commit()
        session.add(Customer(name="after read-only"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "after read-only"))
