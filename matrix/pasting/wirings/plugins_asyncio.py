__all__ = ["pytest_configure"]


def pytest_configure(config):
    """pytest-asyncio runs the asynchronous fixtures of this plugin in mode "auto" alone."""
    config.option.asyncio_mode = "auto"
