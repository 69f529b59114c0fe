"""What a statement does, told from its text; enough for reading a timeline, no parser."""

import re
from functools import lru_cache

# A timeline's texts are few and come again and again, in every cell of a stack.
remember = lru_cache(maxsize=16_384)

# First word(s) of a statement -> what it does to the transaction it is in.
TRANSACTION = (
    ("rollback_to", re.compile(r"ROLLBACK\s+(WORK\s+|TRANSACTION\s+)?TO\b")),
    ("commit_prepared", re.compile(r"(COMMIT\s+PREPARED|XA\s+COMMIT)\b")),
    ("rollback_prepared", re.compile(r"(ROLLBACK\s+PREPARED|XA\s+ROLLBACK)\b")),
    ("prepare", re.compile(r"(PREPARE\s+TRANSACTION|XA\s+PREPARE)\b")),
    ("commit", re.compile(r"(COMMIT|END)\b")),
    ("rollback", re.compile(r"(ROLLBACK|ABORT)\b")),
    ("begin", re.compile(r"(BEGIN|START\s+TRANSACTION|XA\s+(START|BEGIN))\b")),
    ("savepoint", re.compile(r"SAVEPOINT\b")),
    ("release", re.compile(r"RELEASE\b")),
)
COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*")
# What can become durable; a temporary table cannot.
WRITE = re.compile(
    r"(INSERT|UPDATE|DELETE|MERGE|REPLACE|CREATE(?!\s+((LOCAL|GLOBAL)\s+)?TEMP)|DROP|ALTER|TRUNCATE|RENAME|CALL|COPY|LOAD|DO|"
    r"WITH\b.*\b(INSERT|UPDATE|DELETE))\b"
)
# Statements that end the open transaction on MySQL and MariaDB; temporary tables do not.
DDL = re.compile(r"(CREATE(?!\s+(OR\s+REPLACE\s+)?TEMP)|DROP(?!\s+TEMP)|ALTER|TRUNCATE|RENAME|GRANT|REVOKE)\b")
# What empties or drops; pytest-clean-database truncates inside a function or procedure of its own.
CLEANUP = re.compile(r"(DELETE\s+FROM\s+\S+;?$|TRUNCATE\b|DROP\s+(TABLE|SCHEMA|DATABASE)\b|(SELECT|CALL)\s+(\w+\.)?CLEAN_TABLES\(\))")


@remember
def tidy(text: str | None) -> str:
    """Return a statement in upper case, without comments, with single spaces."""
    return " ".join(COMMENT.sub(" ", text or "").split()).upper()


@remember
def classify(text: str | None) -> str:
    """Return what a statement does: an event name such as 'commit', or 'statement'."""
    tidied = tidy(text)
    return next((name for name, pattern in TRANSACTION if pattern.match(tidied)), "statement")


@remember
def is_query(text: str) -> bool:
    return text.lstrip().upper().startswith(("SELECT", "WITH", "TABLE"))


@remember
def is_write(text: str | None) -> bool:
    return bool(WRITE.match(tidy(text)))


@remember
def is_ddl(text: str | None) -> bool:
    return bool(DDL.match(tidy(text)))


@remember
def is_cleanup(text: str | None) -> bool:
    return bool(CLEANUP.match(tidy(text)))


@remember
def name_savepoint(text: str | None) -> str:
    """Return the savepoint that a SAVEPOINT, RELEASE or ROLLBACK TO names."""
    return tidy(text).rstrip(";").rsplit(" ", 1)[-1].strip('`"')


@remember
def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern is somewhere in a text, in any case of letters."""
    return compile_once(pattern).search(text) is not None


@remember
def compile_once(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
