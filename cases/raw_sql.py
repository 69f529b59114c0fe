"""The application ends the transaction in SQL, past the session."""
import pytest
from sqlalchemy import text

from cases.sample import Customer, exists


@pytest.mark.limit
def test_commit_as_text(app):
    """The application executes the text COMMIT and rolls back afterwards; production keeps the row.

    Scripts that came from a console do it: https://www.postgresql.org/docs/current/sql-commit.html
    """
    def work(session):
        session.add(Customer(name="COMMIT as text"))
        session.flush()
        session.execute(text("COMMIT"))
        session.rollback()

    app.call(work)
    assert app.call(lambda session: exists(session, "COMMIT as text"))


@pytest.mark.limit
@pytest.mark.commits_nothing
def test_rollback_as_text(app):
    """The application executes the text ROLLBACK and commits afterwards; production has no row.

    Scripts that came from a console do it: https://www.postgresql.org/docs/current/sql-rollback.html
    """
    def work(session):
        session.add(Customer(name="ROLLBACK as text"))
        session.flush()
        session.execute(text("ROLLBACK"))
        session.commit()

    app.call(work)
    assert not app.call(lambda session: exists(session, "ROLLBACK as text"))
