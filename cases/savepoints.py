"""The application uses savepoints itself."""
import pytest

from cases.sample import Customer, exists, names


@pytest.mark.common
def test_savepoint_kept(app):
    """The application works in a savepoint and commits; production keeps the work of both levels.

    Partial units of work: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#using-savepoint
    """
    def work(session):
        session.add(Customer(name="savepoint kept, outside"))
        with session.begin_nested():
            session.add(Customer(name="savepoint kept, inside"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "savepoint kept")) == ["savepoint kept, inside", "savepoint kept, outside"]


@pytest.mark.common
def test_savepoint_undone(app):
    """The application undoes a savepoint and commits the rest; production keeps only the rest.

    Skipping one bad record of many: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#using-savepoint
    """
    def work(session):
        session.add(Customer(name="savepoint undone, outside"))
        savepoint = session.begin_nested()
        session.add(Customer(name="savepoint undone, inside"))
        session.flush()
        savepoint.rollback()
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "savepoint undone")) == ["savepoint undone, outside"]


@pytest.mark.common
@pytest.mark.commits_nothing
def test_savepoint_kept_then_rollback(app):
    """The application releases a savepoint and then rolls back; production has nothing of either.

    A released savepoint is no commit: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#using-savepoint
    """
    def work(session):
        session.add(Customer(name="released, outside"))
        with session.begin_nested():
            session.add(Customer(name="released, inside"))
        session.rollback()

    app.call(work)
    assert app.call(lambda session: names(session, "released")) == []


@pytest.mark.common
def test_savepoint_after_commit(app):
    """The application commits and undoes a savepoint afterwards; production keeps what was committed.

    Listeners that restart a savepoint meet the application's own here: https://gist.github.com/zzzeek/8443477
    """
    def work(session):
        session.add(Customer(name="savepoint after commit, kept"))
        session.commit()
        savepoint = session.begin_nested()
        session.add(Customer(name="savepoint after commit, undone"))
        session.flush()
        savepoint.rollback()
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "savepoint after commit")) == ["savepoint after commit, kept"]


@pytest.mark.common
def test_savepoint_kept_after_commit_then_rollback(app):
    """The application commits, releases a savepoint and rolls back; production keeps what was committed.

    A batch that fails after its last good step: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#using-savepoint
    """
    def work(session):
        session.add(Customer(name="batch, committed"))
        session.commit()
        session.add(Customer(name="batch, outside"))
        with session.begin_nested():
            session.add(Customer(name="batch, inside"))
        session.rollback()

    app.call(work)
    assert app.call(lambda session: names(session, "batch, ")) == ["batch, committed"]


@pytest.mark.common
@pytest.mark.commits_nothing
def test_savepoint_then_close(app):
    """The application works in a savepoint and closes the session; production has nothing of it.

    An early return in the middle: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#closing
    """
    def work(session):
        session.begin_nested()
        session.add(Customer(name="closed in a savepoint"))
        session.flush()
        session.close()

    app.call(work)
    assert not app.call(lambda session: exists(session, "closed in a savepoint"))


@pytest.mark.common
def test_savepoint_in_savepoint(app):
    """The application undoes the inner one of two savepoints; production keeps the outer one's work.

    Libraries nest what applications nest already: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
    """
    def work(session):
        with session.begin_nested():
            session.add(Customer(name="two savepoints, outer"))
            inner = session.begin_nested()
            session.add(Customer(name="two savepoints, inner"))
            session.flush()
            inner.rollback()
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "two savepoints")) == ["two savepoints, outer"]
