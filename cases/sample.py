"""The sample application's tables, and functions that hide how SQLAlchemy's lines and the servers differ."""
import asyncio
import re
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import Column, ForeignKey, Integer, String, select, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.schema import CreateTable

try:
    from sqlalchemy.orm import declarative_base
except ImportError:  # SQLAlchemy 1.3
    from sqlalchemy.ext.declarative import declarative_base

try:
    from sqlalchemy.util import await_only, greenlet_spawn
except ImportError:  # SQLAlchemy 1.3 knows no asyncio
    await_only = greenlet_spawn = None

SELECT_TAKES_A_LIST = sqlalchemy.__version__.startswith("1.3")

Base = declarative_base()


class Customer(Base):
    """Somebody who orders; every case uses names of its own."""

    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    name = Column(String(60), nullable=False, unique=True)
    credit = Column(Integer, nullable=False, default=0)


class Order(Base):
    """Something that a customer ordered."""

    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id = Column(Integer, ForeignKey("customers.id"), nullable=False)
    sku = Column(String(60), nullable=False)
    state = Column(String(20), nullable=False, default="start")


def ddl(url):
    """Return the statements (list of str) that build the sample schema in the database at ``url``.

    Nothing connects. ``alembic_version`` and its row stand for what a project has in its
    database and not in its metadata: a recipe that goes by the metadata does not know of it.
    """
    dialect = make_url(url).get_dialect()()
    tables = [str(CreateTable(table).compile(dialect=dialect)).strip() for table in Base.metadata.sorted_tables]
    return [*tables, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
            "INSERT INTO alembic_version (version_num) VALUES ('1975ea83b712')"]


def insert_customer(name):
    """Return the statement that inserts a customer, for code that goes around the session."""
    return Customer.__table__.insert().values(name=name, credit=0)


def update_credit(name, credit):
    """Return the statement that sets a customer's credit, for code that goes around the session."""
    customers = Customer.__table__
    return customers.update().where(customers.c.name == name).values(credit=credit)


def names(session, prefix):
    """Return the sorted names (list of str) of the customers whose name begins with ``prefix``."""
    condition = Customer.name.like(prefix + "%")
    if SELECT_TAKES_A_LIST:
        return sorted(row[0] for row in session.query(Customer.name).filter(condition))
    return sorted(row[0] for row in session.execute(select(Customer.name).where(condition)))


def exists(session, name):
    """Return whether (bool) the session sees a customer of this name."""
    return name in names(session, name)


def find(session, name):
    """Return the Customer of this name, or None."""
    if SELECT_TAKES_A_LIST:
        return session.query(Customer).filter(Customer.name == name).one_or_none()
    return session.execute(select(Customer).where(Customer.name == name)).scalars().one_or_none()


def read_credit(reader, name):
    """Return the credit (int) of the customer of this name as the database has it, or None.

    ``reader`` is a session or a connection. What a session has not flushed is not seen.
    """
    customers = Customer.__table__
    columns = [customers.c.credit]
    statement = select(columns) if SELECT_TAKES_A_LIST else select(*columns)
    row = reader.execute(statement.where(customers.c.name == name)).first()
    return None if row is None else row[0]


def say(app, **statements):
    """Return the statement in the server's own words: ``postgresql=`` or ``mysql=``, which MariaDB shares.

    An application is not written for the other kind of database that a recipe may put in the server's place.
    """
    return text(statements.get(app.dialect_name, statements["postgresql"]))


def lock_row(name, end):
    """Return the statement that locks a customer's row; ``end`` says what to do if it is locked, "NOWAIT" say."""
    return text("SELECT id FROM customers WHERE name = '%s' FOR UPDATE %s" % (name, end))


def wait_for(*works, seconds=None):
    """Run each of ``works`` (functions without arguments) in an asyncio task of its own, all at the same time.

    All have ended when it returns or raises: what one that failed leaves must not depend on how far the others got.
    Raises the first one's error, or asyncio.TimeoutError when they take longer than ``seconds`` (float); they are cancelled then.
    """
    tasks = asyncio.gather(*[greenlet_spawn(work) for work in works], return_exceptions=True)
    for outcome in await_only(asyncio.wait_for(tasks, seconds)):
        if isinstance(outcome, BaseException):
            raise outcome


def end_backend(connection, dialect_name, who):
    """End a connection of the server, and return once the server has none of that number (``who``: int) any more."""
    if dialect_name == "mysql":
        connection.execute(text("KILL %d" % who))  # it only asks: what the other says next might still be answered
        still = text("SELECT COUNT(*) FROM information_schema.processlist WHERE id = %d" % who)
    else:
        still = text("SELECT pg_terminate_backend(%d)" % who)
    while connection.execute(still).scalar():
        continue


@contextmanager
def raises(expected, match=""):
    """Fail as any assertion does where the block raises nothing of `expected` (an exception's type) that says `match`.

    What pytest.raises fails with is no Exception: raised inside an application it ends its event loop, and more than the test.
    """
    said = None
    try:
        yield
    except expected as error:
        said = str(error)
    if said is None:
        raise AssertionError("%s was not raised" % expected.__name__)
    assert re.search(match, said)
