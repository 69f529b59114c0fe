from shop import User


def test_first(db):
    db.add(User(name="first"))
    db.commit()
    assert db.query(User).count() == 1


def test_second(db):
    db.add(User(name="second"))
    db.commit()
    assert db.query(User).count() == 1
