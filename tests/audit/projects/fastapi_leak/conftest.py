import os

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
app = FastAPI()


async def get_db():
    async with AsyncSession(engine) as session:
        yield session


@app.post("/users/{name}")
async def create(name: str, db: AsyncSession = Depends(get_db)):
    await db.execute(text("INSERT INTO users (name) VALUES ('api')"))
    await db.commit()


@app.get("/users")
async def count(db: AsyncSession = Depends(get_db)):
    return (await db.execute(text("SELECT count(*) FROM users"))).scalar()


@app.post("/tables")
async def tables(db: AsyncSession = Depends(get_db)):
    await db.execute(text("CREATE TABLE users (id serial PRIMARY KEY, name text)"))
    await db.commit()


@pytest.fixture(scope="session", autouse=True)
def schema():
    TestClient(app).post("/tables")


@pytest.fixture
def client():
    return TestClient(app)
