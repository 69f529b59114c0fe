"""The application commits."""
import pytest

from cases.sample import Customer, Order, exists, find, names, read_credit


@pytest.mark.essential
def test_commit_once(app):
    """The application commits a row; production shows it to the next unit of work.

    Every tutorial ends with this commit: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#committing
    """
    def work(session):
        session.add(Customer(name="commit once"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "commit once"))


@pytest.mark.essential
def test_commit_twice(app):
    """The application commits, goes on and commits again; production keeps both rows.

    It is the second commit that escapes: https://stackoverflow.com/questions/71186875
    """
    def work(session):
        for name in ["commit twice, first", "commit twice, second"]:
            session.add(Customer(name=name))
            session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "commit twice")) == ["commit twice, first", "commit twice, second"]


@pytest.mark.essential
def test_commit_in_three_calls(app):
    """The application commits in each of three calls, as three requests do; production keeps all of them.

    A fixture that protects only the first commit fails here: https://docs.sqlalchemy.org/en/20/orm/session_transaction.html
    """
    def work(session):
        session.add(Customer(name="three calls %d" % len(names(session, "three calls"))))
        session.commit()

    for _ in range(3):
        app.call(work)
    assert app.call(lambda session: names(session, "three calls")) == ["three calls 0", "three calls 1", "three calls 2"]


@pytest.mark.essential
def test_change_after_commit(app):
    """The application commits a row and then changes the same object; production has the last value.

    Objects stay in the session over a commit: https://docs.sqlalchemy.org/en/20/orm/session_state_management.html
    """
    def work(session):
        customer = Customer(name="changed after commit", credit=1)
        session.add(customer)
        session.commit()
        customer.credit = 2
        session.commit()

    app.call(work)
    assert app.call(lambda session: read_credit(session, "changed after commit")) == 2


@pytest.mark.common
def test_commit_parent_then_child(app):
    """The application commits a customer, then an order that refers to it; production joins the two.

    A first half that vanished breaks the foreign key: https://docs.sqlalchemy.org/en/20/orm/cascades.html
    """
    def work(session):
        session.add(Customer(name="parent"))
        session.commit()
        parent = find(session, "parent")
        session.add(Order(customer_id=parent.id, sku="child"))
        session.commit()
        return session.execute(Order.__table__.select().where(Order.customer_id == parent.id)).first()

    assert app.call(work) is not None


@pytest.mark.common
@pytest.mark.commits_nothing
def test_commit_then_delete(app):
    """The application commits a row, then deletes it and commits; production has it no more.

    Clean-up code in applications looks like this: https://docs.sqlalchemy.org/en/20/orm/session_basics.html#deleting
    """
    def work(session):
        session.add(Customer(name="deleted"))
        session.commit()
        session.delete(find(session, "deleted"))
        session.commit()

    app.call(work)
    assert not app.call(lambda session: exists(session, "deleted"))
