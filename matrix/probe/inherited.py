"""Connections that a project has opened while its tests were collected: a fork must not talk over its parent's.

SQLAlchemy's own advice for forks: a new pool, and the old connections left alone
(source: https://docs.sqlalchemy.org/en/20/core/pooling.html#using-connection-pools-with-multiprocessing-or-os-fork).
"""

import gc

from sqlalchemy.engine import Engine


class InheritedPools(object):
    """Knows the engines that there are before anything is forked, and gives them new pools in a fork."""

    def __init__(self):
        self._engines = []
        self._kept = []

    def remember(self):
        """Take the engines of servers that have been made by now; a database in memory is its connection."""
        self._engines = [found for found in gc.get_objects() if isinstance(found, Engine) and found.dialect.name != "sqlite"]

    def renew(self):
        """Give each engine a new pool; the old ones are kept, so that nobody says goodbye in the parent's name."""
        for engine in self._engines:
            self._kept.append(engine.pool)
            engine.pool = engine.pool.recreate()
