"""The application closes its session, and opens another one."""
from contextlib import closing

import pytest
from sqlalchemy.orm.exc import DetachedInstanceError

from cases.sample import Customer, exists, names, raises, read_credit


@pytest.mark.common
@pytest.mark.commits_nothing
def test_close_discards(app):
    """The application closes the session on uncommitted work; production has nothing of it.

    A request that ends without a commit: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#closing
    """
    def work(session):
        session.add(Customer(name="closed too early"))
        session.flush()
        session.close()

    app.call(work)
    assert not app.call(lambda session: exists(session, "closed too early"))


@pytest.mark.common
def test_close_then_continue(app):
    """The application commits, closes the session and uses it again; production has both commits.

    A closed session may be used again: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#closing
    """
    def work(session):
        for name in ["closed, before", "closed, after"]:
            session.add(Customer(name=name))
            session.commit()
            session.close()

    app.call(work)
    assert app.call(lambda session: names(session, "closed, ")) == ["closed, after", "closed, before"]


@pytest.mark.common
def test_close_keeps_commit(app):
    """The application commits, works on, and closes without a commit; production keeps the committed value.

    What close() may undo ends at the last commit: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#closing
    """
    def work(session):
        customer = Customer(name="closed after change", credit=1)
        session.add(customer)
        session.commit()
        customer.credit = 2
        session.flush()
        session.close()

    app.call(work)
    assert app.call(lambda session: read_credit(session, "closed after change")) == 1


@pytest.mark.common
@pytest.mark.commits_nothing
def test_close_detaches(app):
    """The application reads an expired object after close(); production raises DetachedInstanceError.

    A test that never closes hides this: https://docs.sqlalchemy.org/en/20/errors.html#error-bhk3
    """
    def work(session):
        customer = Customer(name="detached")
        session.add(customer)
        session.flush()
        session.expire(customer)
        session.close()
        return customer

    customer = app.call(work)
    with raises(DetachedInstanceError):
        assert customer.name


@pytest.mark.common
def test_new_session_sees_commit(app):
    """The application commits, closes, and reads in a session of its factory; production shows the row.

    The next request has another session: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#using-a-sessionmaker
    """
    def work(session):
        session.add(Customer(name="seen by the next"))
        session.commit()
        session.close()

    app.call(work)
    with closing(app.new_session()) as later:
        assert exists(later, "seen by the next")
