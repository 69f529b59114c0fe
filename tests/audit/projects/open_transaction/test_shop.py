import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session

kept = []


def test_clean(db):
    db.add(User(name="ann"))


def test_keeps_connection(db):
    connection = shop.engine.connect()
    connection.execute(text("SELECT name FROM users"))
    kept.append(connection)


def test_after(db):
    assert db.query(User).count() == 1
