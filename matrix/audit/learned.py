"""Which fixture of a project is examined, and on which kind of stack it works: from what setting his fixtures up has shown."""

from __future__ import annotations

from dataclasses import dataclass

from matrix.audit.mistakes import AuditFailed, WrongUse
from matrix.facts import JsonObject
from matrix.plan.rows import Database, Stack, load_stacks
from matrix.witness import Account

#: The id of the stack that a project is, among cells and files.
STACK = "fixture"
KINDS = "a Session, AsyncSession, scoped_session, sessionmaker or async_sessionmaker, Flask-SQLAlchemy's extension, or a FastAPI application or a client of it"
#: Values through which cases can be run; an engine or a Flask application alone is none.
USABLE = ("session", "async_session", "scoped_session", "sessionmaker", "async_sessionmaker", "flask_sqlalchemy", "fastapi", "async_fastapi")


class NothingToExamine(Exception):
    """No fixture was named, and not exactly one offers itself; the text says what there is."""


@dataclass(frozen=True)
class Chosen:
    """A fixture that cases can be run through. where: what its engine connects to, and how; None until that can be told."""

    name: str
    kind: str
    where: JsonObject | None
    flask_app: str | None = None

    @property
    def request(self) -> JsonObject:
        """What a process of the project is told of it."""
        return {"fixture": self.name, "kind": self.kind, "flask_app": self.flask_app}


def choose_fixture(learned: JsonObject, name: str | None) -> Chosen:
    """Return the fixture that was named, or the one that there is. Raises WrongUse, NothingToExamine or AuditFailed."""
    if not learned["collected"]:
        errors = "\n".join(learned["collection_errors"][:2])
        raise AuditFailed(f"pytest collected no test beside which cases could be put\n{errors}".rstrip())
    usable = [one for one in learned["fixtures"] if one in learned["usable"]]
    if name is None:
        name = choose_only(usable, learned)
    elif not learned["visible"]:
        raise WrongUse(f"--fixture {name}: no test of the project sees a fixture of that name; {say_usable(usable, learned)}")
    found = learned["fixtures"].get(name)
    if found is None:
        raise refuse_unknown(name, learned)
    if found["kind"] not in USABLE:
        raise WrongUse(f"--fixture {name} gives {found['type']}, expected {KINDS}")
    return Chosen(name, found["kind"], found["where"], find_flask_app(found, learned))


def choose_only(usable: list[str], learned: JsonObject) -> str:
    """Return the one fixture that offers itself. Raises NothingToExamine."""
    if len(usable) == 1:
        return usable[0]
    if usable:
        raise NothingToExamine(f"several fixtures give what cases can be run through, choose one with --fixture: {say_usable(usable, learned)}")
    errors = "".join(f"; {error['test']}: {error['text']}" for error in learned["errors"][:2])
    raise NothingToExamine(f"no fixture that the tests use gives {KINDS}{errors}")


def say_usable(usable: list[str], learned: JsonObject) -> str:
    """Return the fixtures through which cases could be run, each with what it gives."""
    if not usable:
        return f"and no fixture that the tests use gives {KINDS}"
    return ", ".join(f"{name} ({learned['fixtures'][name]['type']})" for name in usable)


def refuse_unknown(name: str, learned: JsonObject) -> Exception:
    """Return what is wrong with a fixture that tests see and whose value is of no known kind, or never came."""
    failed = next((error["text"] for error in learned["errors"]), None)
    if failed:
        return AuditFailed(f"the fixture {name} could not be set up: {failed}")
    return WrongUse(f"--fixture {name} gives something else than {KINDS}")


def find_flask_app(found: JsonObject, learned: JsonObject) -> str | None:
    """Return the fixture of the Flask application that an extension belongs to. Raises WrongUse when it is not exactly one."""
    if found["kind"] != "flask_sqlalchemy":
        return None
    apps: list[str] = learned["flask_apps"]
    if len(apps) != 1:
        raise AuditFailed(f"the extension needs a fixture that gives the Flask application; those of the tests: {', '.join(apps) or 'none'}")
    return apps[0]


def check_place(name: str, where: JsonObject, account: Account) -> None:
    """Refuse a fixture that works elsewhere than on the database made for it. Raises AuditFailed."""
    if where["port"] != account.port or not str(where["database"]).startswith(account.database):  # a copy of it is his fixture's own
        place = f"at {where['host']}:{where['port']}" if where["port"] else f"of {where['dialect']}"
        raise AuditFailed(
            f"the session of fixture {name} works on database {where['database']} {place}, and not on the one that was made for it: "
            "say with --set how the project learns its address"
        )


def describe_as_stack(where: JsonObject, python: str, sqlalchemy: str, database: Database) -> Stack:
    """Return the project as a stack: its line and mode of SQLAlchemy, its driver, the server that it runs on."""
    line = ".".join(sqlalchemy.split(".")[:2])
    mode = "legacy" if line == "1.3" or (line == "1.4" and not where["future"]) else "future"
    known = next((stack for stack in load_stacks().values() if stack.dialect == where["dialect"]), None)
    return Stack(
        id=STACK, line=line, mode=mode, python=".".join(python.split(".")[:2]), dialect=where["dialect"],
        driver=known.driver if known else where["dialect"].partition("+")[2], asynchronous=where["asynchronous"], database=database,
        query=known.query if known else {}, requirements=(),
    )  # fmt: skip
