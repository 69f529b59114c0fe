"""The application works in threads and in tasks beside the request."""
import asyncio
import threading
from contextlib import closing

import pytest
from sqlalchemy.exc import SQLAlchemyError

from cases.sample import Customer, await_only, exists, names, raises, say, wait_for


@pytest.mark.common
@pytest.mark.needs("threads")
def test_thread_commits(app):
    """A thread commits in a session of its own; production shows the row to the session of the request.

    Thread pools serve requests and jobs alike: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#is-the-session-thread-safe
    """
    def work():
        with closing(app.new_session()) as session:
            session.add(Customer(name="by a thread"))
            session.commit()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert app.call(lambda session: exists(session, "by a thread"))


@pytest.mark.limit
@pytest.mark.needs("asyncio")
def test_tasks_commit(app):
    """Two tasks run at the same time, each with a session of its own, and commit; production keeps both rows.

    asyncio.gather over one connection is refused by drivers: https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html
    """
    def work(name):
        with closing(app.new_session()) as session:
            session.add(Customer(name=name))
            session.commit()

    wait_for(lambda: work("task, one"), lambda: work("task, two"))
    assert app.call(lambda session: names(session, "task, ")) == ["task, one", "task, two"]


@pytest.mark.limit
@pytest.mark.needs("asyncio")
def test_statement_cancelled(app):
    """The application commits, then a statement takes too long and is cancelled; production keeps the row and goes on.

    A client that goes away cancels its request: https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html
    """
    def work(session):
        session.add(Customer(name="before the cancelled"))
        session.commit()
        slow = say(app, postgresql="SELECT pg_sleep(0.15)", mysql="SELECT SLEEP(0.15)")
        with raises(asyncio.TimeoutError):
            wait_for(lambda: session.execute(slow), seconds=0.02)
        session.rollback()
        return names(session, "before the cancelled")

    assert app.call(work) == ["before the cancelled"]


@pytest.mark.common
@pytest.mark.commits_nothing
@pytest.mark.needs("asyncio")
def test_lazy_loading_is_refused(app):
    """The application reads an expired attribute without awaiting; production refuses (MissingGreenlet).

    Every port to asyncio meets it: https://docs.sqlalchemy.org/en/20/errors.html#error-xd2s
    """
    def work(session):
        customer = Customer(name="expired")
        session.add(customer)
        session.flush()
        session.expire(customer)
        with raises(SQLAlchemyError, match="greenlet_spawn has not been called"):
            await_only(read_name(customer))
        session.rollback()

    async def read_name(customer):
        return customer.name

    app.call(work)
