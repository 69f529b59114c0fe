import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_commits(db):
    db.add(User(name="ann"))
    db.commit()


def test_reads(db):
    assert db.query(User).count()
