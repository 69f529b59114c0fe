"""Do the controls behave? When they do not, the instrument is broken and no other verdict counts.

Used while a stack runs (the supervisor stops it) and again when its facts are graded.
"""

from collections.abc import Iterable, Mapping

from matrix.facts import JsonObject
from matrix.judging.verdicts import BOTH, HANGS, INFRASTRUCTURE, ISOLATES, LEAKS, NOT_APPLICABLE, describe, describe_leaks, find_leaks, judge_pass

REAL_COMMITS, FRESH_DATABASE = "real_commits", "fresh_database"
CONTROLS = (REAL_COMMITS, FRESH_DATABASE)


def is_control(recipe: str) -> bool:
    return recipe.rsplit("/", 1)[-1] in CONTROLS


def check_controls(cells: Iterable[JsonObject], cases: Mapping[str, JsonObject]) -> list[str]:
    """Return one sentence per control cell that misbehaves; empty when the instrument can be trusted.

    cells: cell lines of the facts, of any recipes and passes; cases: the header's cases (id -> {"commits": bool}).
    """
    problems = []
    for facts in cells:
        if not is_control(facts["recipe"]):
            continue
        problem = find_misbehaviour(facts, cases[facts["case"]]["commits"])
        if problem:
            problems.append(f"{facts['cell']}: {problem}")
    return problems


def find_misbehaviour(facts: JsonObject, commits: bool) -> str | None:
    """Say what a control's cell does that it must not, None when it behaves."""
    verdict = judge_pass(facts)
    if verdict == NOT_APPLICABLE:
        return None
    expected = LEAKS if commits and facts["recipe"].endswith("/" + REAL_COMMITS) else ISOLATES
    if verdict == expected:
        return None
    return explain(verdict, expected, facts)


def explain(verdict: str, expected: str, facts: JsonObject) -> str:
    name = facts["recipe"].rsplit("/", 1)[-1]
    if expected == LEAKS and verdict == ISOLATES:
        return f"{name} committed for real but the witness saw no residue: the witness is blind"
    if expected == ISOLATES and verdict == LEAKS:
        if name == REAL_COMMITS:
            return f"the case is said to commit nothing, but real_commits left {describe_leaks(find_leaks(facts))}"
        return f"{name} must leave nothing, but there is {describe_leaks(find_leaks(facts))}"
    if verdict in (HANGS, INFRASTRUCTURE):
        return f"{name} {'hangs' if verdict == HANGS else 'could not be judged'}; expected: {expected}"
    if name == REAL_COMMITS and verdict in ("breaks", BOTH):
        return f"the case's asserts do not hold under real_commits, so it does not describe production: {describe(facts)}"
    return f"{name} {verdict}; expected: {expected}"


def find_missing_controls(recipes: Iterable[str], contracts: Mapping[str, str] | None = None) -> list[str]:
    """Return the controls that a run over these recipes lacks, as '<family>/<control>'.

    contracts: the family whose contract, and so whose controls, a family shares; without an entry its own.
    """
    present = set(recipes)
    families = sorted({find_contract(recipe, contracts or {}) for recipe in present})
    return [f"{family}/{name}" for family in families for name in CONTROLS if f"{family}/{name}" not in present]


def find_contract(recipe: str, contracts: Mapping[str, str]) -> str:
    """Return the family whose contract a recipe has."""
    family = recipe.partition("/")[0]
    return contracts.get(family, family)
