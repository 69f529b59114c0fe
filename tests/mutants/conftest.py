"""Mutants are collected as recipes are: test modules whose tests are the shared cases."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from fixtures.conftest import (  # noqa: E402, F401  found here by pytest
    collect_ignore_glob,
    database_url,
    pytest_addoption,
    pytest_configure,
    pytest_pycollect_makemodule,
)
