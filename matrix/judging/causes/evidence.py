"""The facts of a cell as a rule reads them: marks on lanes, the fixture's lane, transactions and what they wrote."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from matrix.facts import JsonObject
from matrix.judging.causes.marks import ENDINGS, Commit, Mark, Proof, find_ended, make_mark
from matrix.judging.causes.statements import is_write, matches
from matrix.judging.verdicts import Judgement, find_leaks, has_broken


class Evidence:
    """Facts of one cell (the pass that shows its verdict) and what can be read from them at once.

    product: postgresql, mysql or mariadb.
    """

    def __init__(self, judgement: Judgement, product: str, other: JsonObject | None = None):
        self.facts = judgement.shown
        self.verdict = judgement.verdict
        self.product = product
        self.other = other

    @cached_property
    def leaks(self) -> bool:
        return bool(find_leaks(self.facts))

    @cached_property
    def breaks(self) -> bool:
        return has_broken(self.facts)

    @property
    def missed(self) -> bool:
        """Whether the application itself came out otherwise than in production, not its set-up or teardown alone."""
        return bool(self.facts["phases"]["call"] == "failed")

    @property
    def implicit_commits(self) -> bool:
        """MySQL and MariaDB commit before DDL and begin a transaction without saying so."""
        return self.product in ("mysql", "mariadb")

    @cached_property
    def marks(self) -> list[Mark]:
        return [make_mark(index, event) for index, event in enumerate(self.facts["timeline"])]

    @cached_property
    def client(self) -> list[Mark]:
        return [mark for mark in self.marks if mark.source == "client"]

    @cached_property
    def other_client(self) -> list[Mark]:
        """The client's marks that the shown timeline lacks: of the pass that is not shown, and those that the server's
        own words replaced. Their indexes are of no use for a proof.
        """
        other = self.other or {}
        events = [*other.get("timeline", []), *other.get("meant", []), *self.facts.get("meant", [])]
        return [mark for index, event in enumerate(events) if (mark := make_mark(index, event)).source == "client"]

    @cached_property
    def said(self) -> list[Mark]:
        """All that the client of the shown pass said, in its order, also where the server's words stand in its place.

        Their indexes are of no use for a proof.
        """
        meant = [make_mark(-1, event) for event in self.facts.get("meant", [])]
        return sorted([*self.client, *(mark for mark in meant if mark.source == "client")], key=lambda mark: mark.at)

    @cached_property
    def server(self) -> list[Mark]:
        return [mark for mark in self.marks if mark.source == "server"]

    @cached_property
    def wire(self) -> list[Mark]:
        """What reached the server: its own statement log; the engine's events only where there is no log."""
        return self.server or self.client

    @cached_property
    def outer(self) -> set[int]:
        """Lanes on which the fixture had opened a transaction that was still open when the test began.

        Drivers send BEGIN with the first statement, so the client's events count here too. Of a fixture that works at the
        driver's level only the server knows, by the savepoint that it was left with.
        """
        begun = find_open(self.client or self.server, ("begin", "savepoint"))
        return begun | find_open(self.server, ("savepoint",))

    @cached_property
    def undone_at_end(self) -> set[int]:
        """Lanes on which teardown went back to a savepoint: a wider fixture's session sets them with its first statement, a test's."""
        return {mark.lane for mark in self.wire if mark.phase == "teardown" and mark.does == "rollback_to"}

    @cached_property
    def own_savepoints(self) -> set[int]:
        """Savepoints (indexes) set on the fixture's lanes before the first write: the fixture's, or the session's first.

        Sessions send theirs with the first statement, so the phase does not tell.
        """
        own: set[int] = set()
        written: set[int] = set()
        for mark in self.wire:
            if mark.does == "savepoint" and mark.lane in (self.outer | self.undone_at_end) - written:
                own.add(mark.index)
            elif is_write(mark.text):
                written.add(mark.lane)
        return own

    def replay_savepoints(self, lane: int) -> Iterator[tuple[Mark, list[Mark], Mark | None]]:
        """Yield every mark of a lane with the savepoints open before it and, when it ends one, which."""
        open_now: list[Mark] = []
        for mark in self.wire:
            if mark.lane != lane:
                continue
            ended = find_ended(mark, open_now)
            yield mark, list(open_now), ended
            if mark.does == "savepoint":
                open_now.append(mark)
            elif ended:
                # SQLAlchemy never uses a savepoint again that it has rolled back to.
                del open_now[open_now.index(ended) :]
            elif mark.does in ENDINGS:
                open_now.clear()

    def sent(self, what: str) -> bool:
        """True when the application sent this ('commit', 'rollback') as text, in either pass.

        A timeline may have the server's statements instead of the client's, so what it lacks is asked too.
        """
        return any(m.event == "statement" and m.does == what and m.phase == "call" for m in (*self.client, *self.other_client))

    def in_call(self, marks: Iterable[Mark]) -> list[Mark]:
        return self.wire_in_call if marks is self.wire else [mark for mark in marks if mark.phase == "call"]

    @cached_property
    def wire_in_call(self) -> list[Mark]:
        """What most rules ask for."""
        return [mark for mark in self.wire if mark.phase == "call"]

    def around_call(self, marks: Iterable[Mark]) -> list[Mark]:
        return [mark for mark in marks if mark.phase in ("setup", "teardown")]

    @cached_property
    def commits(self) -> list[Commit]:
        """Every COMMIT that made a write durable, in the order in which they came."""
        return sorted(self.find_commits(), key=lambda commit: commit.mark.index)

    def find_commits(self) -> Iterator[Commit]:
        for lane in {mark.lane for mark in self.wire}:
            marks, write = [mark for mark in self.wire if mark.lane == lane], None
            for position, mark in enumerate(marks):
                if mark.does in ("commit", "commit_prepared") and write:
                    yield Commit(mark, write, tuple(marks[:position]))
                if mark.does in ENDINGS:
                    write = None
                elif write is None and is_write(mark.text):
                    write = mark

    def find_error(self, *patterns: str, types: tuple[str, ...] = (), phase: str | None = None) -> Proof | None:
        """Return the first exception whose message matches a pattern, or whose class name is one of types."""
        for index, error in enumerate(self.facts["errors"]):
            if phase and error["phase"] != phase:
                continue
            name = error["type"].rsplit(".", 1)[-1]
            if name in types or any(matches(pattern, error["message"]) for pattern in patterns):
                first_line = (error["message"].strip().splitlines() or [""])[0]
                return Proof(f"{error['phase']}: {name}: {first_line}"[:300], fact=f"errors/{index}")
        return None

    def find_answer(self, *patterns: str) -> Proof | None:
        """Return the first error that the server answered with and whose message matches a pattern, whoever caught it."""
        answers = (mark for mark in self.client if mark.does == "error")
        found = next((mark for mark in answers if any(matches(pattern, mark.text) for pattern in patterns)), None)
        return found and Proof(f"lane {found.lane}, {found.phase}: the server answered {found.text}"[:300], timeline=found.index)

    def find_residue(self, *kinds: str) -> Proof | None:
        """Return the first residue of one of these kinds, as the server showed it."""
        for place in ("residue", "process"):
            for index, found in enumerate(self.facts[place]):
                if found["kind"] in kinds:
                    return Proof(f"{found['kind'].replace('_', ' ')}: {found['object']} ({found['detail']})", fact=f"{place}/{index}")
        return None

    def find_text(self, pattern: str, marks: Iterable[Mark] | None = None) -> Mark | None:
        """Return the first mark of what reached the server whose text matches."""
        return next((mark for mark in (self.wire if marks is None else marks) if matches(pattern, mark.text)), None)


def find_open(marks: list[Mark], opening: tuple[str, ...]) -> set[int]:
    """Return the lanes on which set-up did one of these and did not end it."""
    lanes: set[int] = set()
    for mark in (mark for mark in marks if mark.phase == "setup"):
        if mark.does in opening:
            lanes.add(mark.lane)
        elif mark.does in (*ENDINGS, "checkin", "close", "release"):
            lanes.discard(mark.lane)
    return lanes
