import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_prepares(db):
    with shop.engine.connect() as connection:
        transaction = connection.begin_twophase("matrix_audit_left")
        connection.execute(text("INSERT INTO users (id, name) VALUES (7, 'two')"))
        transaction.prepare()
        connection.invalidate()


def test_after(db):
    assert db
