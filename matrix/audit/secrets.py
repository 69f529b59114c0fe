"""What no output may hold: URLs with passwords, passwords, and row contents of columns that look like secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from matrix.audit.findings import Finding
from matrix.facts import JsonObject

LOOKS_SECRET = re.compile(r"passw|secret|token|api_?key|credential|salt|hash|private|session_?id|ssn|iban|card", re.I)
_URL = re.compile(r"(\w[\w+.-]*://[^:/@\s]+:)[^@\s]+@")
_LITERAL = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_CONTENT = frozenset({"rows_added", "rows_removed", "rows_changed"})


class Hider:
    """Hides in findings what must not be told; `values` False leaves all row contents out."""

    def __init__(self, passwords: Sequence[str], columns: Sequence[str], values: bool) -> None:
        self._passwords = [password for password in passwords if len(password) > 2]
        self._columns = [column.lower() for column in columns]
        self._values = values
        self._names: dict[tuple[str, str], list[str]] = {}

    def learn_columns(self, database: str, columns: dict[str, list[str]]) -> None:
        """Take the names of the columns by table, in the order of the rows' contents."""
        for table, names in columns.items():
            self._names[database, table] = names

    def hide_text(self, text: str) -> str:
        """Return a text without passwords; without values, without literals too."""
        text = self._hide_passwords(text)
        return text if self._values else self._hide_literals(text)

    def clean_log(self, path: Path) -> None:
        """Take passwords out of what the project's own pytest printed."""
        if path.exists():
            path.write_text(self._hide_passwords(path.read_text("utf-8", "replace")), "utf-8")

    def _hide_passwords(self, text: str) -> str:
        for password in self._passwords:
            text = text.replace(password, "***")
        return _URL.sub(r"\1***@", text)

    def hide_finding(self, finding: Finding) -> Finding:
        """Return the finding as it may be shown."""
        residue = [replace(found, detail=self._hide_detail(finding.database, found.kind, found.object, found.detail)) for found in finding.residue]
        cause: JsonObject | None = finding.cause and {name: self.hide_text(str(text)) for name, text in finding.cause.items()}
        return replace(finding, residue=residue, cause=cause, first_event=self.hide_text(self._hide_statement(finding)))

    def _hide_statement(self, finding: Finding) -> str:
        secret = any(self._is_secret(name) for name in re.findall(r"\w+", finding.first_event))
        return self._hide_literals(finding.first_event) if secret else finding.first_event

    def _hide_literals(self, text: str) -> str:
        """What stands in double quotes may be a literal or a name: those of tables and columns stay."""
        known = {part for _, table in self._names for part in table.split(".")} | {name for names in self._names.values() for name in names}
        return _LITERAL.sub(lambda found: found[0] if found[0][0] == '"' and found[0][1:-1] in known else "'...'", text)

    def _hide_detail(self, database: str, kind: str, table: str, detail: str) -> str:
        if kind not in _CONTENT and kind != "session_setting":
            return self.hide_text(detail)
        if kind == "session_setting":
            return "..." if not self._values or self._is_secret(table) else self.hide_text(detail)
        if not self._values or any(self._is_secret(name) for name in self._names.get((database, table), ["secret"])):
            return "(contents not shown)"
        return self.hide_text(detail)

    def _is_secret(self, name: str) -> bool:
        return LOOKS_SECRET.search(name) is not None or name.lower() in self._columns
