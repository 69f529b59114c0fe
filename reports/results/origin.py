"""Where a cell of the results comes from: it ran, it was kept of an earlier run, or it is only shown as reviewed."""

from collections.abc import Iterator, Mapping

from matrix.facts import JsonObject

RAN, KEPT, REVIEWED = "ran", "kept", "reviewed"


def find_origin(cell: JsonObject) -> str:
    """Return the origin of a cell of results.json."""
    return REVIEWED if "reviewed" in cell else KEPT if "kept" in cell else RAN


def list_ran(cases: Mapping[str, JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    """Yield the cells of one recipe on one stack that count: those that ran, now or earlier."""
    return ((case, cell) for case, cell in cases.items() if find_origin(cell) != REVIEWED)
