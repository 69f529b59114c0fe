"""What an application may do under a fixture, in plain words: what it means that a named case holds, and that it does not."""

from __future__ import annotations

from collections.abc import Mapping

from matrix.facts import JsonObject
from reports.page.marks import CLEAN, UNJUDGED

KEPT, LOST, UNKNOWN = "+", "-", "."

# Case -> (when it holds, when it does not), in the order in which readers ask; each goes on after a semicolon.
PROMISES = {
    "commit_rollback_commit": ("commit and roll back as you like", "not every commit and rollback does what it does in production"),
    "savepoint_undone": ("use savepoints of your own", "savepoints of your own do not hold"),
    "error_in_savepoint": ("catch an IntegrityError in a savepoint and go on", "after an IntegrityError in a savepoint you cannot go on as in production"),
    "other_session_commits": ("a second session sees committed rows", "what a second session commits is not seen or stays behind"),
    "seed_is_seen": ("rows committed before the tests are there", "rows committed before the tests are not there"),
    "id_not_used_again": ("an id that was rolled back is not used again", "an id that was rolled back is used again"),
    "engine_sees_commit": ("code that opens its own connection sees committed rows", "code that opens its own connection does not see committed rows"),
    "engine_begin": ("what code commits on its own connection is undone too", "what code commits on its own connection stays behind or is not seen"),
    "uncommitted_is_invisible": ("sessions do not see each other's uncommitted rows", "sessions see each other's uncommitted rows"),
    "row_lock_refuses_other_session": ("row locks keep other sessions out", "row locks do not keep other sessions out"),
    "commit_as_text": ("COMMIT sent as text is undone too", "COMMIT sent as text ends the isolation"),
    "create_table_then_commit": ("create tables", "a table that you create ends the isolation"),
    "clock_moves_on": ("now() moves on after a commit", "now() stands still during a test"),
}
# What more has to hold: "as you like" is every essential case, and a savepoint of one's own is kept as well as undone, at any place.
ALSO = {
    "commit_rollback_commit": (
        "commit_once", "commit_twice", "commit_in_three_calls", "change_after_commit", "error_then_rollback", "error_after_commit",
        "commit_error_rollback_commit", "rollback_only", "rollback_then_commit", "rollback_after_commit", "commit_flush_rollback_commit",
    ),
    "savepoint_undone": ("savepoint_kept", "savepoint_after_commit", "savepoint_in_savepoint"),
}  # fmt: skip
# Code that opens connections of its own needs these: an application that keeps them need not be changed.
OPEN = ("engine_sees_commit", "engine_begin")


def read_promises(verdicts: Mapping[str, JsonObject]) -> str:
    """One character per promise. verdicts: the cells of a recipe on a stack."""
    return "".join(read_promise(verdicts, case) for case in PROMISES)


def read_promise(verdicts: Mapping[str, JsonObject], case: str) -> str:
    """A case with parameters holds when it holds with all of them, a promise when all its cases do."""
    cases = {case, *ALSO.get(case, ())}
    found = {cell["verdict"] for name, cell in verdicts.items() if name.partition("[")[0] in cases} - UNJUDGED
    return UNKNOWN if not found else KEPT if found <= CLEAN else LOST


def is_open(verdicts: Mapping[str, JsonObject]) -> bool:
    return all(read_promise(verdicts, case) == KEPT for case in OPEN)
