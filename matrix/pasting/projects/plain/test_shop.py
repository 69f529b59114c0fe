"""The project's tests."""
import pytest

from models import Item


@pytest.mark.parametrize("turn", ["first", "second"])
def test_sells(session, turn):
    assert session.query(Item).count() == 0
    session.add(Item(name="pen"))
    session.commit()
    session.add(Item(name="ink"))
    session.flush()
    session.rollback()
    session.add(Item(name="paper"))
    session.commit()
    assert sorted(item.name for item in session.query(Item)) == ["paper", "pen"]
