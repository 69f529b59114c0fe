from typing import List

from advanced_alchemy.extensions.litestar import AsyncSessionConfig, EngineConfig, SQLAlchemyAsyncConfig, SQLAlchemyPlugin
from litestar import Litestar, get, post
from models import Base, Customer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Base", "create_app", "create_config"]


@post("/customers/{name:str}")
async def add_customer(name: str, db_session: AsyncSession) -> str:
    db_session.add(Customer(name=name))
    await db_session.commit()
    return name


@get("/customers")
async def list_customers(db_session: AsyncSession) -> List[str]:
    return [customer.name for customer in await db_session.scalars(select(Customer))]


def create_config(url, **options):
    return SQLAlchemyAsyncConfig(
        connection_string=url,
        metadata=Base.metadata,
        engine_config=EngineConfig(**options),
        session_config=AsyncSessionConfig(expire_on_commit=False),
    )


def create_app(config):
    return Litestar([add_customer, list_customers], plugins=[SQLAlchemyPlugin(config)])
