"""How a COMMIT came about: asked for or not, with or without a savepoint, after a rollback."""

from collections.abc import Callable

from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Commit, Mark, Proof
from matrix.judging.causes.statements import is_cleanup, tidy

# Two records of one event, the engine's and the server's, lie at most this far apart (seconds) on a busy machine.
CLOCK = 0.05


def prove_first(cell: Evidence, holds: Callable[[Commit], bool]) -> Proof | None:
    """Return the proof by the first durable commit for which the condition holds."""
    if not cell.leaks:
        return None
    commit = next((commit for commit in cell.commits if holds(commit)), None)
    return commit and commit.mark.prove()


def cleans_up(cell: Evidence) -> bool:
    return any(is_cleanup(mark.text) for mark in cell.around_call(cell.wire))


def find_unasked_commit(cell: Evidence) -> Mark | None:
    """Return the first durable COMMIT of the server's log that no commit event of the engine stands beside."""
    if not cell.server or not cell.client:
        return None
    meant = [mark for mark in cell.client if mark.event == "commit"]
    for commit in cell.commits:
        twins = [mark for mark in meant if mark.lane == commit.mark.lane and abs(mark.at - commit.mark.at) <= CLOCK]
        if not twins:
            return commit.mark
        meant.remove(min(twins, key=lambda mark: abs(mark.at - commit.mark.at)))
    return None


def savepoint_was_spent(cell: Evidence, commit: Commit) -> bool:
    """True when the fixture's savepoint had ended and none was open at the commit."""
    had_one = any(mark.index in cell.own_savepoints for mark in commit.before)
    open_then = next(open_now for mark, open_now, _ in cell.replay_savepoints(commit.mark.lane) if mark is commit.mark)
    return had_one and not open_then and not was_rolled_back(commit)


def was_rolled_back(commit: Commit) -> bool:
    return any(mark.does == "rollback" and mark.phase == "call" for mark in commit.before)


def commits_silently(mark: Mark) -> bool:
    return mark.does == "begin" or sets_autocommit(mark) is True or tidy(mark.text).startswith("LOCK TABLE")


def sets_autocommit(mark: Mark) -> bool | None:
    """Return the mode that SET autocommit sets, None for any other statement."""
    text = tidy(mark.text).replace(" ", "").replace("@@", "").replace("SESSION.", "")
    if not text.startswith(("SETAUTOCOMMIT=", "SETSESSIONAUTOCOMMIT=")):
        return None
    return text.rstrip(";").endswith(("=1", "=ON"))


def find_lost(cell: Evidence) -> Mark | None:
    """Return the first close, during the test, of a connection on which the fixture holds a transaction."""
    return next((mark for mark in cell.in_call(cell.client) if mark.event == "close" and mark.lane in cell.outer), None)
