"""The application locks rows, names and tables, and relies on what a commit releases."""
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cases.sample import Customer, exists, lock_row, raises, say


@pytest.mark.limit
@pytest.mark.needs("skip_locked")
def test_commit_releases_row_lock(app):
    """The application locks a row, changes it and commits; production lets another session lock it at once.

    A lock that outlives commit() stalls the next worker: https://www.postgresql.org/docs/current/explicit-locking.html
    """
    def work(session):
        session.add(Customer(name="lock released"))
        session.commit()
        session.execute(lock_row("lock released", "NOWAIT"))
        session.commit()
        with closing(app.new_session()) as other:
            return other.execute(lock_row("lock released", "NOWAIT")).first()

    assert app.call(work) is not None


@pytest.mark.limit
@pytest.mark.needs("skip_locked")
def test_row_lock_refuses_other_session(app):
    """One session holds a committed row FOR UPDATE, another one asks with NOWAIT; production refuses it.

    On one shared connection nobody is ever refused: https://dev.mysql.com/doc/refman/en/innodb-locking-reads.html
    """
    def work(session):
        session.add(Customer(name="lock held"))
        session.commit()
        session.execute(lock_row("lock held", "NOWAIT"))
        with closing(app.new_session()) as other:
            with raises(DBAPIError):
                other.execute(lock_row("lock held", "NOWAIT"))
        session.rollback()

    app.call(work)


@pytest.mark.limit
@pytest.mark.needs("skip_locked")
def test_skip_locked(app):
    """Two workers look for a job with SKIP LOCKED, one after the other; production gives the second one nothing.

    Job queues in the database: https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
    """
    def work(session):
        session.add(Customer(name="job"))
        session.commit()
        jobs = [session.execute(lock_row("job", "SKIP LOCKED")).first()]
        with closing(app.new_session()) as other:
            jobs.append(other.execute(lock_row("job", "SKIP LOCKED")).first())
        session.rollback()
        return [job is not None for job in jobs]

    assert app.call(work) == [True, False]


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("advisory_transaction_locks")
def test_commit_releases_advisory_lock(app):
    """The application takes a lock that ends with its transaction, and commits; production gives it to others then.

    Migrations and schedulers lock like this: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    def work(session):
        session.execute(text("SELECT pg_advisory_xact_lock(4071)"))
        session.commit()
        with closing(app.new_session()) as other:
            return other.execute(text("SELECT pg_try_advisory_xact_lock(4071)")).scalar()

    assert app.call(work)


@pytest.mark.limit
@pytest.mark.commits_nothing
def test_named_lock_refuses_other_session(app):
    """One session holds a lock by name, another one asks for it; production refuses it until the first lets go.

    A lock belongs to a connection, so each session needs its own: https://dev.mysql.com/doc/refman/en/locking-functions.html
    """
    def work(session):
        take = say(app, postgresql="SELECT pg_try_advisory_lock(4072)", mysql="SELECT GET_LOCK(SHA2(DATABASE(), 224), 0)")
        let_go = say(app, postgresql="SELECT pg_advisory_unlock(4072)", mysql="SELECT RELEASE_LOCK(SHA2(DATABASE(), 224))")
        taken = [session.execute(take).scalar()]
        with closing(app.new_session()) as other:
            taken.append(other.execute(take).scalar())
        session.execute(let_go)
        return taken

    assert app.call(work) == [1, 0]


@pytest.mark.limit
def test_named_lock_left(app):
    """The application takes a lock by name, commits and forgets it; production keeps the row, and the connection the lock.

    A pooled connection carries the lock to whoever is next: https://www.postgresql.org/docs/current/view-pg-locks.html
    """
    def work(session):
        session.execute(say(app, postgresql="SELECT pg_advisory_lock(4073)", mysql="SELECT GET_LOCK(SHA2(DATABASE(), 224), 0)"))
        session.add(Customer(name="lock forgotten"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "lock forgotten"))
