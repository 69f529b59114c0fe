"""The warm process of a stack imports once what every child would import for itself."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

from matrix.probe.warm import PRELOADED

LOOK = """
import json, sys
from matrix.probe.warm import preload_plugins
preload_plugins()
print(json.dumps([name in sys.modules for name in sys.argv[1:]]))
"""


def test_plugins_are_imported_before_the_fork():
    plugins = sorted({point.module for point in entry_points(group="pytest11")})
    assert plugins
    looked = subprocess.run([sys.executable, "-c", LOOK, *plugins], capture_output=True, text=True, check=True)
    assert json.loads(looked.stdout) == [True] * len(plugins)


def test_cases_and_recipes_are_not():
    """Their asserts would not be rewritten, and what one recipe does to a class would reach the next."""
    assert [name for name in PRELOADED if name.partition(".")[0] in ("cases", "fixtures", "tests")] == []
