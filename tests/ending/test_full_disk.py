"""A disk that is full, for real: one sentence that names the place, nothing half written, and then it goes on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from matrix.cache import cache_dir
from tests.made_facts import leaking, make_cell, make_header, make_lines, write_facts

STACK = "sa20-psycopg2-postgresql18"
RUN = f"{sys.executable} -m matrix run --stack {STACK} --recipe plain/real_commits --case commit_twice --fresh --servers embedded,local"
UNSHARE = ("unshare", "--mount") if os.getuid() == 0 else ("unshare", "--mount", "--user", "--map-root-user")


@pytest.fixture(scope="module", autouse=True)
def mounting():
    """Skip where nobody lets us mount a small file system in a namespace of our own."""
    tried = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True, check=False) if shutil.which("unshare") else None
    if tried is None or tried.returncode:
        pytest.skip(f"needs a mount namespace: {tried.stderr.strip() if tried else 'there is no unshare'}")


def run_shell(checkout, script, **variables):
    """Run the lines in a mount namespace; returns what each command printed and its exit code as the last word of a line."""
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", script],
        cwd=checkout,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def test_facts(checkout):
    data = checkout / "reports" / "data"
    data.mkdir(exist_ok=True)
    told = run_shell(
        checkout,
        f"""
mount -t tmpfs -o size=4k none reports/data
{RUN}
echo exit code $?
cd reports/data && for file in *; do [ -s $file ] || echo empty $file; done; ls; cd ../..
mount -o remount,size=20m reports/data
{RUN}
echo exit code $?
ls reports/data
""",
    )
    first, second = told.split("exit code 1\n")
    assert first.startswith(f"error: the disk is full: no room left for the facts ({data}). Make room there and run the same command again")
    assert first.count("\n") == 1
    assert "empty" not in second
    assert "draft" not in second
    assert f"{STACK}: ran 1 in" in second and second.endswith(f"exit code 0\nrun.json\n{STACK}.jsonl\n")


def test_report(checkout):
    """The report is larger than there is room for: the old one stays, and what is written is whole."""
    site = checkout / "reports" / "site"
    site.mkdir(exist_ok=True)
    shutil.rmtree(checkout / "reports" / "data", ignore_errors=True)
    write_facts(checkout / "reports" / "data", make_lines(make_header(("plain/real_commits",)), [make_cell("plain/real_commits", **leaking())]))
    told = run_shell(
        checkout,
        f"""
mount -t tmpfs -o size=300k none reports/site
echo old > reports/site/index.html
{sys.executable} -m reports build
echo exit code $?
cat reports/site/index.html
ls reports/site
""",
    )
    first, second = told.split("exit code 1\n")
    assert (
        first == f"error: the disk is full: no room left for the report ({site}). Make room there and run the same command again; what was recorded is kept.\n"
    )
    assert second == "old\nindex.html\n"
    assert json.loads((checkout / "reports" / "results.json").read_bytes())


def test_cache(checkout, tmp_path):
    told = run_shell(
        checkout,
        f"""
mount -t tmpfs -o size=2m none {tmp_path}
{sys.executable} -m matrix environments --stack {STACK}
echo exit code $?
find {tmp_path} -type f
mount -o remount,size=200m {tmp_path}
{sys.executable} -m matrix environments --stack {STACK}
""",
        XDG_CACHE_HOME=str(tmp_path),
        UV_CACHE_DIR=os.environ.get("UV_CACHE_DIR") or str(cache_dir() / "uv"),
    )
    first, second = told.split("exit code 1\n")
    cache = tmp_path / "isolation-matrix"
    assert (
        first == f"error: the disk is full: no room left for the cache ({cache}). Make room there and run the same command again; what was recorded is kept.\n"
    )
    left, _, again = second.rstrip("\n").rpartition("\n")
    assert left.endswith(".lock") and "\n" not in left
    assert again.startswith(f"{STACK}: ") and again.endswith(" s")


@pytest.fixture
def short():
    """A temporary directory whose name leaves room for a socket's."""
    place = tempfile.mkdtemp(prefix="m", dir="/tmp")
    yield place
    os.rmdir(place)


def test_temporary_files(checkout, short):
    told = run_shell(
        checkout,
        f"""
mount -t tmpfs -o size=6m none {short}
mount -t tmpfs -o size=6m none /dev/shm
{RUN}
echo exit code $?
ls {short} /dev/shm
""",
        TMPDIR=short,
    )
    first, second = told.split("exit code 1\n")
    assert (
        first
        == f"error: the disk is full: no room left for temporary files ({short}). Make room there and run the same command again; what was recorded is kept.\n"
    )
    assert second == f"/dev/shm:\n\n{short}:\n"
