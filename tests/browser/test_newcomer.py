"""From opening the page to green tests by copying: what five public applications depend on, a blank project, one line edited."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matrix.judging.baseline import read_baseline
from matrix.pasting.projects import write_shop
from matrix.pasting.proof import leave_out, run_tests
from matrix.pasting.wiring import MARK
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_stacks
from matrix.run.serverpool import ServerPool
from matrix.run.stage import open_stage_on
from reports.grade import review
from reports.page.embedding import render_script
from reports.page.model import Site
from reports.page.pages import Pages, render_index
from reports.page.scripts import build_code
from reports.page.site import write_files
from reports.places import Places
from reports.results.content import read_content
from reports.results.costs import read_costs
from reports.results.shape import make_results
from reports.results.stacks import Inputs

WAYS = ("embedded", "local", "container")
A_MINUTE = 60.0  # seconds of actions, from opening the page to the tests' end; servers and environments are there


@dataclass(frozen=True)
class Newcomer:
    """A public application: the lines of its dependency file that say what it is built on, and what the page must find."""

    name: str
    source: str
    lines: str
    database: str
    """Chosen by hand, for no dependency file names it."""
    line: str
    family: str


NEWCOMERS = (
    Newcomer(
        "CTFd", "https://github.com/CTFd/CTFd/blob/06115a37c99029dd26ac62e7e3f1928274146285/requirements.in",
        "Flask==2.0.3\nFlask-SQLAlchemy==2.5.1\nFlask-Migrate==2.5.3\nSQLAlchemy==1.4.48\nSQLAlchemy-Utils==0.41.1\nPyMySQL==0.9.3\n",
        "MySQL 9.7", "1.4 legacy", "flask",
    ),
    Newcomer(
        "Redash", "https://github.com/getredash/redash/blob/0050d786d6768d941937b020bccff725b1dcbeb1/pyproject.toml",
        '[tool.poetry]\nname = "redash"\n[tool.poetry.dependencies]\npython = ">=3.8,<3.11"\nflask = "2.3.2"\nflask-sqlalchemy = "2.5.1"\n'
        'psycopg2-binary = "2.9.6"\nsqlalchemy = "1.3.24"\nsqlalchemy-utils = "0.38.3"\n[tool.poetry.group.dev.dependencies]\npytest = "7.4.0"\n',
        "PostgreSQL 18", "1.3", "flask",
    ),
    Newcomer(
        "Polar", "https://github.com/polarsource/polar/blob/004a270bca0baf21c40f7d98e91b71fe0f281717/server/pyproject.toml",
        '[project]\nname = "polar"\ndependencies = [\n  "fastapi==0.141.1",\n  "asyncpg>=0.29.0",\n  "sqlalchemy[asyncio]>=2.0.51",\n  "greenlet>=3.5.2",\n'
        '  "psycopg2-binary>=2.9.12",\n]\n[dependency-groups]\ndev = [\n  "pytest<10",\n  "pytest-asyncio>=1.4.0",\n]\n',
        "PostgreSQL 18", "2.1", "fastapi",
    ),
    Newcomer(
        "CKAN", "https://github.com/ckan/ckan/blob/0033166ff74487125085f3bfacc54d10228cb1f9/requirements.txt",
        "alembic==1.6.5\n    # via -r requirements.in\nflask==2.0.1\n    # via\n    #   -r requirements.in\npsycopg2==2.9.1\nsqlalchemy==1.3.5\nwebob==1.8.7\n",
        "PostgreSQL 18", "1.3", "plain",
    ),
    Newcomer(
        "Litestar's full stack", "https://github.com/litestar-org/litestar-fullstack/blob/002d045fbba06b050d9262920693265b94ada06d/pyproject.toml",
        '[project]\nname = "app"\ndependencies = [\n  "litestar[cli,jinja,jwt,pydantic,redis,structlog,sqlalchemy,standard]",\n  "asyncpg>=0.28.0",\n]\n'
        '[tool.pdm.dev-dependencies]\ntest = [\n  "pytest>=7.4.1",\n]\n',
        "PostgreSQL 18", "2.1", "litestar",
    ),
)  # fmt: skip


def review_everything(places: Places) -> dict:
    """Results of a clone in which nothing has run: all of them are the baseline's."""
    baseline, content = read_baseline(places.baseline), read_content(places.root)
    rows, costs = tuple(load_stacks().values()), read_costs(places.costs)
    return make_results(Inputs({}, {}, rows, content, datetime.now(UTC), frozenset(), review(baseline, places, content), None, costs))


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Path:
    """The page that opens first, before anything has run."""
    site, directory = Site(review_everything(Places())), tmp_path_factory.mktemp("front")
    write_files([*render_index(Pages(site, {}, (), {})), ("data/code.js", render_script("code", "", build_code(site)))], directory)
    return directory


@pytest.fixture(scope="module")
def servers():
    with ServerPool(WAYS) as pool:
        yield pool


@pytest.mark.parametrize("newcomer", NEWCOMERS, ids=lambda one: one.name)
def test_a_newcomer_has_green_tests_within_a_minute(make_reader, front, servers, tmp_path, newcomer):
    reader = make_reader(front.as_uri(), permissions=["clipboard-read", "clipboard-write"])
    servers.take(load_stacks()["sa20-psycopg2-postgresql18" if newcomer.database.startswith("P") else "sa20-pymysql-mysql97"].database)
    with Stopwatch() as taken:
        page = reader.open("index.html")
        page.get_by_text("Or read it from your project's files").click()
        page.fill("#deps", newcomer.lines)
        page.select_option("#finder [name=database]", newcomer.database)
        found = {name: page.locator(f"#finder [name={name}]").input_value() for name in ("line", "family")}
        recipe, text = copy_whole_file(page)
        stack = read_stack(page)
    assert found == {"line": newcomer.line, "family": newcomer.family}
    edited, changed = edit_marked_line(text)
    assert changed == 1, "one marked line is edited"
    project = write_project(recipe, edited, tmp_path / "project")
    with open_stage_on(servers.take(load_stacks()[stack].database), load_stacks()[stack]) as stage, Stopwatch() as tested:
        said = run_tests(stage, project, leave_out(find_recipes()[recipe]))
    assert said is None, said
    assert taken.seconds + tested.seconds < A_MINUTE
    assert reader.problems == [] and reader.outside == []


class Stopwatch:
    """How long a block took, seconds."""

    def __enter__(self):
        self._began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self._began


def copy_whole_file(page) -> tuple[str, str]:
    """Copy the complete file of the first card, as a reader does."""
    card = page.locator("#found .card").first
    card.locator("summary").first.click()
    card.get_by_role("button", name="Complete file").click()
    card.locator(".copy").click()
    card.locator(".copy", has_text="Copied").wait_for()
    return card.locator("h3 a").inner_text(), page.evaluate("navigator.clipboard.readText()")


def read_stack(page) -> str:
    """Return the id of the stack that the answer is of: its page's name."""
    return Path(page.locator("#found .chosen a").last.get_attribute("href")).stem


def edit_marked_line(text: str) -> tuple[str, int]:
    """Give the marked line the names of the project below, which are not those that it comes with."""
    lines = text.split("\n")
    marked = [number for number, line in enumerate(lines) if MARK in line]
    for number in marked:
        lines[number] = re.sub(r"\b(models|shop)\b", r"my_\1", lines[number].partition(MARK)[0], count=1)
    return "\n".join(lines), len(marked)


def write_project(recipe: str, conftest: str, folder: Path) -> Path:
    """A blank project whose modules have names of its own."""
    write_shop(find_recipes()[recipe], folder, folder)
    for name in ("models", "shop"):
        if (folder / f"{name}.py").is_file():
            (folder / f"{name}.py").rename(folder / f"my_{name}.py")
    for path in folder.glob("*.py"):
        path.write_text(re.sub(r"^(from|import) (models|shop)\b", r"\1 my_\2", path.read_text(), flags=re.MULTILINE))
    (folder / "conftest.py").write_text(conftest)
    return folder
