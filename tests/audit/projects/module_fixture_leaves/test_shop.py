import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_seed(db, seed):
    assert db.query(User).count() == 2
