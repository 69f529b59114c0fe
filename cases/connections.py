"""The application goes around the session, to the engine."""
import pytest

from cases.sample import Customer, exists, insert_customer, read_credit


@pytest.mark.limit
def test_engine_begin(app):
    """The application inserts through engine.begin(); production shows the row to the session.

    Reports and batch jobs use Core: https://docs.sqlalchemy.org/en/20/core/connections.html#begin-once
    """
    with app.engine.begin() as connection:
        connection.execute(insert_customer("by engine.begin"))
    assert app.call(lambda session: exists(session, "by engine.begin"))


@pytest.mark.limit
@pytest.mark.commits_nothing
def test_engine_begin_fails(app):
    """The block of engine.begin() raises; production has nothing of it.

    The context manager rolls back: https://docs.sqlalchemy.org/en/20/core/connections.html#begin-once
    """
    with pytest.raises(ZeroDivisionError):
        with app.engine.begin() as connection:
            connection.execute(insert_customer("by engine.begin, undone"))
            raise ZeroDivisionError
    assert not app.call(lambda session: exists(session, "by engine.begin, undone"))


@pytest.mark.limit
def test_engine_sees_commit(app):
    """The session commits, a connection of the engine reads; production shows it the row.

    A read model beside the ORM: https://docs.sqlalchemy.org/en/20/core/connections.html#basic-usage
    """
    def work(session):
        session.add(Customer(name="read by the engine", credit=3))
        session.commit()

    app.call(work)
    with app.engine.connect() as connection:
        assert read_credit(connection, "read by the engine") == 3


@pytest.mark.common
def test_session_connection(app):
    """The application inserts through session.connection() and commits the session; production keeps the row.

    Core inside a unit of work: https://docs.sqlalchemy.org/en/20/orm/session_api.html#sqlalchemy.orm.Session.connection
    """
    def work(session):
        session.connection().execute(insert_customer("by session.connection"))
        session.commit()
        session.rollback()

    app.call(work)
    assert app.call(lambda session: exists(session, "by session.connection"))


@pytest.mark.limit
def test_raw_connection(app):
    """The application inserts and commits on engine.raw_connection(); production shows the row to the session.

    Bulk loads need the driver itself: https://docs.sqlalchemy.org/en/20/core/connections.html#dbapi-connections
    """
    raw = app.engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("INSERT INTO customers (name, credit) VALUES ('by raw connection', 0)")
    cursor.close()
    raw.commit()
    raw.close()
    assert app.call(lambda session: exists(session, "by raw connection"))
