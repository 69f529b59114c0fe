import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_clean(db, archive):
    db.add(User(name="ann"))
    db.commit()


def test_archives(db, archive):
    with Session(archive) as other:
        other.add(User(name="old"))
        other.commit()


def test_after(db, archive):
    assert db.query(User).count() == 1
