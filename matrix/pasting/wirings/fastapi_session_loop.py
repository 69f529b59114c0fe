import inspect

import pytest

__all__ = ["pytest_collection_modifyitems"]


def pytest_collection_modifyitems(items):
    """All asynchronous tests run on one event loop, that of the session: asyncio_default_test_loop_scope = "session"."""
    for item in items:
        if inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
