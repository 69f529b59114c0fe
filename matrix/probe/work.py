"""What a cell costs, counted in what does not depend on neighbours: processor time, and statements by what they cost.

Time on the clock does: on a busy machine it says how busy the machine was. What a kind costs on the server is measured
once a stack (matrix/witness/prices.py).
"""

import re
import time

#: kinds with a price; commits that a driver or a text sends are statements, and whatever is not named here costs no round trip
STATEMENT, COMMIT, CONNECT, DDL, TRUNCATE, DATABASE = "statement", "commit", "connect", "ddl", "truncate", "database"
KINDS = {
    "statement": STATEMENT,
    "savepoint": STATEMENT,
    "release": STATEMENT,
    "rollback_to": STATEMENT,
    "rollback": STATEMENT,
    "commit": COMMIT,
    "connect": CONNECT,
}
COSTLY = re.compile(r"\s*(?:(TRUNCATE)|(?:CREATE|DROP|ALTER|RENAME)\b(\s+DATABASE\b)?)", re.IGNORECASE)


class Work(object):
    """Counts the work of the running cell."""

    def __init__(self):
        self.start()

    def start(self):
        self._counts = {}
        self._began_s = time.process_time()

    def count(self, name, text):
        """Count an event of the timeline, if it is a round trip."""
        kind = KINDS.get(name)
        if kind is not None:
            kind = find_kind(text) if name == "statement" else kind
            self._counts[kind] = self._counts.get(kind, 0) + 1

    def stop(self):
        """Return the processor time of the test's process (seconds) and how many round trips of each kind there were."""
        return {"cpu_s": round(time.process_time() - self._began_s, 6), "counts": self._counts}


def find_kind(text):
    """Return the kind of a statement, as far as kinds differ in what they cost."""
    found = COSTLY.match(text)
    if found is None:
        return STATEMENT
    return TRUNCATE if found.group(1) else DATABASE if found.group(2) else DDL
