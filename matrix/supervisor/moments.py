"""When statements were sent, as exactly as a log that cuts its times allows.

The client's clock and the server's are one machine's. What the client meant on a connection comes in the order of what
the server logged of it, so the client's events, which are exact, say more of the same statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

MOMENT = 1e-6  # seconds, the steps of a timeline
# Seconds. PostgreSQL's log has milliseconds (source: https://www.postgresql.org/docs/current/runtime-config-logging.html,
# log_line_prefix, %m), seen to be cut, not rounded; MySQL's and MariaDB's general log has microseconds.
CUT_S = {"postgresql": 0.001, "mysql": 0.0}


def find_moments(events: Sequence[tuple[float, str]], logged: Sequence[tuple[float, str]], cut: float) -> list[float]:
    """Return for each logged statement of one connection when it was sent, seconds since the cell began, never falling.

    Both sequences are (at, event) in order: what the client meant on that connection, and what its server logged.
    A statement that the client's events do not tell of is taken to be in the middle of what the log leaves open, before
    its connection goes back to the pool.
    """
    meant = list(match_events(events, logged, cut))
    given = events[0][0] if events and events[0][1] == "checkout" else 0.0  # nobody uses a connection of a pool before
    returned = [at - MOMENT for at, name in events if name in ("checkin", "close")]
    moments: list[float] = []
    for place, (at, _) in enumerate(logged):
        earliest = max([at, 0.0, *moments[-1:], *([given] if given <= at + cut else [])])
        following = min((moment for moment in meant[place:] if moment is not None), default=at + cut)
        own = meant[place]
        likely = own if own is not None else min(at + cut / 2, following, *(back for back in returned if back >= at))
        moments.append(max(earliest, likely))
    return moments


def match_events(events: Sequence[tuple[float, str]], logged: Sequence[tuple[float, str]], cut: float) -> Iterator[float | None]:
    """Yield for each logged statement the moment of the client's event that stands for it, if there is one: each for one only."""
    first = 0
    for at, name in logged:
        found = next((place for place in range(first, len(events)) if events[place][0] <= at + cut and events[place][1] == name), None)
        first = first if found is None else found + 1
        yield None if found is None else events[found][0]
