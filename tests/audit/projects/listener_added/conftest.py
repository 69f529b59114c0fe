import pytest
import shop
from sqlalchemy.orm import Session

pytest_plugins = ["shop_fixtures"]


@pytest.fixture
def heard(db):
    from sqlalchemy import event

    def listen(session, context, instances):
        pass

    event.listen(Session, "before_flush", listen)
