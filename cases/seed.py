"""The application works with rows that were there before the test."""
import pytest

from cases.sample import exists, find, read_credit


@pytest.mark.common
@pytest.mark.commits_nothing
def test_seed_is_seen(app, seeded_customer):
    """The application reads a row that was committed before the tests; production has it.

    Reference data, loaded once: https://docs.pytest.org/en/stable/how-to/fixtures.html#fixture-scopes
    """
    assert app.call(lambda session: exists(session, seeded_customer))


@pytest.mark.common
def test_seed_changed(app, seeded_customer):
    """The application changes the seed row and commits; production has the new value.

    The next test needs the old one: https://docs.djangoproject.com/en/stable/topics/testing/tools/
    """
    def work(session):
        find(session, seeded_customer).credit = 99
        session.commit()

    app.call(work)
    assert app.call(lambda session: read_credit(session, seeded_customer)) == 99


@pytest.mark.common
def test_seed_deleted(app, seeded_customer):
    """The application deletes the seed row and commits; production has it no more.

    The next test needs it back: https://docs.djangoproject.com/en/stable/topics/testing/tools/
    """
    def work(session):
        session.delete(find(session, seeded_customer))
        session.commit()

    app.call(work)
    assert not app.call(lambda session: exists(session, seeded_customer))
