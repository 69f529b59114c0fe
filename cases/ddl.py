"""The application creates tables while it runs. On MySQL and MariaDB every DDL statement commits."""
import pytest
from sqlalchemy import text

from cases.sample import Customer, exists


@pytest.mark.limit
def test_create_table(app):
    """The application creates a table, fills it and commits; production has table and row.

    Tables per tenant or per import: https://dev.mysql.com/doc/refman/en/implicit-commit.html
    """
    def work(session):
        session.execute(text("CREATE TABLE case_created (id INTEGER NOT NULL PRIMARY KEY)"))
        session.execute(text("INSERT INTO case_created (id) VALUES (1)"))
        session.commit()
        session.rollback()
        return session.execute(text("SELECT id FROM case_created")).first()[0]

    assert app.call(work) == 1


@pytest.mark.limit
def test_create_table_then_commit(app):
    """The application flushes, creates a table, and commits; production keeps the row on every server.

    On MySQL the DDL has already committed: https://dev.mysql.com/doc/refman/en/implicit-commit.html
    """
    def work(session):
        session.add(Customer(name="with DDL"))
        session.flush()
        session.execute(text("CREATE TABLE case_with_row (id INTEGER NOT NULL PRIMARY KEY)"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "with DDL"))


@pytest.mark.limit
def test_create_table_then_rollback(app):
    """The application flushes, creates a table, rolls back; production keeps the row on MySQL, not on PostgreSQL.

    The server decides what DDL commits: https://wiki.postgresql.org/wiki/Transactional_DDL_in_PostgreSQL:_A_Competitive_Analysis
    """
    def work(session):
        session.add(Customer(name="DDL undone"))
        session.flush()
        session.execute(text("CREATE TABLE case_undone (id INTEGER NOT NULL PRIMARY KEY)"))
        session.rollback()
        session.add(Customer(name="DDL done"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "DDL done"))
    assert app.call(lambda session: exists(session, "DDL undone")) == (app.dialect_name == "mysql")
