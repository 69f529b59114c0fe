"""What a recipe of this family needs around it in a project of your own: the complete conftest.py takes from here what the recipe uses."""
import pytest

from shop import app as application, db as extension  # CHANGE THIS LINE: where your Flask application and its Flask-SQLAlchemy are


@pytest.fixture(scope="session")
def app():
    return application


@pytest.fixture(scope="session")
def db():
    return extension


@pytest.fixture(scope="session")
def metadata(db):
    return db.metadata


@pytest.fixture(scope="session", autouse=True)
def tables(app, db):
    with app.app_context():
        db.create_all()  # makes what is not there yet; your migrations may have done it before


@pytest.fixture
def client(app):
    return app.test_client()
