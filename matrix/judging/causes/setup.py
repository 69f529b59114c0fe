"""Why the fixture could not begin."""

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof
from matrix.judging.causes.theme import Theme

theme = Theme("setup")


@theme.cause(
    "The fixture uses an API that this version does not have",
    "Set-up raised because a name, a parameter or its value is unknown to the installed SQLAlchemy. The recipe was written for another line.",
    "Choose the recipe for your SQLAlchemy line, or upgrade to the line that has this API.",
    links.MIGRATION,
)
def missing_api(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"unexpected keyword argument",
        r"invalid keyword argument",
        r"has no attribute",
        r"cannot import name",
        r"No module named",
        r"Invalid argument\(s\)",
        r"is not a valid (join_transaction_mode|choice)",
        r"takes (from )?\d+ .*positional arguments? ",
        phase="setup",
    )


@theme.cause(
    "The template database was in use",
    "The server copies a template database only while nobody is connected to it, and a connection was still open. It refused CREATE DATABASE.",
    "Dispose of every engine on the template before copying it, and connect to another database for the copy.",
    links.POSTGRESQL + "manage-ag-templatedbs.html",
)
def template_in_use(cell: Evidence) -> Proof | None:
    return cell.find_error(r"source database .* is being accessed by other users")


@theme.cause(
    "A database could not be dropped while somebody was connected",
    "The server refuses DROP DATABASE as long as a connection to it is open. The application or its pool still held one.",
    "Dispose of the application's engine before teardown drops the database.",
    links.POOLS + "#disposing-of-engines",
)
def database_in_use(cell: Evidence) -> Proof | None:
    return cell.find_error(r"(?<!source )database .* is being accessed by other users", r"cannot drop the currently open database")


@theme.cause(
    "The account lacks a privilege that the fixture needs",
    "The server refused a statement of the fixture for want of a privilege. "
    "The fixture works only for an account with more rights than an application usually has.",
    "Grant the privilege to the test account, or choose a recipe that needs none.",
    links.POSTGRESQL + "ddl-priv.html",
)
def privilege_missing(cell: Evidence) -> Proof | None:
    return cell.find_error(r"permission denied", r"must be (owner|superuser)", r"(access|command) denied", types=("InsufficientPrivilege",))
