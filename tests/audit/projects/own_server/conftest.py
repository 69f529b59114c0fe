import os
import shlex
import subprocess

import pytest
import shop
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def server():
    """As testcontainers does: a server that nobody but this fixture knows."""
    command, folder = shlex.split(os.environ["START_SERVER"]), os.environ["SERVER_FOLDER"]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait()


@pytest.fixture(scope="session")
def engine(server):
    engine = create_engine(server)
    shop.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine):
    connection = engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    transaction.rollback()
    connection.close()
