"""The database refuses something, and the application goes on."""
import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError

from cases.sample import Customer, exists, insert_customer, names, raises


@pytest.mark.essential
def test_error_then_rollback(app):
    """A duplicate is refused, the application rolls back and commits something else; production has that.

    What every "already exists" answer does: https://docs.sqlalchemy.org/en/20/faq/sessions.html
    """
    def work(session):
        session.add_all([Customer(name="error, double"), Customer(name="error, double")])
        with raises(IntegrityError):
            session.commit()
        session.rollback()
        session.add(Customer(name="error, afterwards"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "error, ")) == ["error, afterwards"]


@pytest.mark.essential
def test_error_after_commit(app):
    """A row is committed, its duplicate is refused, the application rolls back; production keeps the first.

    The commit must survive the error: https://docs.sqlalchemy.org/en/20/faq/sessions.html
    """
    def work(session):
        session.add(Customer(name="refused later"))
        session.commit()
        session.add(Customer(name="refused later"))
        with raises(IntegrityError):
            session.flush()
        session.rollback()

    app.call(work)
    assert app.call(lambda session: exists(session, "refused later"))


@pytest.mark.essential
def test_commit_error_rollback_commit(app):
    """A row is committed, its duplicate is refused, the application rolls back and commits another; production keeps both.

    "Already exists", and on with the next row: https://docs.sqlalchemy.org/en/20/faq/sessions.html
    """
    def work(session):
        session.add(Customer(name="import, first"))
        session.commit()
        session.add(Customer(name="import, first"))
        with raises(IntegrityError):
            session.flush()
        session.rollback()
        session.add(Customer(name="import, second"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "import, ")) == ["import, first", "import, second"]


@pytest.mark.common
def test_error_in_savepoint(app):
    """A duplicate is refused inside a savepoint and ignored; production keeps the work around it.

    "Insert, or go on": https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#using-savepoint
    """
    def work(session):
        session.add(Customer(name="ignored error"))
        session.flush()
        with raises(IntegrityError):
            with session.begin_nested():
                session.add(Customer(name="ignored error"))
                session.flush()
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "ignored error"))


@pytest.mark.common
@pytest.mark.commits_nothing
def test_error_without_rollback(app):
    """A duplicate is refused and the application goes on without rollback; production refuses the next read.

    The session asks for the rollback that was forgotten: https://docs.sqlalchemy.org/en/20/errors.html#error-7s2a
    """
    def work(session):
        session.add_all([Customer(name="forgotten"), Customer(name="forgotten")])
        with raises(IntegrityError):
            session.flush()
        with raises(InvalidRequestError):
            names(session, "forgotten")
        session.rollback()
        return names(session, "forgotten")

    assert app.call(work) == []


@pytest.mark.limit
@pytest.mark.needs("errors_undo_statement_only")
def test_error_undoes_one_statement(app):
    """A statement is refused and the application commits without a rollback; production keeps what came before it.

    MySQL undoes the statement, not the transaction: https://dev.mysql.com/doc/refman/en/innodb-error-handling.html
    """
    def work(session):
        session.execute(insert_customer("before the refusal"))
        with raises(IntegrityError):
            session.execute(insert_customer("before the refusal"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "before the refusal"))
