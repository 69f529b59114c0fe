"""What goes wrong because one connection was given to two holders at the same time."""

from reports.causes import links
from reports.causes.evidence import Evidence
from reports.causes.marks import Mark, Proof
from reports.causes.statements import is_write
from reports.causes.theme import Theme
from reports.causes.undone import reads, uses_tables

theme = Theme("shared")


@theme.cause(
    "One connection was given to two sessions at the same time",
    "While a session had unfinished work on a connection, the pool gave the same connection to another one. "
    "The second one read, in the same transaction, what production hides from it.",
    "Test what sessions must not see of each other on connections of their own, with real commits.",
    links.JOINING,
)
def connection_given_twice(cell: Evidence) -> Proof | None:
    again = find_second_checkout(cell)
    if not cell.breaks or again is None or not any(error["assertion"] for error in cell.facts["errors"]):
        return None
    calls = cell.in_call(cell.wire)
    before = [mark for mark in calls if mark.index < again.index and (uses_tables(mark) or mark.does in ("commit", "release"))]
    after = [mark for mark in calls if mark.index > again.index and uses_tables(mark)]
    if not before or not is_write(before[-1].text) or not after or not reads(after[0]) or after[0].lane != before[-1].lane:
        return None
    return again.prove(", which held unfinished work and had not been given back")


def find_second_checkout(cell: Evidence) -> Mark | None:
    """Return the first checkout during the test of a connection that was checked out already."""
    holders: dict[int, int] = {}
    for mark in cell.in_call(cell.client):
        if mark.event in ("checkout", "checkin"):
            holders[mark.lane] = holders.get(mark.lane, 0) + (1 if mark.event == "checkout" else -1)
            if holders[mark.lane] > 1:
                return mark
    return None
