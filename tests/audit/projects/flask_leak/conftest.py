import os

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class User(db.Model):
    __tablename__ = "users"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(30))


@pytest.fixture(scope="session")
def app():
    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    db.init_app(app)

    @app.post("/users/<name>")
    def create(name):
        db.session.add(User(name=name))
        db.session.commit()
        return ""

    @app.get("/users")
    def count():
        return str(db.session.query(User).count())

    with app.app_context():
        db.create_all()
    return app


@pytest.fixture
def client(app):
    return app.test_client()
