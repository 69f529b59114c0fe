import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_fails(db):
    db.add(User(name="ann"))
    db.commit()
    assert db.query(User).count() == 1


def test_passes(db):
    assert db.query(User).count() == 1
