import zope.sqlalchemy
from models import Base, Customer
from pyramid.config import Configurator
from pyramid.response import Response
from sqlalchemy import engine_from_config
from sqlalchemy.orm import sessionmaker

__all__ = ["Base", "main"]


def find_session(request):
    session = request.environ.get("app.dbsession")
    if session is None:
        session = request.registry["dbsession_factory"]()
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
    return session


def add_customer(request):
    request.dbsession.add(Customer(name=request.matchdict["name"]))
    return Response("added")


def list_customers(request):
    return Response(",".join(customer.name for customer in request.dbsession.query(Customer)))


def main(global_config, **settings):
    config = Configurator(settings={"tm.manager_hook": "pyramid_tm.explicit_manager", **settings})
    config.include("pyramid_tm")
    engine = settings.get("dbengine") or engine_from_config(settings)  # tests bring their own
    config.registry["dbsession_factory"] = sessionmaker(bind=engine)
    config.add_request_method(find_session, "dbsession", reify=True)
    config.add_route("customer", "/customers/{name}")
    config.add_route("customers", "/customers")
    config.add_view(add_customer, route_name="customer", request_method="POST")
    config.add_view(list_customers, route_name="customers")
    return config.make_wsgi_app()
