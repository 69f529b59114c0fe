"""A key names everything that a cell used and nothing else."""

import pytest

from matrix.keeping import inputs
from matrix.keeping.keys import PARTS, find_differing
from matrix.plan.contents import CASES, FIXTURES, find_cases
from matrix.plan.rows import load_stacks
from matrix.supervisor.account import stack_environment
from matrix.witness import Account
from tests.keeping.mutations import CASE, INPUTS, IRRELEVANT, OTHER_CASE, OTHER_RECIPE, RECIPE, STACK, Copy, try_many

WATCHED = f"{RECIPE}/{CASE}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    copy = Copy(tmp_path_factory.mktemp("checkout"))
    yield copy
    copy.close()


@pytest.fixture(scope="module")
def before(copy):
    return copy.make_keys()


def append(path, text="\n# another line\n"):
    path.write_bytes(path.read_bytes() + text.encode())


@pytest.fixture
def restored(copy):
    """Changes files of the copy; they are as before afterwards."""
    kept = {}

    def change(name, text="\n# another line\n"):
        path = copy.folder / name
        kept[path] = path.read_bytes()
        append(path, text)

    yield change
    for path, data in kept.items():
        path.write_bytes(data)


@pytest.mark.parametrize(("part", "pattern"), [(part, pattern) for part, patterns in INPUTS.items() for pattern in patterns])
def test_every_kind_of_input_is_in_the_key(copy, before, restored, part, pattern):
    restored(str(copy.list_files(pattern)[0].relative_to(copy.folder)))
    differing = find_differing(before[WATCHED], copy.make_keys()[WATCHED])
    assert part in differing


@pytest.mark.parametrize("pattern", IRRELEVANT)
def test_what_a_cell_did_not_use_is_not_in_its_key(copy, before, restored, pattern):
    restored(str(copy.list_files(pattern)[0].relative_to(copy.folder)))
    assert copy.make_keys()[WATCHED] == before[WATCHED]


def test_a_changed_recipe_concerns_its_own_cells_alone(copy, before, restored):
    restored("fixtures/plain/create_savepoint.py")
    now = copy.make_keys()
    assert [name for name in now if now[name] != before[name]] == [f"{RECIPE}/{CASE}", f"{RECIPE}/{OTHER_CASE}"]


def test_a_changed_case_concerns_its_own_cells_alone(copy, before):
    path = copy.folder / "cases" / "commit.py"
    text = path.read_text()
    path.write_text(text.replace("def test_commit_twice(app):", "def test_commit_twice(app):\n    assert app", 1))
    now = copy.make_keys()
    path.write_text(text)
    assert [name for name in now if now[name] != before[name]] == [f"{RECIPE}/{CASE}", f"{OTHER_RECIPE}/{CASE}"]


def test_a_helper_of_a_theme_concerns_all_of_its_cases():
    functions, rest = inputs.split_module("import x\n\nHELP = 1\n\n\n@x.essential\ndef test_a(app):\n    pass\n\n\ndef test_b(app):\n    pass\n")
    assert functions == {"a": "@x.essential\ndef test_a(app):\n    pass", "b": "def test_b(app):\n    pass"}
    assert rest == "import x\nHELP = 1"


def test_an_installed_package_is_in_the_key(copy, before):
    (packages,) = (copy.folder / "cache").glob("isolation-matrix/environments/*/lib/python3.11/site-packages")
    (packages / "SQLAlchemy-2.0.58.dist-info").rename(packages / "SQLAlchemy-2.0.57.dist-info")
    differing = find_differing(before[WATCHED], copy.make_keys()[WATCHED])
    (packages / "SQLAlchemy-2.0.57.dist-info").rename(packages / "SQLAlchemy-2.0.58.dist-info")
    assert differing == ["interpreter"]


def test_a_row_is_in_the_key(copy, before):
    path = copy.folder / "matrix" / "stacks.toml"
    text = path.read_text()
    path.write_text(text.replace(f'id = "{STACK}"\n', f'id = "{STACK}"\nquery = {{ application_name = "x" }}\n', 1))
    differing = find_differing(before[WATCHED], copy.make_keys()[WATCHED])
    path.write_text(text)
    assert differing == ["row"]


def test_pytest_settings_are_in_the_key_and_other_settings_are_not(copy, before):
    path = copy.folder / "pyproject.toml"
    text = path.read_text()
    path.write_text(text.replace("line-length = 160", "line-length = 161"))
    assert copy.make_keys() == before
    path.write_text(text.replace('"--strict-markers", ', ""))
    differing = find_differing(before[WATCHED], copy.make_keys()[WATCHED])
    path.write_text(text)
    assert differing == ["instrument"]


def test_random_bytes():
    """A few of the many that `python -m tests.keeping.mutations 200` tries."""
    tried, wrong = try_many(24, seed=7)
    assert (tried, wrong) == (24, [])


def test_the_mutations_bite(copy, before, monkeypatch):
    """A key that forgets the probe is found out."""
    monkeypatch.setattr(copy, "make_keys", lambda: before)
    from tests.keeping.mutations import random, try_input

    assert try_input(copy, before, "instrument", random.Random(1)) != []


def test_imports_are_followed_wherever_they_stand():
    found = {path.relative_to(FIXTURES.parent).as_posix() for path in inputs.find_imports(FIXTURES / "plugins" / "conftest.py")}
    assert {"fixtures/plugins/conftest.py", "fixtures/plain/conftest.py", "cases/sample.py", "cases/__init__.py"} <= found
    assert not any(name.startswith("matrix/") for name in found)


def test_every_case_has_a_hash_of_its_own():
    hashes = inputs.hash_cases(CASES)
    assert set(hashes) == set(find_cases())
    assert len(set(hashes.values())) == len(hashes)


def test_parts_that_differ_are_named():
    key = ".".join("0" * 8 for _ in PARTS)
    assert find_differing(key, key) == []
    assert find_differing(key, key.replace("0" * 8, "1" * 8, 1)) == [next(iter(PARTS))]
    assert find_differing("", key) == list(PARTS)


def test_children_see_nothing_of_the_users_environment(monkeypatch):
    stack, account = load_stacks()[STACK], Account("127.0.0.1", 5432, "u", "p", "d")
    plain = stack_environment(stack, account)
    for name in ("PGUSER", "PGOPTIONS", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONWARNINGS", "SQLALCHEMY_WARN_20", "HOME", "TZ", "LANG", "LC_ALL", "PATH"):
        monkeypatch.setenv(name, "another")
    assert stack_environment(stack, account) == plain
    assert set(plain) - {"TMPDIR", "MATRIX_CI_RUN"} == {
        "HOME", "LANG", "LC_ALL", "PATH", "PYTHONHASHSEED", "PYTHONNOUSERSITE", "PYTHONPATH", "TZ", "MATRIX_DATABASE_URL", "MATRIX_MODE",
    }  # fmt: skip
