"""The workflows are valid, safe, and made of the same rows and commands as every run."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.hosted import README, ROOT, WORKFLOWS, find_program

PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$")
LINTERS = {"actionlint": ["-no-color"], "zizmor": ["--offline", "--quiet", "--persona=pedantic"]}
SETUP = "python3 -m venv .venv && .venv/bin/pip install -q 'nox[uv]'"


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def read_jobs(path):
    return yaml.safe_load(path.read_text())["jobs"]


def list_steps():
    return [(path.name, job, step) for path in WORKFLOWS for job, about in read_jobs(path).items() for step in about["steps"]]


def lint(name, *paths, cwd=ROOT):
    return run(find_program(name), *LINTERS[name], *map(str, paths), cwd=cwd)


def test_actionlint_finds_nothing():
    linted = lint("actionlint", *WORKFLOWS)
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_zizmor_finds_nothing():
    audited = lint("zizmor", ".github")
    assert audited.returncode == 0, audited.stdout


@pytest.mark.parametrize(
    ("linter", "found", "replacement"),
    [
        ("actionlint", "ubuntu-24.04", "ubuntu-24.40"),
        ("actionlint", "needs.rows.outputs.jobs", "needs.row.outputs.jobs"),
        ("zizmor", "persist-credentials: false", "fetch-depth: 1"),
        ("zizmor", "$STACKS", "${{ github.event.head_commit.message }}"),
        ("zizmor", "permissions: {}", "permissions: write-all"),
    ],
)
def test_the_linters_bite(linter, found, replacement, tmp_path):
    """The same linters with the same options on the same file, one thing broken."""
    folder = tmp_path / ".github" / "workflows"
    shutil.copytree(ROOT / ".github" / "workflows", folder)
    text = (folder / "matrix.yml").read_text()
    assert found in text
    (folder / "matrix.yml").write_text(text.replace(found, replacement))
    (tmp_path / ".git").mkdir()
    assert lint(linter, ".github/workflows/matrix.yml", cwd=tmp_path).returncode != 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_hash_with_their_version(path):
    uses = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not PINNED.match(line)] == []


def test_an_action_has_one_version_everywhere():
    pins = {line.strip().removeprefix("- ") for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line}
    assert len(pins) == len({pin.split("@")[0] for pin in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_the_least(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        expected = {"deploy": {"pages": "write", "id-token": "write"}, "report": {"contents": "read", "actions": "read"}}
        assert job["permissions"] == expected.get(name, {"contents": "read"})


def test_checkouts_keep_no_credentials():
    checkouts = [step for _, _, step in list_steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_the_matrix_job_is_printed_by_nox():
    jobs = read_jobs(ROOT / ".github" / "workflows" / "matrix.yml")
    printing = next(step for step in jobs["rows"]["steps"] if step.get("id") == "jobs")
    assert ".venv/bin/nox -s jobs" in printing["run"]
    assert jobs["stacks"]["strategy"]["matrix"] == "${{ fromJSON(needs.rows.outputs.jobs) }}"


def test_set_up_is_the_readmes():
    assert SETUP in README.read_text()
    for workflow, job, step in list_steps():
        if "pip install" in step.get("run", ""):
            assert step["run"].startswith(SETUP), (workflow, job)


def test_no_owner_is_invented():
    """Links are relative: the files work in any copy of the repository."""
    for path in [*WORKFLOWS, *(ROOT / ".github").glob("*.*"), *(ROOT / ".github" / "ISSUE_TEMPLATE").glob("*")]:
        assert "github.com/" not in path.read_text(), path
        assert "github.io" not in path.read_text(), path


def test_the_issue_form_asks_for_what_a_recipe_needs():
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "test-my-fixture.yml").read_text())
    fields = {field["id"]: field for field in form["body"] if "id" in field}
    required = {name for name, field in fields.items() if field.get("validations", {}).get("required")}
    assert required == {"fixture", "sqlalchemy", "driver", "server"}
    assert fields["licence"]["attributes"]["options"][0]["required"]
