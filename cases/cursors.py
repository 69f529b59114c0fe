"""The application reads and writes many rows at a time."""
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cases.sample import Customer, names, raises


@pytest.mark.common
def test_bulk_insert(app):
    """The application inserts many rows by one statement, commits, inserts more and rolls back; production keeps the first.

    Imports go past the objects of the session: https://docs.sqlalchemy.org/en/20/orm/queryguide/dml.html
    """
    def work(session):
        for prefix, end in [("bulk, kept", session.commit), ("bulk, undone", session.rollback)]:
            rows = [{"name": "%s %d" % (prefix, number), "credit": number} for number in range(3)]
            session.execute(Customer.__table__.insert(), rows)
            end()

    app.call(work)
    assert app.call(lambda session: names(session, "bulk, ")) == ["bulk, kept 0", "bulk, kept 1", "bulk, kept 2"]


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("sql_cursors")
def test_commit_closes_cursor(app):
    """The application fetches from a cursor of the server, commits and fetches again; production has closed the cursor.

    Streaming over a commit fails for users first: https://www.postgresql.org/docs/current/sql-declare.html
    """
    def work(session):
        session.execute(text("DECLARE case_cursor CURSOR FOR SELECT 1 UNION ALL SELECT 2"))
        first = session.execute(text("FETCH 1 FROM case_cursor")).scalar()
        session.commit()
        with raises(DBAPIError):
            session.execute(text("FETCH 1 FROM case_cursor"))
        session.rollback()
        return first

    assert app.call(work) == 1
