"""Tables of a TOML file, read field by field, so that every mistake in them is named.

Standard library only, like the rows that are made of them.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class RowError(ValueError):
    """A row that cannot be used; the text names file, row, field and what is expected."""


class Row:
    """One table of a TOML file, from which fields are taken until none is left."""

    def __init__(self, path: Path, kind: str, name: str, values: Any) -> None:
        self.path, self.kind, self.id = path, kind, name
        if not isinstance(values, dict):
            raise RowError(f"{path.name}, {kind} {name!r}: expected a table")
        self._left = dict(values)
        self._seen: list[str] = []

    def take(self, name: str, kind: type[T], default: T | None = None, choices: Collection[str] | None = None) -> T:
        """Remove and return one field; a field without default has to be there."""
        self._seen.append(name)
        value = self._left.pop(name, default)
        if value is None:
            raise RowError(
                f"{self.path.name}, {self.kind} {self.id!r}: field {name!r} is missing" + (f", expected one of {', '.join(choices)}" if choices else "")
            )
        if not isinstance(value, kind):
            raise self.refuse(name, value, f"a {kind.__name__}")
        if choices is not None and value not in choices:
            raise self.refuse(name, value, "one of " + ", ".join(choices))
        return value

    def refuse(self, name: str, value: Any, expected: str) -> RowError:
        """Return the error that a field's value is not what is expected."""
        return RowError(f"{self.path.name}, {self.kind} {self.id!r}: field {name!r} is {value!r}, expected {expected}")

    def finish(self) -> None:
        """Refuse what nobody took: most often a field with a spelling mistake."""
        for name in self._left:
            near = difflib.get_close_matches(name, self._seen, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(self._seen)}"
            raise RowError(f"{self.path.name}, {self.kind} {self.id!r}: unknown field {name!r}{hint}")


class Rows:
    """The [[rows]] and shared [tables] of one TOML file."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        try:
            self._file = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RowError(f"{path}: cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RowError(f"{path.name}: is not valid TOML: {error}") from error

    def tables(self, kind: str) -> dict[str, Any]:
        """Return the shared tables of a kind, [kind.<name>], by name."""
        found: dict[str, Any] = self._file.get(kind, {})
        return found

    def __iter__(self) -> Iterator[Row]:
        listed = self._file.get(self.kind, [])
        if not isinstance(listed, list) or not listed:
            raise RowError(f"{self.path.name}: has no [[{self.kind}]] rows")
        seen: set[str] = set()
        for position, values in enumerate(listed, start=1):
            name = values.get("id")
            if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9_]+)*", name):
                raise RowError(f"{self.path.name}, {self.kind} number {position}: field 'id' is {name!r}, expected lower-case words joined by '-'")
            if name in seen:
                raise RowError(f"{self.path.name}, {self.kind} {name!r}: the id is used twice")
            seen.add(name)
            yield Row(self.path, self.kind, name, {key: value for key, value in values.items() if key != "id"})
