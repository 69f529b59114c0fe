"""The application of a case, made of what a project's own fixture gives; what it does not give is not offered."""

import contextlib

from matrix.probe.fixturevalues import (
    ASYNC_ENGINE,
    ASYNC_FACTORY,
    ASYNC_SESSION,
    ASYNCHRONOUS,
    ENGINE,
    EXTENSION,
    FACTORY,
    SCOPED,
    WEB,
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
    if kind in WEB:
        return make_web_application(values[name], kind, values.get(flask_app))
    parts = {part: values[part] for part in list_parts(item, name) if part in values}
    application = (UnitsOfWork if kind in (FACTORY, ASYNC_FACTORY) else OneSession)(values[name], kind)
    application.factory = find_factory(parts, values[name], kind)
    application.own_engine = find_own_engine(parts, application)
    return application


def make_web_application(value, kind, flask_app):
    """Return the application of a fixture that gives Flask's extension, a FastAPI application or a client of one."""
    if kind == EXTENSION:
        from matrix.probe.fixtureflask import FlaskApplication

        return FlaskApplication(flask_app, value)
    from matrix.probe.fixturedependencies import find_fastapi
    from matrix.probe.fixturefastapi import FastApiApplication

    return FastApiApplication(find_fastapi(value), value, kind)


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


def find_show(kind):
    """Return what shows objects of that kind to a case: asynchronous ones are awaited for it."""
    if kind not in ASYNCHRONOUS:
        return lambda value: value
    from matrix.probe.awaiting import show

    return show
