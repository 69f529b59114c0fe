import flask

try:
    from flask_sqlalchemy import SQLAlchemy
except ImportError:
    from flask_sqlalchemy_lite import SQLAlchemy

from models import Base, Customer

try:
    db = SQLAlchemy(metadata=Base.metadata)
except TypeError:  # Flask-SQLAlchemy-Lite
    db = SQLAlchemy()
    db.metadata = Base.metadata


def create_app(url):
    app = flask.Flask("shop")
    app.config.update(TESTING=True, SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_TRACK_MODIFICATIONS=False, SQLALCHEMY_ENGINES={"default": url})
    db.init_app(app)
    app.add_url_rule("/customers/<name>", view_func=add_customer, methods=["POST"])
    app.add_url_rule("/customers", view_func=list_customers)
    return app


def add_customer(name):
    db.session.add(Customer(name=name))
    db.session.commit()
    return name


def list_customers():
    return ",".join(customer.name for customer in db.session.query(Customer))
