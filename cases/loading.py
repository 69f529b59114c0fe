"""The application relies on when the session writes and when it reads again."""
import pytest

from cases.sample import Customer, exists, find, update_credit


@pytest.mark.common
@pytest.mark.commits_nothing
def test_query_flushes(app):
    """The application adds an object and queries without a flush; production finds the object.

    A session made in a fixture may lack the options of the application's: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#flushing
    """
    def work(session):
        session.add(Customer(name="flushed by the query"))
        seen = exists(session, "flushed by the query")
        session.rollback()
        return seen

    assert app.call(work)


@pytest.mark.common
@pytest.mark.needs("lazy_loading")
def test_commit_expires(app):
    """The application commits, changes the row past the object and reads the object; production shows the change.

    commit() expires what the session holds: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#committing
    """
    def work(session):
        customer = Customer(name="expired by commit", credit=1)
        session.add(customer)
        session.commit()
        session.execute(update_credit("expired by commit", 2))
        credit = customer.credit
        session.commit()
        return credit

    assert app.call(work) == 2


@pytest.mark.common
def test_rollback_restores_object(app):
    """The application changes a committed object, flushes and rolls back; production has the old value in the row again.

    Forms that fail their validation go this way: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#rolling-back
    """
    def work(session):
        session.add(Customer(name="restored", credit=1))
        session.commit()
        find(session, "restored").credit = 2
        session.flush()
        session.rollback()
        return find(session, "restored").credit

    assert app.call(work) == 1
