"""A theme: a list of causes with their rules, in the order in which they win ties."""

from collections.abc import Callable
from dataclasses import dataclass, field

from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof

Rule = Callable[[Evidence], Proof | None]


@dataclass(frozen=True)
class Cause:
    """Why cells are red. id is stable for ever; explanation is two sentences; rule proves it or returns None."""

    id: str
    title: str
    explanation: str
    instead: str
    link: str
    theme: str
    rule: Rule = field(repr=False)


@dataclass(frozen=True)
class Theme:
    name: str
    causes: list[Cause] = field(default_factory=list)

    def cause(self, title: str, explanation: str, instead: str, link: str) -> Callable[[Rule], Rule]:
        """Make the decorated rule a cause of this theme; the function's name becomes its id."""

        def register(rule: Rule) -> Rule:
            self.causes.append(Cause(rule.__name__, title, explanation, instead, link, self.name, rule))
            return rule

        return register
