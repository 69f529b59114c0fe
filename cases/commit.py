"""The application commits."""
import pytest

from cases.sample import Customer, exists, find, names


@pytest.mark.essential
def test_commit_once(app):
    """The application commits one row; production shows it to the next unit of work.

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

    The second commit is the one that escapes: https://github.com/jeancochrane/pytest-flask-sqlalchemy/issues/28
    """
    def work(session):
        session.add(Customer(name="commit twice, first"))
        session.commit()
        session.add(Customer(name="commit twice, second"))
        session.commit()

    app.call(work)
    assert app.call(lambda session: names(session, "commit twice")) == ["commit twice, first", "commit twice, second"]
