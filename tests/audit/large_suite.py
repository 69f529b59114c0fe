"""Writes a suite as large as real ones: many tests over many tables with seed rows, all of them clean."""

from __future__ import annotations

from pathlib import Path

TESTS, TABLES, ROWS, MODULES = 300, 40, 10_000, 10

SHOP = '''\
"""A shop of {tables} tables."""

import os

from sqlalchemy import Column, DateTime, ForeignKey, Integer, Numeric, String, create_engine, func
from sqlalchemy.orm import declarative_base

Base = declarative_base()
engine = create_engine(os.environ["DATABASE_URL"])
TABLES = []

for place in range({tables}):
    columns = dict(
        __tablename__="things_%02d" % place, id=Column(Integer, primary_key=True), name=Column(String(60), nullable=False), note=Column(String(200)),
        price=Column(Numeric(10, 2)), amount=Column(Integer, default=1), made=Column(DateTime, server_default=func.now()),
    )
    if place % 2:
        columns["owner_id"] = Column(Integer, ForeignKey("things_%02d.id" % (place - 1)))
    TABLES.append(type("Thing%02d" % place, (Base,), columns))


def create_all():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for table in TABLES:
            rows = [dict(name="seed %d" % n, note="a note of some length " * 3, price=n, amount=n % 7) for n in range({rows} // {tables})]
            connection.execute(table.__table__.insert(), rows)
'''

HEAD = """\
import pytest
import shop
from sqlalchemy import func
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def tables():
    shop.create_all()
    yield
    shop.engine.dispose()

"""

FIXTURES = {
    "rollback": """
@pytest.fixture
def db(tables):
    connection = shop.engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    transaction.rollback()
    connection.close()
""",
    "delete": """
@pytest.fixture
def db(tables):
    with shop.engine.connect() as connection:
        last = {table: connection.execute(func.max(table.__table__.c.id).select()).scalar() for table in shop.TABLES[:8]}
    with Session(shop.engine) as session:
        yield session
    with Session(shop.engine) as session:
        for table in reversed(shop.TABLES[:8]):
            session.query(table).filter(table.id > last[table]).delete()
        session.commit()
""",
}

TEST = """

def test_{number:03}(db):
    parent, child = shop.TABLES[{parent}], shop.TABLES[{child}]
    first = parent(name="first {number}", price=3)
    db.add(first)
    db.commit()
    db.add_all([child(name="second", owner_id=first.id, amount=n) for n in range(3)])
    db.commit()
    assert db.query(child).filter_by(owner_id=first.id).count() == 3
    first.name = "renamed"
    db.commit()
    assert db.get(parent, first.id).name == "renamed"
    assert db.query(parent).filter(parent.name.like("seed%")).count() == {seeds}
{work}"""


def write_suite(folder: Path, fixture: str = "rollback", tests: int = TESTS, tables: int = TABLES, rows: int = ROWS, work_ms: float = 0) -> Path:
    """Write the suite into `folder`; `fixture` names how it cleans up, `work_ms` what each test does beside the database."""
    folder.mkdir(parents=True, exist_ok=True)
    reach = tables if fixture == "rollback" else 8
    folder.joinpath("shop.py").write_text(SHOP.format(tables=tables, rows=rows))
    folder.joinpath("conftest.py").write_text(HEAD + FIXTURES[fixture])
    work = f"    import time\n\n    ends = time.process_time() + {work_ms / 1000}\n    while time.process_time() < ends:\n        pass\n" if work_ms else ""
    for module in range(MODULES):
        texts = []
        for number in range(module, tests, MODULES):
            parent = number * 2 % reach
            texts.append(TEST.format(number=number, parent=parent, child=parent + 1, seeds=rows // tables, work=work))
        folder.joinpath(f"test_module_{module}.py").write_text("import shop\n" + "".join(texts))
    return folder
