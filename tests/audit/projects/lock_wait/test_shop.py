import shop
from shop import User
from sqlalchemy.orm import Session


def test_clean(db):
    db.add(User(name="ann"))
    db.commit()


def test_waits_for_itself(db):
    db.get(User, 100).name = "ann"
    db.flush()
    with Session(shop.engine) as other:
        other.get(User, 100).name = "ben"
        other.commit()


def test_after(db):
    assert db.get(User, 100).name == "seed"
