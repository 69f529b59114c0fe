import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_first(db):
    db.add(User(id=1, name="ann"))
    db.commit()
    assert db.query(User).count() == 1


def test_second(db):
    assert db.query(User).count() == 0
    db.add(User(id=1, name="bob"))
    db.add(Note(text="note"))
    db.commit()


def test_third(db):
    assert db.query(Note).count() == 0
