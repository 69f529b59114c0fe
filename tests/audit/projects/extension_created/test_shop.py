import shop
from shop import User
from sqlalchemy import text


def test_first(db):
    assert db.get(User, 100)


def test_export(db):
    with shop.engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS ltree"))
    assert db.execute(text("SELECT nlevel('a.b'::ltree)")).scalar() == 2


def test_second(db):
    assert db.execute(text("SELECT count(*) FROM pg_extension WHERE extname = 'ltree'")).scalar() == 1
