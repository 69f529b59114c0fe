"""The application changes and cleans tables while it runs. On MySQL and MariaDB every DDL statement commits."""
import pytest
from sqlalchemy import text

from cases.sample import Customer, Order, exists, find


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


@pytest.mark.limit
def test_truncate_then_rollback(app):
    """The application truncates a table and rolls back; production has the rows again on PostgreSQL, not on MySQL.

    Imports empty their target first: https://dev.mysql.com/doc/refman/en/truncate-table.html
    """
    def work(session):
        session.add(Customer(name="before TRUNCATE"))
        session.flush()
        session.add(Order(customer_id=find(session, "before TRUNCATE").id, sku="truncated"))
        session.commit()
        session.execute(text("TRUNCATE TABLE orders"))
        session.rollback()
        return session.execute(text("SELECT count(*) FROM orders WHERE sku = 'truncated'")).scalar()

    assert app.call(work) == (0 if app.dialect_name == "mysql" else 1)


@pytest.mark.limit
@pytest.mark.needs("procedures_commit_for_caller")
def test_procedure_commits(app):
    """The application flushes, calls a procedure that commits, and rolls back; production keeps the row.

    Old schemas keep their logic in such procedures: https://dev.mysql.com/doc/refman/en/create-procedure.html
    """
    def work(session):
        session.execute(text("CREATE PROCEDURE case_finish() COMMIT"))
        session.add(Customer(name="committed by a procedure"))
        session.flush()
        session.execute(text("CALL case_finish()"))
        session.rollback()

    app.call(work)
    assert app.call(lambda session: exists(session, "committed by a procedure"))


@pytest.mark.limit
@pytest.mark.needs("vacuum")
def test_vacuum(app):
    """The application commits and has an AUTOCOMMIT connection vacuum the table; production does it and keeps the row.

    VACUUM cannot run inside a transaction: https://www.postgresql.org/docs/current/sql-vacuum.html
    """
    def work(session):
        session.add(Customer(name="before VACUUM"))
        session.commit()

    app.call(work)
    with app.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM customers"))
    assert app.call(lambda session: exists(session, "before VACUUM"))
