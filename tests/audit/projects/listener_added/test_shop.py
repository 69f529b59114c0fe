import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_first(heard):
    assert shop.engine


def test_second(heard):
    assert shop.engine
