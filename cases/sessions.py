"""The application works with two sessions at a time."""
from contextlib import closing

import pytest
from sqlalchemy.exc import IntegrityError

from cases.sample import Customer, exists, names, raises


@pytest.mark.common
def test_other_session_commits(app):
    """Another session commits and closes; production shows the row to the first one.

    Background work has its own session: https://docs.sqlalchemy.org/en/20/orm/session_basics.html
    """
    with closing(app.new_session()) as other:
        other.add(Customer(name="by the other session"))
        other.commit()
    assert app.call(lambda session: exists(session, "by the other session"))


@pytest.mark.limit
@pytest.mark.commits_nothing
def test_uncommitted_is_invisible(app):
    """One session flushes without commit, another one reads; production shows it nothing.

    Only two connections are isolated from each other: https://www.postgresql.org/docs/current/transaction-iso.html
    """
    def work(session):
        session.add(Customer(name="not committed"))
        session.flush()
        with closing(app.new_session()) as other:
            seen = exists(other, "not committed")
        session.rollback()
        return seen

    assert not app.call(work)


@pytest.mark.common
def test_interleaved_sessions(app):
    """Two sessions take turns, one commits and one rolls back; production keeps the first one's work alone.

    Sharing one transaction mixes them up: https://github.com/sqlalchemy/sqlalchemy/issues/9015
    """
    def work(session):
        with closing(app.new_session()) as other:
            session.add(Customer(name="turns, first"))
            session.commit()
            other.add(Customer(name="turns, other"))
            other.flush()
            other.rollback()
            session.add(Customer(name="turns, second"))
            session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "turns, ")) == ["turns, first", "turns, second"]


@pytest.mark.limit
def test_other_commits_then_rollback(app):
    """A session has flushed, another one commits, the first one rolls back; production keeps the commit.

    Audit rows are written like this: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
    """
    def work(session):
        session.add(Customer(name="audit, undone"))
        session.flush()
        with closing(app.new_session()) as other:
            other.add(Customer(name="audit, kept"))
            other.commit()
        session.rollback()
        return names(session, "audit, ")

    assert app.call(work) == ["audit, kept"]


@pytest.mark.limit
def test_duplicate_in_other_session(app):
    """One session commits a name, another one inserts it again; production refuses that at once.

    If the first is not really committed, the other waits: https://www.postgresql.org/docs/current/index-unique-checks.html
    """
    def work(session):
        session.add(Customer(name="taken"))
        session.commit()
        with closing(app.new_session()) as other:
            other.add(Customer(name="taken"))
            with raises(IntegrityError):
                other.commit()

    app.call(work)
