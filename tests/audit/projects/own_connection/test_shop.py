import ledger
from shop import Note, User


def test_clean(db):
    db.add(User(name="ann"))
    db.commit()


def test_ledger(db):
    db.add(User(name="bob"))
    db.commit()
    ledger.write("bob came")


def test_notes(db):
    assert db.query(Note).count() == 1


def test_last():
    ledger.close()
