import pytest
import shop
from sqlalchemy import Column, Integer, create_engine, event
from sqlalchemy.orm import Session, declarative_base

pytest_plugins = ["shop_fixtures"]
KEPT = []


class Listening:
    def count(self, *arguments):
        pass


LISTENING = Listening()


@pytest.fixture
def own(tables):
    """Models and an engine of this test alone, which something keeps alive, as pytest keeps an instance of a test's class."""
    base = declarative_base()
    model = type("Thing", (base,), {"__tablename__": "things", "id": Column(Integer, primary_key=True)})
    engine = create_engine(shop.engine.url)

    def listen(*arguments):
        pass

    event.listen(model, "init", listen)
    event.listen(base.metadata, "before_create", listen)
    event.listen(engine, "begin", listen)
    KEPT.append((model, base, engine))
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(autouse=True)
def counted():
    """A method of an object that lives on, which is another bound method when it is removed."""
    event.listen(Session, "before_flush", LISTENING.count)
    yield
    event.remove(Session, "before_flush", LISTENING.count)
