import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_deletes(db):
    with shop.engine.begin() as connection:
        connection.execute(text("DELETE FROM users WHERE id = 100"))


def test_after(db):
    assert db.query(Note).count() == 0
