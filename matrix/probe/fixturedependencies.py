"""Where a FastAPI application gets its sessions from, read from the signatures of its endpoints."""

import inspect

from sqlalchemy.orm import Session

try:
    from sqlalchemy.ext import asyncio as asynchronous
except ImportError:  # SQLAlchemy 1.3
    asynchronous = None


def has_base(value, name, *packages):
    """Say whether a value is of a class of that name of one of the packages: nothing is imported for the question."""
    return any(base.__name__ == name and base.__module__.partition(".")[0] in packages for base in type(value).__mro__)


def find_fastapi(value):
    """Return the FastAPI application that a value is, or is a client of; None when it is neither."""
    for candidate in (value, getattr(value, "app", None), getattr(getattr(value, "_transport", None), "app", None)):
        if candidate is not None and has_base(candidate, "FastAPI", "fastapi"):
            return candidate
    return None


def find_dependency(app):
    """Return the dependency from which the endpoints of a FastAPI application get their session, and whether that is asynchronous.

    None when there is none, or more than one.
    """
    found = {}
    waiting = [route.endpoint for route in app.routes if hasattr(route, "dependant")]
    seen = set()
    while waiting:
        function = waiting.pop()
        if function not in seen:
            seen.add(function)
            for dependency, given in list_dependencies(function):
                waiting.append(dependency)
                if given is not None:
                    found[dependency] = given
    return next(iter(found.items())) if len(found) == 1 else None


def list_dependencies(function):
    """Yield what a function depends on by FastAPI's marks, each with whether it gives a session: None no, else asynchronous or not."""
    try:
        from typing_extensions import get_type_hints

        hints = get_type_hints(function, include_extras=True)
        parameters = inspect.signature(function).parameters
    except Exception:  # a callable whose annotations cannot be read depends on nothing that we know
        return
    for name, parameter in parameters.items():
        hint = hints.get(name)
        for mark in (parameter.default, *getattr(hint, "__metadata__", ())):
            if type(mark).__name__ == "Depends" and mark.dependency is not None:
                yield mark.dependency, gives_session(getattr(hint, "__origin__", hint))


def gives_session(hint):
    """Say whether an annotation is of a session: None no, else whether it is asynchronous."""
    if not isinstance(hint, type):
        return None
    if asynchronous is not None and issubclass(hint, asynchronous.AsyncSession):
        return True
    return False if issubclass(hint, Session) else None
