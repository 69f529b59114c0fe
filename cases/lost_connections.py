"""The server ends the application's connection in the middle of its work."""
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cases.sample import Customer, end_backend, names, raises, say


def lose_connection(app, session):
    """Have the server end the session's connection, and let the session find out."""
    who = session.execute(say(app, postgresql="SELECT pg_backend_pid()", mysql="SELECT CONNECTION_ID()")).scalar()
    with app.engine.connect() as other:
        end_backend(other, app.dialect_name, who)
    with raises(DBAPIError):
        session.execute(text("SELECT 1"))
    session.rollback()


@pytest.mark.limit
@pytest.mark.needs("lost_connections_noticed")
def test_connection_lost_before_commit(app):
    """The connection is lost in the middle of a transaction; production loses that, reconnects and commits the next.

    A failover looks like this: https://docs.sqlalchemy.org/en/20/core/pooling.html#dealing-with-disconnects
    """
    def work(session):
        session.add(Customer(name="connection lost, undone"))
        session.flush()
        lose_connection(app, session)
        session.add(Customer(name="connection lost, kept"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "connection lost")) == ["connection lost, kept"]


@pytest.mark.limit
@pytest.mark.needs("lost_connections_noticed")
def test_connection_lost_after_commit(app):
    """The connection is lost after a commit; production still has what was committed, on the next connection.

    What was committed must not depend on a connection: https://docs.sqlalchemy.org/en/20/core/pooling.html
    """
    def work(session):
        session.add(Customer(name="before the loss"))
        session.commit()
        lose_connection(app, session)
        return names(session, "before the loss")

    assert app.call(work) == ["before the loss"]
