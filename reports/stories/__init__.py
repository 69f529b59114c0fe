"""Stories: what somebody wrote about a fixture, as claims that the results can answer.

One file per story, `reports/stories/<name>.toml`; its name is the address of its page. It holds what was claimed, in our
own words, and which cells show it, but no verdict: those come from the results when the page is made.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

DIRECTORY = Path(__file__).parent
PARTS = {"happens": "What happens, and why", "works": "What works on that stack", "upgrade": "What works after upgrading"}
CLAIMED = ("isolates", "leaks", "breaks", "hangs", "n/a")


class StoryError(Exception):
    """A story's file cannot be used; the text names the file and the field."""


@dataclass(frozen=True)
class Claim:
    """A sentence and the cells that show whether it is so.

    claimed: the verdict that the sentence amounts to, None when it claims none. Without cases the recipe's word answers.
    """

    name: str
    part: str
    who: str
    says: str
    stack: str
    recipe: str
    cases: tuple[str, ...] = ()
    claimed: str | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(f"{self.stack}/{self.recipe}/{case}" for case in self.cases)


@dataclass(frozen=True)
class Tried:
    """What no cell can show: a script of the story that a test of the instrument runs and asserts."""

    says: str
    test: str


@dataclass(frozen=True)
class Story:
    """families: where its solutions are looked for; upgrades: stacks to go to from `stack`, its own pins."""

    name: str
    title: str
    summary: str
    text: str
    source: str
    link: str
    stack: str
    pins: str
    families: tuple[str, ...]
    upgrades: tuple[str, ...]
    claims: tuple[Claim, ...]
    tried: tuple[Tried, ...] = ()


T = TypeVar("T", Story, Claim, Tried)


def load_stories(directory: Path = DIRECTORY) -> tuple[Story, ...]:
    """Read all stories, in the order of their field `order`. Raises StoryError."""
    found = [(read_toml(path), path) for path in sorted(directory.glob("*.toml"))]
    for row, path in found:
        if not isinstance(row.get("order"), int):
            raise StoryError(f"{path.name}: field 'order' is missing; give the story's place as a number")
    return tuple(make_story(row, path) for row, path in sorted(found, key=lambda pair: pair[0]["order"]))


def list_told(stories: Iterable[Story]) -> frozenset[str]:
    """The ids of the cells that stories tell of: their timelines are shown even when they are clean."""
    return frozenset(cell for story in stories for claim in story.claims for cell in claim.cells)


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoryError(f"{path.name}: {error}") from None


def make_story(row: Mapping[str, Any], path: Path) -> Story:
    own = {key: value for key, value in row.items() if key not in ("order", "claim", "tried")}
    claims = tuple(make_claim({"stack": row.get("stack"), **claim}, path) for claim in row.get("claim", ()))
    tried = tuple(build(Tried, one, f"{path.name}, [[tried]]") for one in row.get("tried", ()))
    names = [claim.name for claim in claims]
    if len(set(names)) < len(names):
        raise StoryError(f"{path.name}: two claims have one name; their names are addresses")
    return build(Story, {"name": path.stem, "claims": claims, "tried": tried, **own}, path.name)


def make_claim(row: Mapping[str, Any], path: Path) -> Claim:
    claim = build(Claim, row, f"{path.name}, claim {row.get('name', '?')!r}")
    for field, value, known in (("part", claim.part, PARTS), ("claimed", claim.claimed or "leaks", CLAIMED)):
        if value not in known:
            raise StoryError(f"{path.name}, claim {claim.name!r}: field '{field}' is {value!r}, expected one of {', '.join(known)}")
    return claim


def build(kind: type[T], row: Mapping[str, Any], where: str) -> T:
    """Make a dataclass of a table whose keys are exactly its fields; lists become tuples."""
    unknown = row.keys() - {field.name for field in fields(kind)}
    if unknown:
        raise StoryError(f"{where}: field {sorted(unknown)[0]!r} is not known")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise StoryError(f"{where}: {str(error).partition(') ')[2] or error}") from None
