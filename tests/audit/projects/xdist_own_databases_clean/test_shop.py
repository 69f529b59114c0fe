import pytest
from shop import User


@pytest.mark.parametrize("number", range(12))
def test_clean(db, number):
    db.add(User(name="ann"))
    db.commit()
    assert db.query(User).filter_by(name="ann").count() == 1
