import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session


def test_archive(db, archive):
    with Session(archive) as other:
        other.add(User(name="old"))
        other.commit()


def test_archive_again(db, archive):
    with Session(archive) as other:
        assert other.query(User).count() == 0
