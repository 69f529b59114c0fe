"""The application takes numbers that no rollback gives back."""
import pytest
from sqlalchemy import text

from cases.sample import Customer, say


@pytest.mark.common
def test_id_not_used_again(app):
    """The application rolls a row back and commits another one; production gives the second one a higher id.

    Ids have gaps, and nobody may count on the next one: https://dev.mysql.com/doc/refman/en/innodb-auto-increment-handling.html
    """
    def work(session):
        ids = []
        for name, end in [("number lost", session.rollback), ("number kept", session.commit)]:
            session.add(Customer(name=name))
            session.flush()
            ids.append(session.execute(text("SELECT max(id) FROM customers")).scalar())
            end()
        return ids

    lost, kept = app.call(work)
    assert lost < kept


@pytest.mark.limit
@pytest.mark.needs("sequences")
def test_sequence_goes_on(app):
    """The application takes a number of its own sequence and rolls back; production gives the next number afterwards.

    Invoice numbers are lost, not given twice: https://www.postgresql.org/docs/current/functions-sequence.html
    """
    def work(session):
        take = say(app, postgresql="SELECT nextval('case_invoices')", mysql="SELECT nextval(case_invoices)")
        session.execute(text("CREATE SEQUENCE case_invoices"))
        session.commit()
        taken = [session.execute(take).scalar()]
        session.rollback()
        return [*taken, session.execute(take).scalar()]

    assert app.call(work) == [1, 2]
