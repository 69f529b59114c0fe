from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from models import Base, Customer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker

__all__ = ["Base", "create_app", "get_session"]


async def get_session(request: Request):
    async with request.app.state.session_factory() as session:
        yield session


async def add_customer(name: str, session: AsyncSession = Depends(get_session)):
    session.add(Customer(name=name))
    await session.commit()
    return name


async def list_customers(session: AsyncSession = Depends(get_session)):
    return [customer.name for customer in (await session.execute(select(Customer))).scalars()]


@asynccontextmanager
async def live(app):
    yield
    await app.state.engine.dispose()


def create_app(url, **options):
    app = FastAPI(lifespan=live)
    app.state.engine = create_async_engine(url, **options)
    app.state.session_factory = sessionmaker(app.state.engine, class_=AsyncSession, expire_on_commit=False)
    app.add_api_route("/customers/{name}", add_customer, methods=["POST"])
    app.add_api_route("/customers", list_customers)
    return app
