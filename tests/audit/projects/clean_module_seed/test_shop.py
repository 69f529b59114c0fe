import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_seed(db, seed):
    assert db.query(User).count() == 2


def test_seed_again(db, seed):
    db.query(User).delete()
    db.commit()
