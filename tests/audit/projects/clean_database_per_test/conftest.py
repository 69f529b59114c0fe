import uuid

import pytest
import shop
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session


@pytest.fixture
def db():
    """A database for this test, made and dropped as sqlalchemy-utils does it."""
    name = "%s_%s" % (shop.engine.url.database, uuid.uuid4().hex[:8])
    server = create_engine(shop.engine.url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE %s" % name))
    engine = create_engine(shop.engine.url.set(database=name))
    shop.Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
        session.commit()
    engine.dispose()
    with server.connect() as connection:
        if shop.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s' AND pid <> pg_backend_pid()" % name))
        connection.execute(text("DROP DATABASE %s" % name))
    server.dispose()
