"""Make a recipe file a test module whose tests are the shared cases.

The hooks below are imported by ``fixtures/conftest.py``, so that
``pytest fixtures/plain/create_savepoint.py`` just works. Syntax of Python 3.8,
pytest 6.2 to 9.
"""

import fnmatch
import importlib
import inspect
import pathlib
import pkgutil

import pytest

# Before the first import of a case: asserts of an imported module are plain otherwise.
pytest.register_assert_rewrite("cases")

MARKERS = (
    "essential: hardly any application works without this behaviour",
    "common: many applications rely on this behaviour",
    "limit: some applications rely on this behaviour, few recipes can keep it",
    "commits_nothing: production leaves the database as it was",
    "needs(capability): the server must be able to do this",
)


def pytest_addoption(parser):
    group = parser.getgroup("isolation matrix")
    group.addoption("--case", action="append", default=[], metavar="GLOB", help="only the cases whose name matches (may be repeated)")
    group.addoption("--case-order", default="", metavar="NAMES", help="names of cases, separated by commas, in the order to run them")


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    # The instrument's own tests are stricter (pyproject.toml); an application only warns.
    config.addinivalue_line("filterwarnings", "default::pytest.PytestUnraisableExceptionWarning")


if int(pytest.__version__.split(".")[0]) >= 7:

    def pytest_pycollect_makemodule(module_path, parent):
        return RecipeModule.from_parent(parent, path=module_path)
else:

    def pytest_pycollect_makemodule(path, parent):
        return RecipeModule.from_parent(parent, fspath=path)


class RecipeModule(pytest.Module):
    """A recipe as pytest sees it: its own fixtures, and the cases as its test functions."""

    def collect(self):
        """Return the test functions of the selected cases, in the selected order.

        Raises CollectError when the selection names a case that does not exist.
        """
        try:
            cases = select_cases(find_own_cases(self.config) or find_cases(), self.config)
        except ValueError as error:
            raise self.CollectError(str(error)) from None
        adapt = getattr(self._find_family_conftest(), "adapt_case", None)
        for name, case in cases.items():
            setattr(self.obj, "test_" + name, adapt(case) if adapt else case)
        order = ["test_" + name for name in cases]
        return sorted(super().collect(), key=lambda item: _rank(item, order))

    def _find_family_conftest(self):
        recipe = pathlib.Path(str(getattr(self, "path", None) or self.fspath))
        conftest = str(recipe.with_name("conftest.py"))
        for plugin in self.config.pluginmanager.get_plugins():
            if getattr(plugin, "__file__", None) == conftest:
                return plugin
        return None


def find_own_cases(config):
    """Return what a plugin of the examiner has in the place of the cases ({name: function}), None without one."""
    for plugin in config.pluginmanager.get_plugins():
        if hasattr(plugin, "list_own_cases"):
            return plugin.list_own_cases()
    return None


def find_cases():
    """Return {name: function} of every case, themes in alphabetical order, then as written."""
    package = importlib.import_module("cases")
    found = {}
    for theme in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module("cases." + theme)
        for name, value in vars(module).items():
            if name.startswith("test_") and inspect.isfunction(value):
                found[name[len("test_") :]] = value
    return found


def select_cases(cases, config):
    """Return the part of ``cases`` that --case and --case-order ask for.

    Raises ValueError when a pattern or a name fits no case.
    """
    patterns = config.getoption("--case") or ["*"]
    selected = {name: case for name, case in cases.items() if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)}
    for pattern in patterns:
        if not fnmatch.filter(cases, pattern):
            raise ValueError("--case %s fits no case; there are: %s" % (pattern, ", ".join(cases)))
    order = [name for name in config.getoption("--case-order").split(",") if name]
    for name in order:
        if name not in cases:
            raise ValueError("--case-order names %s, which is not a case" % name)
    ranked = sorted(selected, key=lambda name: order.index(name) if name in order else len(order))
    return {name: selected[name] for name in ranked}


def _rank(item, order):
    name = getattr(item, "originalname", None) or item.name
    return order.index(name) if name in order else len(order)
