"""The application of a case, made of what a project's own fixture gives; what it does not give is not offered."""

import contextlib
import uuid

from matrix.probe.fixturevalues import (
    ASYNC_ENGINE,
    ASYNC_FACTORY,
    ASYNC_SESSION,
    ASYNCHRONOUS,
    ENGINE,
    EXTENSION,
    FACTORY,
    SCOPED,
    classify,
    find_engine,
    list_parts,
    list_values,
)


class NotOffered(Exception):
    """A case asked for what the fixture does not give: it should not have been run."""


def make_application(item, name, flask_app=None):
    """Return the application of an item on the fixture of that name, which has been set up."""
    values = list_values(item)
    kind = classify(values[name])
    if kind == EXTENSION:
        return FlaskApplication(values[flask_app], values[name])
    parts = {part: values[part] for part in list_parts(item, name) if part in values}
    application = (UnitsOfWork if kind in (FACTORY, ASYNC_FACTORY) else OneSession)(values[name], kind)
    application.factory = find_factory(parts, values[name], kind)
    application.own_engine = find_own_engine(parts, application)
    return application


def find_factory(parts, value, kind):
    """Return the factory of sessions that the fixture is, or is made of; None when there is none, or more than one."""
    if kind in (FACTORY, ASYNC_FACTORY):
        return value
    if kind == SCOPED:
        return value.session_factory
    wanted = ASYNC_FACTORY if kind == ASYNC_SESSION else FACTORY
    found = [part for part in parts.values() if classify(part) == wanted]
    return found[0] if len(found) == 1 else None


def find_own_engine(parts, application):
    """Return the engine that the fixture is made of, else the one that its session works on; None without one."""
    wanted = ASYNC_ENGINE if application.kind in ASYNCHRONOUS else ENGINE
    found = [part for part in parts.values() if classify(part) == wanted]
    if len(found) == 1:
        return found[0]
    try:
        return application.ask_session(find_engine)
    except Exception:  # a session without an engine is a session: cases that need one are left out
        return None


class OneSession(object):
    """One session for all of the application's work: what a fixture gives that is a session."""

    def __init__(self, session, kind):
        self.kind = kind
        self.session = session
        self.factory = self.own_engine = None
        self.show = find_show(kind)

    @property
    def offers(self):
        """Return which of the things that cases ask for there are (dict: name to bool)."""
        return {"engine": self.own_engine is not None, "new_session": self.factory is not None}

    @property
    def engine(self):
        if self.own_engine is None:
            raise NotOffered("engine")
        return self.show(self.own_engine)

    @property
    def dialect_name(self):
        return self.own_engine.dialect.name if self.own_engine is not None else self.ask_session(find_engine).dialect.name

    def call(self, work):
        """Return ``work(session)``; an exception of ``work`` comes through unchanged."""
        return work(self.show(self.session))

    def new_session(self):
        """Return a session of the factory; the caller closes it."""
        if self.factory is None:
            raise NotOffered("new_session")
        return self.show(self.factory())

    def ask_session(self, ask):
        """Return what ``ask`` says of a session."""
        return ask(self.session() if self.kind == SCOPED else self.session)


class UnitsOfWork(OneSession):
    """A session of its own for each piece of work, closed after it: what a fixture gives that is a factory."""

    def call(self, work):
        """Return ``work(session)``; an exception of ``work`` comes through unchanged."""
        with contextlib.closing(self.new_session()) as session:
            return work(session)

    def ask_session(self, ask):
        """Return what ``ask`` says of a session that has done nothing."""
        return ask(self.session())


class FlaskApplication(object):
    """The project's Flask application, with one endpoint more: it does the work that waits under the key."""

    kind = EXTENSION
    offers = {"engine": True, "new_session": True}  # noqa: RUF012  nobody changes it

    def __init__(self, app, extension):
        self.app, self.extension = app, extension
        self.places = app.extensions.setdefault("isolation_matrix", {})
        if not self.places:
            self.places.update(waiting={}, results={}, errors={})
            app.add_url_rule("/isolation-matrix/<key>", "isolation_matrix", self.do_work, methods=["POST"])

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
            make = getattr(self.extension, "sessionmaker", None) or self.extension.session.session_factory
            session = make()
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


def find_show(kind):
    """Return what shows objects of that kind to a case: asynchronous ones are awaited for it."""
    if kind not in ASYNCHRONOUS:
        return lambda value: value
    from matrix.probe.awaiting import show

    return show
