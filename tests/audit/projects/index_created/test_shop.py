import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_creates(db):
    with shop.engine.begin() as connection:
        connection.execute(text("CREATE INDEX users_by_name ON users (name)"))


def test_after(db):
    assert db.query(User).count() == 1
