"""Show asynchronous SQLAlchemy objects to cases, which are written synchronously.

Every call goes to the object's OWN method and is awaited through SQLAlchemy's greenlet bridge.
AsyncSession.run_sync would hand out the inner session instead, past everything that a recipe
has put on the AsyncSession. Syntax of Python 3.8.
"""

import functools
import inspect

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, AsyncTransaction
from sqlalchemy.ext.asyncio.session import AsyncSessionTransaction
from sqlalchemy.util import await_only, greenlet_spawn

# In synchronous code these begin when they are made, not when a with block enters them.
BEGUN_WHEN_MADE = (AsyncConnection, AsyncTransaction, AsyncSessionTransaction)


def run_in_greenlet(case):
    """Return the case (a test function) as a coroutine function that pytest-asyncio runs."""
    return pytest.mark.asyncio(make_coroutine(case))


def make_coroutine(case):
    """Return the case (a test function) as a coroutine function; which plugin runs it is not said."""

    @functools.wraps(case)
    async def run(**fixtures):
        await greenlet_spawn(case, **fixtures)

    return run


class Awaiting(object):
    """What a case sees in the place of an asynchronous object: the same names, awaited when called."""

    def __init__(self, target):
        self._target = target

    def __getattr__(self, name):
        value = getattr(self._target, name)
        return functools.partial(call_and_await, value) if callable(value) else show(value)

    def __enter__(self):
        if not isinstance(self._target, BEGUN_WHEN_MADE):
            return show(await_only(self._target.__aenter__()))
        transaction = getattr(self._target, "sync_transaction", None)
        if transaction is not None:  # what __aenter__ does beyond beginning
            transaction.__enter__()
        return self

    def __exit__(self, *error):
        return await_only(self._target.__aexit__(*error))


def call_and_await(method, *arguments, **options):
    """Return what ``method`` returns, awaited where asynchronous code has to await it."""
    value = method(*arguments, **options)
    if inspect.iscoroutine(value) or isinstance(value, BEGUN_WHEN_MADE):
        value = await_only(value)
    return show(value)


def show(value):
    """Return the value as a case may use it: asynchronous objects become Awaiting ones."""
    if isinstance(value, (AsyncEngine, AsyncSession, *BEGUN_WHEN_MADE)) or hasattr(value, "__aenter__"):
        return Awaiting(value)
    return value
