import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_locks(db):
    with shop.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(42)"))
        connection.commit()


def test_after(db):
    assert db.query(User).count() == 1
