"""What every way hands out, and how each of them says that it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matrix.plan.rows import Database


class WayUnavailable(Exception):
    """One way gives no server here; the text says why, and what the user can do where that is known.

    `final` is true when the user asked for this very server: trying another would hide a mistake.
    """

    def __init__(self, reason: str, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class ServerUnavailable(Exception):
    """No way gives the server; `attempts` lists (way, reason) in the order in which they were tried."""

    def __init__(self, database: Database, attempts: Sequence[tuple[str, str]]) -> None:
        self.database = database
        self.attempts = list(attempts)
        tried = "".join(f"\n  {way}: {_indent(reason)}" for way, reason in self.attempts)
        super().__init__(f"no {database.title} server ({database.id}):{tried or ' no way was allowed'}")


class LogUnavailable(Exception):
    """The server's log cannot be read from here; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What a running server says that it is."""

    product: str
    version: str  # as the server gives it, e.g. "18.6" or "10.11.18-MariaDB-0+deb12u1"
    banner: str  # its own longer description, for people


@dataclass
class Server:
    """A running server and an administrator's account on it."""

    database: Database
    way: str
    version: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    given: bool = False
    banner: str = ""
    log_reader: Callable[[int], tuple[str, int]] | None = field(default=None, repr=False)
    stopper: Callable[[], None] | None = field(default=None, repr=False)
    room_checker: Callable[[], None] | None = field(default=None, repr=False)
    made: Path | None = field(default=None, repr=False)  # names of our databases on a given server, one a line

    def read_log(self, offset: int = 0) -> tuple[str, int]:
        """Return the log's whole lines from byte `offset` on, and the offset after them.

        Raises LogUnavailable where the log is out of reach.
        """
        if self.log_reader is None:
            raise LogUnavailable(f"the log of a server that was given ({self.database.environment}) is out of reach")
        return self.log_reader(offset)

    def check_room(self) -> None:
        """Raise DiskFull when a server of ours has no room left for its data: then its answers mean nothing."""
        if self.room_checker is not None:
            self.room_checker()

    def note(self, name: str) -> None:
        """Note that a database is about to be made; on a given server it is dropped even if we are killed."""
        if self.made is not None:
            with self.made.open("a", encoding="utf-8") as file:
                file.write(name + "\n")

    def stop(self) -> None:
        """Stop the server and remove its data; a server that was given goes on, without what we made. May be called again."""
        stopper, self.stopper = self.stopper, None
        if stopper is not None:
            stopper()


def check_answer(database: Database, answer: Answer) -> None:
    """Raise WayUnavailable unless the answer is the row's product in its major version."""
    if not is_wanted(database, answer.product, answer.version):
        raise WayUnavailable(f"{answer.product} {answer.version} answers, the row needs {database.product} {database.major}")


def is_wanted(database: Database, product: str, version: str) -> bool:
    """Whether a server of this product and version fills the row."""
    return product == database.product and re.match(re.escape(database.major) + r"(?![0-9])", version) is not None


def cut_lines(data: bytes, offset: int) -> tuple[str, int]:
    """Return the whole lines of `data`, which starts at `offset`, and the offset after them."""
    whole = data[: data.rfind(b"\n") + 1]
    return whole.decode("utf-8", "replace"), offset + len(whole)


def _indent(text: str) -> str:
    return text.strip().replace("\n", "\n    ")
