from contextlib import asynccontextmanager

import fastapi_sqla
from fastapi import FastAPI
from fastapi_sqla import Base
from sqlalchemy import select


class Customer(Base):
    __tablename__ = "customers"


def add_customer(name: str, session: fastapi_sqla.Session):
    session.add(Customer(name=name, credit=0))
    return name


def list_customers(session: fastapi_sqla.Session):
    return [customer.name for customer in session.scalars(select(Customer))]


@asynccontextmanager
async def live(app):
    await fastapi_sqla.startup()
    yield


def create_app():
    app = FastAPI(lifespan=live)
    fastapi_sqla.setup_middlewares(app)
    app.add_api_route("/customers/{name}", add_customer, methods=["POST"])
    app.add_api_route("/customers", list_customers)
    return app
