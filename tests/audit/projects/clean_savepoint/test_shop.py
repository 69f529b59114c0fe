import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_commit_twice(db):
    db.add(User(name="ann"))
    db.commit()
    db.add(User(name="bob"))
    db.commit()
    assert db.query(User).count() == 3


def test_rollback(db):
    db.add(User(name="ann"))
    db.rollback()
    assert db.query(User).count() == 1


def test_delete_of_seed_inside(db):
    db.query(User).delete()
    db.commit()
    assert db.query(User).count() == 0


def test_nothing():
    assert shop.engine
