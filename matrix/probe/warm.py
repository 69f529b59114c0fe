"""The warm process of a stack: imports what is expensive once, then forks a process for every recipe.

Case modules and recipes are never imported here: their asserts would not be rewritten, and what one
recipe does to a class would reach the next one.
"""

import importlib
import os
import sys
import traceback

from matrix.probe.forks import report_on_stdout, serve_forks

PRELOADED = (
    "asyncio",
    "pytest",
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.ext.declarative",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.future",
    "pytest_asyncio.plugin",
    "flask.testing",
    "flask_sqlalchemy",
    "fastapi.testclient",
    "anyio._backends._asyncio",  # anyio imports it with the first call, in every child
    "pydantic.v1",  # FastAPI imports it with the first route, in every child
    "httpx",
    "asgi_lifespan",
    "litestar.testing",
    "advanced_alchemy.extensions.litestar",
    "pyramid.config",
    "pyramid_tm",
    "zope.sqlalchemy",
    "webtest",
    "matrix.probe.plugin",
    "matrix.probe.description",
)


def preload_modules():
    """Import what every child needs; a module that this stack does not have is left out."""
    from _pytest.config import default_plugins

    for name in PRELOADED + tuple("_pytest." + plugin for plugin in default_plugins):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    preload_plugins()
    from sqlalchemy.engine.url import make_url

    dialect = make_url(os.environ["MATRIX_DATABASE_URL"]).get_dialect()
    if hasattr(dialect, "import_dbapi"):  # SQLAlchemy 2.0 renamed it
        dialect.import_dbapi()
    else:
        dialect.dbapi()


def preload_plugins():
    """Import the modules of pytest's installed plugins: every child's pytest would, one after the other."""
    from importlib.metadata import distributions

    for distribution in distributions():
        for point in distribution.entry_points:
            if point.group == "pytest11":
                try:
                    importlib.import_module(point.value.partition(":")[0])
                except ImportError:  # the recipe's own pytest is the one to say so
                    continue
    if "faker" in sys.modules:  # its plugin makes one for every session, which imports a hundred modules
        sys.modules["faker"].Faker()


def run_child(channel):
    """Do what the channel's request asks; returns the exit code."""
    if channel.request["task"] == "describe":
        from matrix.probe.description import describe_stack

        channel.send({"described": describe_stack()})
        return 0
    if channel.request["task"] == "explore":
        from matrix.probe.exploring import collect_programs

        return collect_programs(channel)
    from matrix.probe.plugin import collect_recipe

    return collect_recipe(channel)


def main(path):
    """Serve the socket at `path` until standard input ends."""
    preload_modules()
    from matrix.probe.rehearsal import rehearse

    rehearse()
    status = 70
    channel = serve_forks(path, 0, report_on_stdout)
    if channel is None:
        return
    try:
        status = run_child(channel)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # a child never returns into what its parent was doing


if __name__ == "__main__":
    main(sys.argv[1])
