from shop import User


def test_first(db):
    assert db.get(User, 100)


def test_export(db):
    db.add(User(id=1, name="other"))
    db.commit()


def test_second(db):
    assert db.get(User, 100)
