import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_fails():
    session = Session(shop.engine)
    assert session.query(User).count() == 5


def test_after():
    with Session(shop.engine) as session:
        assert session.query(User).count() == 1
