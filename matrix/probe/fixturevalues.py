"""What the fixtures of a project give: sessions, factories, engines, extensions; and what a session is bound to."""

import functools

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from matrix.probe.fixturedependencies import asynchronous, find_dependency, find_fastapi, has_base

#: Kinds of values through which cases can be run.
SESSION, ASYNC_SESSION, SCOPED, FACTORY, ASYNC_FACTORY = "session", "async_session", "scoped_session", "sessionmaker", "async_sessionmaker"
EXTENSION, FASTAPI, ASYNC_FASTAPI = "flask_sqlalchemy", "fastapi", "async_fastapi"
#: Kinds of values that only help.
ENGINE, ASYNC_ENGINE, FLASK = "engine", "async_engine", "flask"
WEB = (EXTENSION, FASTAPI, ASYNC_FASTAPI)
USABLE = (SESSION, ASYNC_SESSION, SCOPED, FACTORY, ASYNC_FACTORY, *WEB)
ASYNCHRONOUS = (ASYNC_SESSION, ASYNC_FACTORY, ASYNC_FASTAPI)
EXTENSIONS = ("flask_sqlalchemy", "flask_sqlalchemy_lite")


def classify(value):
    """Return the kind of a fixture's value, None for what has nothing to do with a database session."""
    kind = name_class(value)
    if kind is not None or asynchronous is None:
        return kind
    if isinstance(value, (asynchronous.AsyncSession, getattr(asynchronous, "async_scoped_session", ()))):
        return ASYNC_SESSION
    if isinstance(value, getattr(asynchronous, "async_sessionmaker", ())):
        return ASYNC_FACTORY
    return ASYNC_ENGINE if isinstance(value, asynchronous.AsyncEngine) else None


def name_class(value):
    """Return the kind of a value that works without asyncio."""
    if isinstance(value, scoped_session):
        return SCOPED
    if isinstance(value, Session):
        return SESSION
    if isinstance(value, Engine):
        return ENGINE
    maker = find_maker(value)
    if maker is not None:
        return ASYNC_FACTORY if asynchronous is not None and issubclass(maker.class_, asynchronous.AsyncSession) else FACTORY
    if has_base(value, "SQLAlchemy", *EXTENSIONS):
        return EXTENSION
    if has_base(value, "Flask", "flask"):
        return FLASK
    app = find_fastapi(value)
    dependencies = find_dependency(app) if app is not None else ()
    return (ASYNC_FASTAPI if dependencies[1] else FASTAPI) if dependencies else None


def find_maker(value):
    """Return the sessionmaker that a value is, or that a partial of it calls; None when it is no such factory."""
    while isinstance(value, functools.partial):
        value = value.func
    return value if isinstance(value, sessionmaker) else None


def find_bind(session):
    """Return the Engine or Connection of a Session (or what stands for one); raises whatever SQLAlchemy raises when it has none."""
    session = getattr(session, "sync_session", session)  # of an AsyncSession
    try:
        return session.get_bind()
    except TypeError:  # a get_bind of the project's own that wants to know for what
        return session.get_bind(None)


def find_engine(session):
    """Return the Engine or AsyncEngine that a session works on."""
    bind = getattr(session, "bind", None)
    if asynchronous is not None and isinstance(bind, (asynchronous.AsyncEngine, asynchronous.AsyncConnection)):
        return getattr(bind, "engine", bind)
    if asynchronous is not None and hasattr(session, "sync_session"):
        return asynchronous.AsyncEngine(find_bind(session).engine)
    return find_bind(session).engine


def describe_engine(engine):
    """Return where an Engine or AsyncEngine connects to, and how, without its password (dict of JSON values)."""
    engine = getattr(engine, "sync_engine", engine)
    url, is_async = engine.url, bool(getattr(engine.dialect, "is_async", False))
    driver = "psycopg_async" if is_async and engine.driver == "psycopg" else engine.driver
    return {
        "dialect": "%s+%s" % (engine.dialect.name, driver),
        "asynchronous": is_async,
        "future": hasattr(engine, "_is_future") and bool(engine._is_future),
        "host": url.host,
        "port": url.port,
        "database": url.database,
    }


def list_values(item):
    """Return the values of an item's fixtures that have been set up, by name; of a fixture that is overridden only the last."""
    found = {}
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        ran = getattr(definitions[-1], "cached_result", None)
        if ran is not None and ran[2] is None:
            found[name] = ran[0]
    return found


def list_parts(item, name):
    """Return the names of the fixtures that a fixture is made of, its own first."""
    definitions, found, wanted = item._fixtureinfo.name2fixturedefs, [], [name]
    while wanted:
        part = wanted.pop(0)
        if part not in found and part in definitions:
            found.append(part)
            wanted += [argument for definition in definitions[part] for argument in definition.argnames]
    return found
