"""Puts the shared cases beside a project's own tests, on his own fixture; no file is written.

The cases become the tests of a module that exists in memory only, in the folder of a test that has the fixture, so that
every conftest.py applies which applies to that test. Names that could meet the project's own carry our prefix.
"""

import functools
import inspect
import types

import pytest

from matrix.probe.fixtureapp import make_application
from matrix.probe.fixturevalues import ASYNCHRONOUS

PREFIX = "isolation_matrix_"
APP, SEED = PREFIX + "app", PREFIX + "seeded_customer"
RENAMED = {"app": APP, "seeded_customer": SEED}


def find_anchor(items, fixture):
    """Return the test beside which cases are put: the first that uses the fixture, else the first that could."""
    tests = [item for item in items if isinstance(item, pytest.Function) and item.getparent(pytest.Module) is not None]
    using = [item for item in tests if fixture in item.fixturenames]
    could = (item for item in tests if find_definitions(item, fixture))
    return using[0] if using else next(could, None)


def find_definitions(item, fixture):
    """Return the definitions of a fixture that an item sees, the one that counts last."""
    manager = item.session._fixturemanager
    try:
        return manager.getfixturedefs(fixture, item)
    except (AttributeError, TypeError):  # before pytest 8 it wants the node's id
        return manager.getfixturedefs(fixture, item.nodeid)


def make_module(anchor, request, functions):
    """Return the module node that holds the functions, where the anchor's fixtures are seen.

    A fixture of a conftest.py is seen by every module beside; one that is defined in a module only from within it.
    """
    module = anchor.getparent(pytest.Module)
    place = getattr(module, "path", None) or module.fspath
    base = find_definitions(anchor, request["fixture"])[-1].baseid
    if base and base.startswith(module.nodeid):
        options = {"parent": module, "nodeid": module.nodeid + "::" + PREFIX + "cases"}
    else:
        options = {"parent": module.parent}
        place = place.with_name("test_isolation_matrix.py") if hasattr(place, "with_name") else place.dirpath("test_isolation_matrix.py")
    options["path" if hasattr(module, "path") else "fspath"] = place
    node = CasesModule.from_parent(**options)
    node.functions = dict(functions, **make_fixtures(request, anchor))
    return node


class CasesModule(pytest.Module):
    """A module of tests that no file holds."""

    functions = {}  # noqa: RUF012  each has its own

    def _getobj(self):
        module = types.ModuleType(PREFIX + "cases")
        vars(module).update(self.functions)
        return module

    def funcnamefilter(self, name):
        """Whatever the project calls its tests, ours are these."""
        return name.startswith("test_")


def make_fixtures(request, anchor):
    """Return the fixtures that cases ask for, by name: the application and the customer that is there before."""
    wanted = [name for name in (request["fixture"], request.get("flask_app")) if name]
    return {APP: make_app_fixture(wanted), SEED: make_seed_fixture(request.get("kind", ""), list_wider(anchor, wanted))}


def make_app_fixture(wanted):
    """Return the fixture of the application, which asks for the project's own, set up as for any of his tests."""

    def provide(request, **values):
        return make_application(request.node, *wanted)

    return pytest.fixture(name=APP)(set_arguments(provide, ["request", *wanted]))


def make_seed_fixture(kind, wider):
    """Return the fixture of a customer that is committed before the tests begin and removed after the last.

    Like seed data of the project's own it comes behind the fixtures of its scope: they may make the tables anew.
    """

    def seed(**values):
        from matrix.probe import fixtureseed

        name = "seeded customer"
        fixtureseed.execute(kind, lambda customers: customers.insert().values(name=name, credit=10))
        yield name
        fixtureseed.execute(kind, lambda customers: customers.delete().where(customers.c.name == name))

    return pytest.fixture(name=SEED, scope="session")(set_arguments(seed, wider))


def list_wider(anchor, names):
    """Return the session-scoped fixtures among these and those that they are made of, in the order in which they are asked for."""
    found, waiting, seen = [], list(names), set()
    while waiting:
        name = waiting.pop(0)
        definitions = () if name in seen else find_definitions(anchor, name) or ()
        seen.add(name)
        if definitions and definitions[-1].scope == "session":
            found.append(name)
        for definition in definitions:
            waiting += definition.argnames
    return found


def adapt_cases(cases, kind, anchor):
    """Return cases ({name: function}) as functions of a project's test module: names that are ours, and awaited where sessions are."""
    return {"test_" + name: adapt_case(case, kind, anchor) for name, case in cases.items()}


def adapt_case(case, kind, anchor):
    """Return one case under our names; an asynchronous one is run by the plugin that runs the anchor."""
    adapted = rename_arguments(case)
    if kind in ASYNCHRONOUS:
        from matrix.probe.awaiting import make_coroutine

        adapted = find_runner(anchor)(make_coroutine(adapted))
    # warnings that the project makes errors are about its code
    return pytest.mark.filterwarnings("default")(adapted)


def rename_arguments(case):
    """Return the case as a function whose arguments carry our prefix."""

    @functools.wraps(case)
    def run(**values):
        names = {ours: name for name, ours in RENAMED.items()}
        return case(**{names.get(name, name): value for name, value in values.items()})

    return set_arguments(run, [RENAMED.get(name, name) for name in inspect.signature(case).parameters])


def set_arguments(function, names):
    """Have pytest see these names as the function's arguments; returns the function."""
    signature = inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names])
    vars(function)["__signature__"] = signature
    return function


def find_runner(anchor):
    """Return the mark that has asynchronous tests run, as the anchor has it."""
    for name in ("anyio", "asyncio"):
        found = anchor.get_closest_marker(name)
        if found is not None:
            return getattr(pytest.mark, name)(*found.args, **found.kwargs) if found.args or found.kwargs else getattr(pytest.mark, name)
    return pytest.mark.asyncio
