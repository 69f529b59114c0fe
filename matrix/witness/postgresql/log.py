"""What a stack said, from PostgreSQL's own statement log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from matrix.witness.findings import Statement

#: The servers are started with log_line_prefix = '%m [%p] %d ' (milliseconds, zone, pid, database).
_LINE = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) \S+ \[(\d+)\] (?:(\S*) )?"
    r"(?:(LOG):  (?:statement|execute [^:]*): (.*)|[A-Z0-9]+:  .*)$"
)


def parse_log(text: str, database: str, zone: ZoneInfo) -> Iterator[Statement]:
    """Statements in `database`, in its copies and about them, in the log's order.

    A line without the prefix continues the entry before it.
    """
    entry: tuple[float, int, list[str]] | None = None
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match:
            if entry:
                entry[2].append(line.removeprefix("\t"))
            continue
        if entry:
            yield Statement(entry[0], entry[1], "\n".join(entry[2]))
        entry = _open_entry(match, database, zone)
    if entry:
        yield Statement(entry[0], entry[1], "\n".join(entry[2]))


def _open_entry(match: re.Match[str], database: str, zone: ZoneInfo) -> tuple[float, int, list[str]] | None:
    moment, pid, where, level, statement = match.groups()
    # whoever creates or drops a copy is connected to another database, and names this one
    if level != "LOG" or not ((where or "").startswith(database) or database in statement):
        return None
    at = datetime.fromisoformat(moment).replace(tzinfo=zone)
    return at.timestamp(), int(pid), [statement]
