import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session

kept = []


def test_keeps_connection(db):
    connection = shop.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(text("SELECT name FROM users"))
    kept.append(connection)


def test_after(db):
    assert db.query(User).count() == 1
