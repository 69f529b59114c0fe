import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_sets(db):
    with shop.engine.begin() as connection:
        connection.execute(text("SET @tenant = 'red'"))


def test_after(db):
    assert db.query(User).count() == 1
