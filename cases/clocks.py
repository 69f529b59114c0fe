"""The application asks for the time and the identity of its transaction."""
import pytest
from sqlalchemy import text


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("transaction_clock")
def test_clock_moves_on(app):
    """The application asks for now(), commits and asks again; production gives a later time.

    now() is when the transaction began: https://www.postgresql.org/docs/current/functions-datetime.html
    """
    def work(session):
        times = []
        for _ in range(2):
            times.append(session.execute(text("SELECT now()")).scalar())
            session.commit()
        return times

    first, second = app.call(work)
    assert first < second


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("transaction_ids")
def test_transaction_id_changes(app):
    """The application asks for its transaction's id, commits and asks again; production gives another id.

    Outbox readers tell old work from new by it: https://www.postgresql.org/docs/current/functions-info.html
    """
    def work(session):
        ids = set()
        for _ in range(2):
            ids.add(session.execute(text("SELECT txid_current()")).scalar())
            session.commit()
        return ids

    assert len(app.call(work)) == 2
