"""The application rolls back. Before the first commit and after it are two different things to a fixture."""
import pytest

from cases.sample import Customer, exists, names


@pytest.mark.essential
@pytest.mark.commits_nothing
def test_rollback_only(app):
    """The application rolls back what it has flushed and reads; production has nothing of it.

    The error path of most web applications: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#rolling-back
    """
    def work(session):
        session.add(Customer(name="rolled back"))
        session.flush()
        session.rollback()

    app.call(work)
    assert not app.call(lambda session: exists(session, "rolled back"))


@pytest.mark.essential
def test_rollback_then_commit(app):
    """The application rolls back first, goes on and commits; production keeps what came after the rollback.

    Under a plain outer transaction this rollback ends everything: https://github.com/sqlalchemy/sqlalchemy/issues/9015
    """
    def work(session):
        session.add(Customer(name="rollback then commit, undone"))
        session.flush()
        session.rollback()
        session.add(Customer(name="rollback then commit, kept"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "rollback then commit")) == ["rollback then commit, kept"]


@pytest.mark.essential
def test_rollback_after_commit(app):
    """The application commits, then rolls back other work; production keeps what was committed.

    A rollback that takes the commit along is the classic: https://docs.sqlalchemy.org/en/20/changelog/whatsnew_20.html
    """
    def work(session):
        session.add(Customer(name="rollback after commit, kept"))
        session.commit()
        session.add(Customer(name="rollback after commit, undone"))
        session.flush()
        session.rollback()

    app.call(work)
    assert app.call(lambda session: names(session, "rollback after commit")) == ["rollback after commit, kept"]


@pytest.mark.essential
def test_commit_rollback_commit(app):
    """The application commits, rolls back and commits; production keeps the two commits.

    A retry after an error does exactly this: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
    """
    def work(session):
        session.add(Customer(name="commit rollback commit, 1"))
        session.commit()
        session.add(Customer(name="commit rollback commit, 2"))
        session.rollback()
        session.add(Customer(name="commit rollback commit, 3"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "commit rollback")) == [
        "commit rollback commit, 1", "commit rollback commit, 3"]


@pytest.mark.essential
def test_commit_flush_rollback_commit(app):
    """The application commits, rolls back what it has flushed, and commits; production keeps the two commits.

    Only a flush takes the rollback to the connection: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#flushing
    """
    def work(session):
        session.add(Customer(name="commit flush rollback, 1"))
        session.commit()
        session.add(Customer(name="commit flush rollback, 2"))
        session.flush()
        session.rollback()
        session.add(Customer(name="commit flush rollback, 3"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "commit flush")) == [
        "commit flush rollback, 1", "commit flush rollback, 3"]


@pytest.mark.common
def test_rollback_twice(app):
    """The application rolls back, works, rolls back again and commits; production keeps only the last work.

    A loop over bad input does this: https://docs.sqlalchemy.org/en/20/faq/sessions.html
    """
    def work(session):
        for attempt in ["first", "second"]:
            session.add(Customer(name="rollback twice, " + attempt))
            session.flush()
            session.rollback()
        session.add(Customer(name="rollback twice, kept"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "rollback twice")) == ["rollback twice, kept"]
