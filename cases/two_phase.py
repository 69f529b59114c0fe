"""The application commits in two phases, as one of several databases in a distributed transaction."""
import pytest

from cases.sample import exists, insert_customer


@pytest.mark.limit
@pytest.mark.needs("prepared_transactions")
@pytest.mark.needs("two_phase")
def test_two_phase_commit(app):
    """The application prepares a transaction on a connection of its engine and commits it; production keeps the row.

    No transaction around it can enclose a prepared one: https://www.postgresql.org/docs/current/two-phase.html
    """
    with app.engine.connect() as connection:
        transaction = connection.begin_twophase(xid="%s_kept" % app.engine.url.database)
        connection.execute(insert_customer("prepared, kept"))
        transaction.prepare()
        transaction.commit()
    assert app.call(lambda session: exists(session, "prepared, kept"))


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("prepared_transactions")
@pytest.mark.needs("two_phase")
def test_two_phase_rollback(app):
    """The application prepares a transaction on a connection of its engine and rolls it back; production has nothing of it.

    What another database refused is undone like this: https://dev.mysql.com/doc/refman/en/xa.html
    """
    with app.engine.connect() as connection:
        transaction = connection.begin_twophase(xid="%s_undone" % app.engine.url.database)
        connection.execute(insert_customer("prepared, undone"))
        transaction.prepare()
        transaction.rollback()
    assert not app.call(lambda session: exists(session, "prepared, undone"))
