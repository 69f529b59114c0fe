"""A project's FastAPI application, with one endpoint more, which does the work of a case on the session of its dependency."""

import inspect
import uuid

from matrix.probe.fixturedependencies import find_dependency
from matrix.probe.fixturevalues import ASYNC_ENGINE, ASYNC_FACTORY, ASYNC_FASTAPI, ASYNCHRONOUS, ENGINE, FACTORY, classify, find_engine

PATH = "/isolation-matrix/{key}"


class FastApiApplication(object):
    """The project's FastAPI application, asked through his client; the endpoint has the session of his own dependency."""

    def __init__(self, app, value, kind):
        self.app, self.kind = app, kind
        self.client = make_client(app, kind) if value is app else value
        self.waiting, self.results, self.errors = {}, {}, {}
        endpoint = self.make_endpoint(find_dependency(app)[0])
        others = [route for route in app.router.routes if getattr(route, "path", None) != PATH]
        app.add_api_route(PATH, endpoint, methods=["POST"])
        app.router.routes[:] = [app.router.routes[-1], *others]  # before a route that takes every path

    def make_endpoint(self, dependency):
        """Return the endpoint, on a session of the dependency, synchronous or not as that is."""
        from fastapi import Depends
        from sqlalchemy.util import greenlet_spawn

        async def await_work(key: str, session=Depends(dependency)):  # noqa: B008  as FastAPI has it
            return await greenlet_spawn(self.do_work, key, self.show(session))

        def do_work(key: str, session=Depends(dependency)):  # noqa: B008  as FastAPI has it
            return self.do_work(key, session)

        return await_work if self.kind == ASYNC_FASTAPI else do_work

    def do_work(self, key, session):
        """Do the work that waits under the key, on the request's session."""
        try:
            self.results[key] = self.waiting.pop(key)(session)
        except BaseException as error:
            self.errors[key] = error
            raise
        return "done"

    def call(self, work):
        """Post a request that does ``work(session)``; return its value, let its exception through."""
        key = uuid.uuid4().hex
        self.waiting[key] = work
        try:
            response = self.wait_for(self.client.post("/isolation-matrix/" + key))
        except BaseException:
            self.errors.pop(key, None)  # what is kept of an error keeps its connections
            raise
        if key in self.errors:  # the application made an answer of it
            raise self.errors.pop(key)
        assert response.status_code == 200, response.text
        return self.results.pop(key)

    def wait_for(self, response):
        """Return the response; a client that does not wait gives something to be awaited."""
        if not inspect.iscoroutine(response):
            return response
        from sqlalchemy.util import await_only

        return await_only(response)

    @property
    def offers(self):
        """Return which of the things that cases ask for there are (dict: name to bool)."""
        return {"engine": self.find_part(ASYNC_ENGINE, ENGINE) is not None, "new_session": self.find_part(ASYNC_FACTORY, FACTORY) is not None}

    @property
    def engine(self):
        return self.show(self.find_part(ASYNC_ENGINE, ENGINE))

    @property
    def dialect_name(self):
        return self.find_part(ASYNC_ENGINE, ENGINE).dialect.name

    def new_session(self):
        """Return a session of the application's own factory, as a background job has it; the caller closes it."""
        return self.show(self.find_part(ASYNC_FACTORY, FACTORY)())

    def find_part(self, *kinds):
        """Return what the application's state holds of these kinds; None when there is not exactly one, or a factory's engine."""
        found = [value for value in self.app.state._state.values() if classify(value) in kinds]
        if len(found) == 1:
            return found[0]
        factory = self.find_part(ASYNC_FACTORY, FACTORY) if ENGINE in kinds else None
        return find_engine(factory()) if factory is not None else None

    def show(self, value):
        """Return what a case sees of a value."""
        if self.kind not in ASYNCHRONOUS:
            return value
        from matrix.probe.awaiting import show

        return show(value)

    def ask_session(self, ask):
        """Return what ``ask`` says of a session of the factory."""
        return ask(self.find_part(ASYNC_FACTORY, FACTORY)())


def make_client(app, kind):
    """Return a client of an application whose project gives none."""
    if kind != ASYNC_FASTAPI:
        from fastapi.testclient import TestClient

        return TestClient(app)
    from httpx import ASGITransport, AsyncClient

    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")
