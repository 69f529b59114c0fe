from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_clean(db):
    db.add(User(name="ann"))
    db.commit()


def test_export(db):
    with Session(db.bind.engine) as other:
        other.add(User(name="other"))
        other.commit()


def test_count(db):
    assert db.query(User).count() == 1


def test_last(db):
    db.add(User(name="ann"))
