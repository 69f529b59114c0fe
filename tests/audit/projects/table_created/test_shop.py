import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_clean(db):
    assert db.query(User).count() == 1


def test_creates(db):
    with shop.engine.begin() as connection:
        connection.execute(text("CREATE TABLE extra (id int)"))


def test_after(db):
    assert db.query(User).count() == 1
