"""A project's Flask application, with one endpoint more, which does the work of a case on its extension's session."""

import contextlib
import uuid

from matrix.probe.fixturedependencies import has_base
from matrix.probe.fixturevalues import EXTENSION


class FlaskApplication(object):
    """The project's Flask application, with one endpoint more: it does the work that waits under the key."""

    kind = EXTENSION
    offers = {"engine": True, "new_session": True}  # noqa: RUF012  nobody changes it

    def __init__(self, app, extension):
        self.app, self.extension = app, extension
        self.places = app.extensions.setdefault("isolation_matrix", {})
        if not self.places:
            self.places.update(waiting={}, results={}, errors={})
            handled, app._got_first_request = getattr(app, "_got_first_request", False), False  # else Flask takes no more rules
            app.add_url_rule("/isolation-matrix/<key>", "isolation_matrix", self.do_work, methods=["POST"])
            app._got_first_request = handled

    def do_work(self, key):
        """The endpoint: it commits what the work commits, and the end of the request removes the session."""
        try:
            self.places["results"][key] = self.places["waiting"].pop(key)(self.extension.session)
        except BaseException as error:
            self.places["errors"][key] = error
            raise
        return "done"

    def call(self, work):
        """Post a request that does ``work(session)``; return its value, let its exception through."""
        key = uuid.uuid4().hex
        self.places["waiting"][key] = work
        try:
            response = self.app.test_client().post("/isolation-matrix/" + key)
        except BaseException:
            self.places["errors"].pop(key, None)  # what is kept of an error keeps its connections
            raise
        if key in self.places["errors"]:  # the application made a page of it
            raise self.places["errors"].pop(key)
        assert response.status_code == 200, response.status
        return self.places["results"].pop(key)

    def new_session(self):
        """Return another session of the extension's factory, as a background job has it."""
        with self.context():
            is_lite = has_base(self.extension, "SQLAlchemy", "flask_sqlalchemy_lite")
            session = self.extension.sessionmaker() if is_lite else self.extension.session.session_factory()
        if hasattr(session, "_db"):  # Flask-SQLAlchemy 3 looks its engine up in the context, at every statement
            find_own_bind = session.get_bind
            session.get_bind = lambda *arguments, **named: self.run_in_context(find_own_bind, *arguments, **named)
        return session

    @property
    def engine(self):
        with self.context():
            return self.extension.engine

    @property
    def dialect_name(self):
        return self.engine.dialect.name

    @contextlib.contextmanager
    def context(self):
        """The application context of the request, or one of its own as a background job has it."""
        import flask

        if flask.has_app_context():
            yield
        else:
            with self.app.app_context():
                yield

    def run_in_context(self, function, *arguments, **named):
        """Return what the function returns, called within the application's context."""
        with self.context():
            return function(*arguments, **named)

    def ask_session(self, ask):
        """Return what ``ask`` says of the extension's session."""
        with self.context():
            return ask(self.extension.session())
