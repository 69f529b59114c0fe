"""What the facts of a cell mean.

A pass (one run of a cell) keeps two promises or loses them, each judged apart:

- isolation is lost (leaks) when the witness found residue, or when a session's settings stayed behind;
- fidelity is lost (breaks) when the case's asserts did not hold, or set-up or teardown raised.

Hangs and crashes are verdicts of their own. `n/a`, `not run` and `infrastructure` never speak about the recipe.
Sequence drift is not residue: production leaves gaps too. It is reported apart.
A dirty process (a thread, a listener, a checked-out connection) retires its child and is reported apart as well:
the database is what it was.
"""

from dataclasses import dataclass

from matrix.facts import JsonObject

ISOLATES, LEAKS, BREAKS, BOTH = "isolates", "leaks", "breaks", "leaks+breaks"
HANGS, CRASHES, FLAKY = "hangs", "crashes", "flaky"
NOT_APPLICABLE, NOT_RUN, INFRASTRUCTURE = "n/a", "not run", "infrastructure"

VERDICTS = (ISOLATES, LEAKS, BREAKS, BOTH, HANGS, CRASHES, FLAKY, NOT_APPLICABLE, NOT_RUN, INFRASTRUCTURE)
RED = (LEAKS, BREAKS, BOTH, HANGS, CRASHES, FLAKY)

# Settings of a database session are state of the database; they only happen to be seen from inside.
SESSION_STATE = ("session_setting",)


@dataclass(frozen=True)
class Judgement:
    """The verdict of a cell, and the pass that shows it best."""

    verdict: str
    shown: JsonObject
    passes: tuple[str, ...]

    @property
    def red(self) -> bool:
        return self.verdict in RED


def judge(first: JsonObject, confirmation: JsonObject | None = None) -> Judgement:
    """Judge a cell from its first pass and its confirmation (lines of the facts).

    Two passes that disagree are `flaky`, never retried into green; the shown pass is then the worse one.
    """
    verdict = judge_pass(first)
    if confirmation is None:
        return Judgement(verdict, first, (verdict,))
    again = judge_pass(confirmation)
    if again == verdict:
        return Judgement(verdict, confirmation, (verdict, again))
    if INFRASTRUCTURE in (verdict, again):
        # The machine failed in one pass, so the two cannot be compared: no finding about the recipe.
        return Judgement(INFRASTRUCTURE, first if verdict == INFRASTRUCTURE else confirmation, (verdict, again))
    worse = first if is_worse(verdict, again) else confirmation
    return Judgement(FLAKY, worse, (verdict, again))


def judge_pass(facts: JsonObject) -> str:
    """Return the verdict of one pass of a cell."""
    if facts["unmet"]:
        return NOT_APPLICABLE
    if facts["ended"] != "finished":
        return {"hang": HANGS, "crash": CRASHES}.get(facts["ended"], INFRASTRUCTURE)
    if was_skipped(facts) or not was_run(facts):
        return INFRASTRUCTURE
    leaks, breaks = find_leaks(facts), has_broken(facts)
    if leaks and breaks:
        return BOTH
    return LEAKS if leaks else BREAKS if breaks else ISOLATES


def find_leaks(facts: JsonObject) -> list[JsonObject]:
    """Return what the cell left behind in the database or in a database session."""
    residue: list[JsonObject] = facts["residue"]
    return residue + [found for found in facts["process"] if found["kind"] in SESSION_STATE]


def has_broken(facts: JsonObject) -> bool:
    return "failed" in facts["phases"].values() or bool(facts["errors"])


def was_skipped(facts: JsonObject) -> bool:
    """A skip without a stated requirement proves nothing and must not look like a pass."""
    return "skipped" in facts["phases"].values()


def was_run(facts: JsonObject) -> bool:
    phases = facts["phases"]
    return phases["setup"] == "failed" or (phases["setup"], phases["call"]) in {("passed", "passed"), ("passed", "failed")}


def is_worse(verdict: str, other: str) -> bool:
    order = (ISOLATES, NOT_APPLICABLE, BREAKS, LEAKS, BOTH, HANGS, CRASHES, INFRASTRUCTURE)
    return order.index(verdict) > order.index(other)


def worst_of(judgement: Judgement) -> str:
    """Return the verdict that a summary must reckon with: a flaky cell counts as its worse pass."""
    if judgement.verdict != FLAKY:
        return judgement.verdict
    first, second = judgement.passes
    return first if is_worse(first, second) else second


def describe(facts: JsonObject) -> str:
    """Return one line for people: the unmet requirement, how it ended, the first exception, or the first residue."""
    if facts["unmet"]:
        return str(facts["unmet"])
    if facts["ended"] != "finished":
        return describe_end(facts)
    if facts["errors"]:
        error = facts["errors"][0]
        first_line = (error["message"].strip().splitlines() or [""])[0]
        return f"{error['phase']}: {error['type'].rsplit('.', 1)[-1]}: {first_line}"[:200]
    if was_skipped(facts):
        return "skipped without a stated requirement"
    return describe_leaks(find_leaks(facts))


def describe_leaks(leaks: list[JsonObject]) -> str:
    if not leaks:
        return ""
    first = leaks[0]
    more = f" and {len(leaks) - 1} more" if len(leaks) > 1 else ""
    return f"{first['kind'].replace('_', ' ')}: {first['object']} ({first['detail']}){more}"[:200]


def describe_end(facts: JsonObject) -> str:
    if facts["ended"] == "hang":
        hang = facts["hang"]
        return f"{hang['reason']}{': ' + hang['what'] if hang.get('what') else ''}, {hang['step']}"[:200]
    if facts["ended"] == "crash":
        crash = facts["crash"]
        end = f"signal {crash['signal']}" if crash["signal"] else f"exit code {crash['exit_code']}"
        return f"the process ended in {crash.get('phase') or 'an unknown phase'} with {end}"
    return str(facts.get("infrastructure"))[:200]
