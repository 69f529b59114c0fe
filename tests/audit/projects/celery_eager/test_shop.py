from shop import User
from tasks import welcome


def test_clean(db):
    db.add(User(name="ann"))
    db.commit()


def test_welcome(db):
    welcome.delay("bob")


def test_users(db):
    assert db.query(User).filter_by(name="ann").count() == 0
