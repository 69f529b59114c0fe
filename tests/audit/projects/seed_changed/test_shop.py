import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_before(db):
    assert db.query(User).one().name == "seed"


def test_renames(db):
    with shop.engine.begin() as connection:
        connection.execute(text("UPDATE users SET name = 'changed' WHERE id = 100"))


def test_after(db):
    assert db.query(User).count() == 1
