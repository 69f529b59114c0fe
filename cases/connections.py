"""The application goes around the session, to the engine."""
import pytest

from cases.sample import Customer, exists, insert_customer, names, raises, read_credit, update_credit


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
    with raises(ZeroDivisionError):
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


@pytest.mark.limit
def test_engine_changes_committed_row(app):
    """The session commits, engine.begin() changes the row; production shows the change to the session.

    Row locks of an open transaction come in between: https://dev.mysql.com/doc/refman/en/innodb-locks-set.html
    """
    def work(session):
        session.add(Customer(name="changed by the engine", credit=1))
        session.commit()
        with app.engine.begin() as connection:
            connection.execute(update_credit("changed by the engine", 2))
        return read_credit(session, "changed by the engine")

    assert app.call(work) == 2


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
def test_connection_savepoint(app):
    """The application undoes a savepoint of session.connection() and commits; production keeps the rest.

    Bulk code guards itself like this: https://docs.sqlalchemy.org/en/20/core/connections.html#sqlalchemy.engine.Connection.begin_nested
    """
    def work(session):
        session.add(Customer(name="savepoint of the connection, kept"))
        session.flush()
        savepoint = session.connection().begin_nested()
        session.connection().execute(insert_customer("savepoint of the connection, undone"))
        savepoint.rollback()
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "savepoint of the")) == ["savepoint of the connection, kept"]


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


@pytest.mark.limit
def test_connection_begin(app):
    """The application begins a transaction on a connection of its engine, twice; production shows both rows to the session.

    Core code opens the connection once: https://docs.sqlalchemy.org/en/20/core/connections.html#using-transactions
    """
    with app.engine.connect() as connection:
        for name in ["by connection.begin, 1", "by connection.begin, 2"]:
            with connection.begin():
                connection.execute(insert_customer(name))
    assert len(app.call(lambda session: names(session, "by connection.begin"))) == 2


@pytest.mark.limit
@pytest.mark.needs("commit_as_you_go")
def test_connection_commit(app):
    """The application commits and rolls back on a connection of its engine; production shows what was committed.

    "Commit as you go" came with 2.0: https://docs.sqlalchemy.org/en/20/core/connections.html#commit-as-you-go
    """
    with app.engine.connect() as connection:
        connection.execute(insert_customer("by connection.commit, kept"))
        connection.commit()
        connection.execute(insert_customer("by connection.commit, undone"))
        connection.rollback()
    assert app.call(lambda session: names(session, "by connection.commit")) == ["by connection.commit, kept"]


@pytest.mark.common
@pytest.mark.needs("begin_block")
def test_begin_block(app):
    """The application works in a session.begin() block, then in another one that fails; production keeps the first.

    The form that the documentation prefers: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#explicit-begin
    """
    def work(session):
        with session.begin():
            session.add(Customer(name="block, kept"))
        with raises(ZeroDivisionError), session.begin():
            session.add(Customer(name="block, undone"))
            session.flush()
            raise ZeroDivisionError

    app.call(work)
    assert app.call(lambda session: names(session, "block, ")) == ["block, kept"]
