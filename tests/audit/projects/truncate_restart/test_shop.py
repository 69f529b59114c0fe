import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_truncates(db):
    with shop.engine.begin() as connection:
        connection.execute(text("TRUNCATE users CASCADE"))


def test_after(db):
    assert db.query(User).count() == 0
