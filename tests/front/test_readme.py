"""What the README says is so: its commands are CI's, its sessions exist, its links lead somewhere."""

import re
import subprocess

import pytest

import noxfile
from matrix.plan.contents import find_cases, find_recipes
from matrix.plan.rows import load_stacks
from reports.__main__ import gather_headline, main
from reports.places import Places
from reports.readme.picture import STACK, PictureError, check_picture, make_preview
from reports.results.content import read_content
from tests.hosted import README, ROOT

MOST_LINES = 150
TEXTS = [
    README,
    ROOT / "docs" / "using.md",
    ROOT / ".github" / "CONTRIBUTING.md",
    ROOT / "MATRIX.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "fixtures").glob("*/README.md")),
]
# Pages of the repository itself at its host, which relative links reach from the front page.
HOSTED = ("../../actions/workflows/", "../../deployments/")


def read_commands():
    """The README's shell blocks."""
    return re.findall(r"```sh\n(.*?)\n```", README.read_text(), re.DOTALL)


def test_the_two_commands_are_one_line_each_and_come_first():
    matrix, tests = read_commands()[:2]
    setup = "python3 -m venv .venv && .venv/bin/pip install -q 'nox[uv]' && .venv/bin/nox -s "
    assert (matrix, tests) == (setup + "matrix", setup + "tests")


def test_ci_runs_exactly_the_readmes_test_command():
    lines = [line.strip() for line in (ROOT / ".ci" / "run").read_text().splitlines()]
    assert lines.count(read_commands()[1]) == 1
    assert [line for line in lines if "nox" in line and not line.startswith("#")] == [read_commands()[1]]


def test_ci_script_is_valid_shell():
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=False).returncode == 0
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(path):
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text())
    local = [link.split("#")[0] for link in links if "://" not in link and not link.startswith(HOSTED)]
    assert [link for link in local if link and not (path.parent / link).exists()] == []


def test_hosted_links_name_workflows_that_exist():
    for name in re.findall(r"actions/workflows/([\w.]+)", README.read_text()):
        assert (ROOT / ".github" / "workflows" / name).exists()


@pytest.mark.parametrize("path", TEXTS[:3], ids=lambda path: path.name)
def test_sessions_stacks_recipes_and_cases_exist(path):
    text = path.read_text()
    sessions = {command.__name__ for command in noxfile.COMMANDS}
    assert set(re.findall(r"nox -s (\w+)", text)) <= sessions
    assert set(re.findall(r"stack\(([\w-]+)\)", text)) <= set(load_stacks())
    assert set(re.findall(r"--recipe ([\w/]+)[` \n]", text)) <= set(find_recipes())
    assert set(re.findall(r"--case (\w+)[` \n]", text)) <= set(find_cases())


def test_the_headline_table_is_of_the_baseline():
    """Stale tables are found by the hash of what they are made from; `nox -s headline` renews them."""
    assert len(re.findall(r"<!-- headline: begin", README.read_text())) == 1
    assert main(["check-headline"]) == 0


def test_the_picture_is_of_its_inputs():
    """As the table: the hash of what it shows stands beside it; `nox -s picture` renews it."""
    places = Places()
    preview = make_preview(gather_headline(places), read_content(places.root))
    check_picture(README, preview)
    preview["words"][STACK].popitem()
    with pytest.raises(PictureError, match="nox -s picture"):
        check_picture(README, preview)


def test_the_readme_is_short_enough_to_be_read():
    assert len(README.read_text().splitlines()) <= MOST_LINES


def test_the_licences_are_there():
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert "Zero Clause" in (ROOT / "fixtures" / "LICENSE").read_text()
