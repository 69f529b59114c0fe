import time

import pytest
import shop
from shop import User
from sqlalchemy.orm import Session


def test_export(db):
    with Session(shop.engine) as other:
        other.add(User(name="other"))
        other.commit()
    time.sleep(2)  # tests of the other worker end meanwhile, and at last the worker itself


@pytest.mark.parametrize("number", range(12))
def test_clean(db, number):
    db.add(User(name="ann"))
    db.commit()
    assert db.query(User).filter_by(name="ann").count() == 1
