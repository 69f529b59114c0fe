import os

import flask
from models import Base, Customer
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

__all__ = ["Base", "create_app"]

DEFAULT_SESSION_FACTORY = sessionmaker(bind=create_engine(os.environ.get("SHOP_URL", "sqlite:///shop.db"), isolation_level="REPEATABLE READ"))


class SqlAlchemyUnitOfWork:
    def __init__(self, session_factory=DEFAULT_SESSION_FACTORY):
        self.session_factory = session_factory

    def __enter__(self):
        self.session = self.session_factory()
        return self

    def __exit__(self, *error):
        self.session.rollback()
        self.session.close()

    def commit(self):
        self.session.commit()


def add_customer(name, unit_of_work):
    with unit_of_work:
        unit_of_work.session.add(Customer(name=name))
        unit_of_work.commit()


def list_customers(unit_of_work):
    with unit_of_work:
        return [customer.name for customer in unit_of_work.session.query(Customer)]


def create_app(make_unit_of_work=SqlAlchemyUnitOfWork):
    app = flask.Flask("shop")

    @app.route("/customers/<name>", methods=["POST"])
    def post_customer(name):
        add_customer(name, make_unit_of_work())
        return name

    @app.route("/customers")
    def get_customers():
        return ",".join(list_customers(make_unit_of_work()))

    return app
