"""Every case catches a mutant, the report's file of that is what real servers say, and `bite` itself bites."""

import ast
import io
import re
import shutil

import pytest
from rich.console import Console

from matrix.bite.catches import CatchesError, check_catches, hash_inputs, read_catches, write_catches
from matrix.bite.mutants import MUTANTS, UNMUTATED, Mutants, find_mutants, read_title
from matrix.bite.report import list_catches, show_trial
from matrix.bite.trial import Cell, Trial, find_failures, try_mutants
from matrix.plan.contents import CASES, ROOT, ContentError, Recipe, find_cases
from matrix.plan.rows import load_stacks
from matrix.run.workflow import Options
from tests.supervisor.test_run import GivenServers

HOME = "sa20-psycopg2-postgresql18"
SOURCES = sorted(path for path in MUTANTS.rglob("*.py") if path.parent != MUTANTS and path.stem != "conftest")
# SQLAlchemy's own names, which happen to be those of cases
COMMON_WORDS = {"raw_connection", "engine_begin", "session_connection"}


def list_texts_of_cases():
    """Texts that only a case says: names of customers and of tables of its own."""
    texts = set()
    for path in CASES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z][\w',.]* [\w',. ]+", node.value):
                texts.add(node.value)
    return texts


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_mutant_knows_no_case(path):
    source = path.read_text()
    words = set(re.findall(r"\w+", source))
    assert not words & (set(find_cases()) - COMMON_WORDS)
    assert not words & {"cases", "customers", "orders", "Customer", "Order", "alembic_version"}
    assert not [word for word in words if word.startswith("case_")]
    assert not [text for text in list_texts_of_cases() if f'"{text}"' in source]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_mutant_has_the_form_of_a_recipe(path):
    module = ast.parse(path.read_text())
    imported = {(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
                for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)}  # fmt: skip
    fixtures = {node.name for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list}
    assert not imported & {"matrix", "reports", "fixtures", "tests", "cases"}
    assert path.stem == UNMUTATED or fixtures & {"engine", "session_factory", "session"}
    assert len(path.read_text().splitlines()) <= 60


def test_every_bug_is_one_sentence_of_its_own():
    titles = [read_title(mutant) for mutant in find_mutants().mutated.values()]
    assert len(titles) == len(set(titles)) >= len(find_cases()) * 0.8
    assert [title for title in titles if not 20 <= len(title) <= 140 or title.endswith(".")] == []


def test_every_case_is_known_to_catch_a_mutant_and_no_mutant_is_caught_by_many():
    check_catches(ROOT)
    catches = read_catches(ROOT)
    assert set(catches) == set(find_cases())
    assert [case for case, found in catches.items() if not found] == []
    caught = [found["mutant"] for listed in catches.values() for found in listed]
    assert set(caught) == set(find_mutants().mutated)
    assert [mutant for mutant in caught if caught.count(mutant) > 3] == []


def test_every_case_catches_its_mutants_on_real_servers(postgresql_server, mysql_server):
    """The pairs that are on file, and the fixtures without a bug against every case."""
    catches = read_catches(ROOT)
    pairs = {}
    for case, listed in catches.items():
        for found in listed:
            pairs.setdefault(found["mutant"], []).append(case)
    mutants = find_mutants().pair(pairs)
    trial = try_mutants(GivenServers(postgresql_server, mysql_server), mutants, find_cases().values(), Options(jobs=2), Console(file=io.StringIO()))
    assert find_failures(trial) == []
    assert list_catches(trial) == catches


def write_folder(folder, **mutants):
    """A folder of mutants of our own, on the home stack."""
    for path in [*MUTANTS.glob("*.*"), *(MUTANTS / HOME).glob("conftest.py"), MUTANTS / HOME / f"{UNMUTATED}.py"]:
        target = folder / path.relative_to(MUTANTS)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    conftest = folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace("HERE.parents[1]", repr(str(ROOT))))
    for name, text in mutants.items():
        (folder / HOME / f"{name}.py").write_text(text)
    return folder


LOUD = '''"""Nothing is ever committed."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class LosingSession(Session):
    def commit(self):
        self.rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LosingSession)
'''


def test_bite_finds_the_case_that_catches_nothing_and_the_mutant_that_all_catch(tmp_path, postgresql_server):
    mutants = find_mutants(write_folder(tmp_path, loud=LOUD, silent='"""A bug that is none."""\n'))
    cases = [case for case in find_cases().values() if case.theme == "commit" or case.id == "close_discards"]
    trial = try_mutants(GivenServers(postgresql_server), mutants, cases, Options(jobs=1), Console(file=io.StringIO()))
    failures = find_failures(trial)
    assert any(f"{HOME}/loud is caught by" in failure and "commit_once, commit_twice" in failure for failure in failures)
    assert f"mutant {HOME}/silent is caught by no case" in failures
    assert "case close_discards catches no mutant" in failures
    assert len(failures) == 3


def make_trial(cells, broken=None, names=("bug",)):
    recipes = {f"home/{name}": Recipe(f"home/{name}", "home", MUTANTS / HOME / "close_commits.py") for name in (*names, UNMUTATED)}
    unmutated = {f"home/{UNMUTATED}": recipes.pop(f"home/{UNMUTATED}")}
    found = {mutant: {case: Cell(*cell) for case, cell in of_mutant.items()} for mutant, of_mutant in cells.items()}
    return Trial(("a", "b"), Mutants({"home": load_stacks()[HOME]}, unmutated, recipes), found, broken or {})


CLEAN, LEAK = ("isolates", ""), ("leaks", "rows added")
GOOD = {"home/unmutated": {"a": CLEAN, "b": CLEAN}, "home/bug": {"a": LEAK, "b": LEAK}}


@pytest.mark.parametrize(
    ("cells", "broken", "failure"),
    [
        (GOOD, {"home": "no server"}, "home: no server"),
        (GOOD | {"home/unmutated": {"a": CLEAN, "b": LEAK}}, {}, "home/unmutated has no bug, but b says: rows added"),
        (GOOD | {"home/bug": {"a": LEAK, "b": CLEAN}}, {}, "case b catches no mutant"),
        (GOOD | {"home/bug": {"a": LEAK, "b": ("flaky", "once")}}, {}, "home/bug: b is flaky: once"),
        (GOOD | {"home/bug": {"a": ("n/a", "needs x"), "b": ("n/a", "needs x")}}, {}, "mutant home/bug was not tried"),
        ({"home/unmutated": GOOD["home/unmutated"]}, {}, "mutant home/bug was not tried"),
    ],
)
def test_what_is_not_proven_is_said(cells, broken, failure):
    assert find_failures(make_trial(GOOD)) == []
    assert failure in find_failures(make_trial(cells, broken))


def test_the_table_shows_every_pair_and_the_case_without_one():
    screen = io.StringIO()
    show_trial(make_trial(GOOD | {"home/bug": {"a": LEAK, "b": CLEAN}}), Console(file=screen, width=200))
    rows = [line.split() for line in screen.getvalue().splitlines()]
    assert ["a", "home/bug", "leaks", "rows", "added"] in rows
    assert ["b", "-", "catches", "no", "mutant"] in rows
    assert "1 of 2 cases catch 1 of 1 mutants" in screen.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / HOME).rename(folder / "sa20-nothing"), "no stack is called 'sa20-nothing'"),
        (lambda folder: (folder / HOME / f"{UNMUTATED}.py").unlink(), "there is no unmutated.py"),
        (lambda folder: (folder / HOME / "loud.py").write_text("import pytest\n"), "no docstring"),
    ],
)
def test_a_folder_that_cannot_be_used_is_a_clear_error(tmp_path, change, message):
    change(write_folder(tmp_path, loud=LOUD))
    with pytest.raises(ContentError, match=re.escape(message)):
        find_mutants(tmp_path)


def test_a_changed_case_or_mutant_makes_the_file_stale(tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "reports").mkdir()
    theme = tmp_path / "cases" / "theme.py"
    theme.write_text("a = 1\n")
    catches = {"b": [], "a": [{"mutant": "m", "title": "t", "verdict": "leaks"}]}
    assert write_catches(tmp_path, catches)
    assert not write_catches(tmp_path, catches)
    assert read_catches(tmp_path) == catches
    check_catches(tmp_path)
    before = hash_inputs(tmp_path)
    theme.write_text("a = 2\n")
    assert hash_inputs(tmp_path) != before
    with pytest.raises(CatchesError, match=r"stale.*nox -s bite"):
        check_catches(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2, "cases": {}}', '{"format": 1}', '{"format": 1, "inputs": "", "cases": {"a": [{"mutant": "m", "title": 7}]}}']
)
def test_a_file_that_cannot_be_read_is_a_clear_error(tmp_path, text):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bite.json").write_text(text)
    with pytest.raises(CatchesError, match="Write it again with `nox -s bite`"):
        read_catches(tmp_path)


def test_without_a_file_nothing_is_said_to_be_caught(tmp_path):
    assert read_catches(tmp_path) == {}
    with pytest.raises(CatchesError, match="stale"):
        check_catches(tmp_path)


def test_the_page_of_a_case_says_what_it_catches(tmp_path):
    from reports.page.model import page_of_case
    from reports.page.packing import pack_details
    from reports.page.site import write_site
    from tests.browser.example import make_example

    results, details = make_example(lines=1, recipes=7, cases=6, servers=2)
    first, second, *_ = results["cases"]
    results["cases"][first]["catches"] = [{"mutant": "m", "title": "A bug of <b>the</b> fixture & more"}]
    write_site(results, {stack: pack_details(found) for stack, found in details.items()}, tmp_path)
    page = (tmp_path / page_of_case(first)).read_text()
    assert "This case catches" in page
    assert "<li>A bug of &lt;b&gt;the&lt;/b&gt; fixture &amp; more</li>" in page
    assert "This case catches" not in (tmp_path / page_of_case(second)).read_text()
