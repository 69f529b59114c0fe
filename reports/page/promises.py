"""What an application may do under a fixture, in plain words: what it means that a named case holds, and that it does not."""

from __future__ import annotations

from collections.abc import Mapping

from matrix.facts import JsonObject
from reports.page.marks import CLEAN, UNJUDGED

KEPT, LOST, UNKNOWN = "+", "-", "."

# Case -> (when it holds, when it does not), in the order in which readers ask.
PROMISES = {
    "commit_rollback_commit": ("Commit and roll back as you like.", "A rollback takes along what was committed before."),
    "savepoint_undone": ("Savepoints of your own hold.", "Savepoints of your own do not hold."),
    "error_in_savepoint": ("Catch an IntegrityError in a savepoint and go on.", "After an IntegrityError in a savepoint you cannot go on as in production."),
    "other_session_commits": ("A second session sees committed rows.", "What a second session commits is not seen or stays behind."),
    "seed_is_seen": ("Rows that were there before the tests are there.", "Rows that were there before the tests are not there."),
    "id_not_used_again": ("An id that was rolled back is not used again.", "An id that was rolled back is used again."),
    "engine_sees_commit": ("Code that opens its own connection sees committed rows.", "Code that opens its own connection does not see committed rows."),
    "engine_begin": ("What such code commits is undone too.", "What such code commits stays behind or is not seen."),
    "uncommitted_is_invisible": ("Sessions do not see each other's uncommitted rows.", "Sessions see each other's uncommitted rows."),
    "row_lock_refuses_other_session": ("Row locks keep other sessions out.", "Row locks do not keep other sessions out."),
    "commit_as_text": ("COMMIT sent as text is undone too.", "COMMIT sent as text ends the isolation."),
    "create_table_then_commit": ("Create tables.", "A table that you create ends the isolation."),
    "clock_moves_on": ("now() moves on after a commit.", "now() stands still during a test."),
}
# Code that opens connections of its own needs these: an application that keeps them need not be changed.
OPEN = ("engine_sees_commit", "engine_begin")


def read_promises(verdicts: Mapping[str, JsonObject]) -> str:
    """One character per promise. verdicts: the cells of a recipe on a stack."""
    return "".join(read_promise(verdicts, case) for case in PROMISES)


def read_promise(verdicts: Mapping[str, JsonObject], case: str) -> str:
    """A case with parameters holds when it holds with all of them."""
    found = {cell["verdict"] for name, cell in verdicts.items() if name.partition("[")[0] == case} - UNJUDGED
    return UNKNOWN if not found else KEPT if found <= CLEAN else LOST


def is_open(verdicts: Mapping[str, JsonObject]) -> bool:
    return all(read_promise(verdicts, case) == KEPT for case in OPEN)
