"""The project's application."""
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from models import Base, Item
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker


async def get_session(request: Request):
    async with request.app.state.session_factory() as session:
        yield session


@asynccontextmanager
async def dispose_at_shutdown(app):
    yield
    await app.state.engine.dispose()


def create_app(url, **engine_options):
    app = FastAPI(lifespan=dispose_at_shutdown)
    app.state.engine = create_async_engine(url, **engine_options)
    app.state.session_factory = sessionmaker(app.state.engine, class_=AsyncSession, expire_on_commit=False)

    @app.get("/items")
    async def list_items(session: AsyncSession = Depends(get_session)):
        return sorted(item.name for item in (await session.execute(select(Item))).scalars())

    @app.post("/items/{name}")
    async def add_item(name: str, session: AsyncSession = Depends(get_session)):
        session.add(Item(name=name))
        await session.commit()

    @app.post("/given-up/{name}")
    async def give_up(name: str, session: AsyncSession = Depends(get_session)):
        session.add(Item(name=name))
        await session.flush()
        await session.rollback()

    return app
