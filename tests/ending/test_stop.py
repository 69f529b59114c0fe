"""Told to end, or killed: at whatever moment, nothing of any command is left."""

import fcntl
import json
import os
import random
import shutil
import signal
import sys
import textwrap
import time

import pytest

from matrix.cache import cache_dir
from matrix.ending.command import NOX
from tests.ending.command import SOON, Command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")
STACK = "sa20-psycopg2-postgresql18"
SERVERS = ("--servers", "embedded,local")
COMMANDS = {  # and the seconds in which something interesting happens
    "run": (("-m", "matrix", "run", "--stack", STACK, "--recipe", "plain/*", "--fresh", *SERVERS), 6),
    "reproduce": (("-m", "matrix", "stack", STACK, "--recipe", "plain/join_default", "--case", "commit_twice", *SERVERS), 4),
    "shell": (("-m", "matrix", "stack", STACK, "--shell", *SERVERS), 4),
    "paste": (("-m", "matrix", "paste", "--stack", STACK, "--recipe", "plain/real_commits", *SERVERS), 6),
    "complete": (("-m", "matrix", "paste", "--complete", "--stack", STACK, "--recipe", "plain/*savepoint*", *SERVERS), 6),
    "bite": (("-m", "matrix", "bite", *SERVERS), 4),
    "explore": (("-m", "matrix", "explore", "--stack", STACK, "--recipe", "plain/create_savepoint", *SERVERS), 6),
    "bench": (("-m", "matrix", "bench", *SERVERS), 8),
    "lock": (("-m", "matrix", "lock", "tests"), 0.5),
    "environments": (("-m", "matrix", "environments", "--stack", STACK), 2),
    "report": (("-m", "reports", "build"), 2),
}
MOMENTS = random.Random(20261128)


def list_moments(**counts):
    return [pytest.param(name, round(MOMENTS.uniform(0.0, COMMANDS[name][1]), 2), id=f"{name}-{place}") for name in counts for place in range(counts[name])]


@pytest.mark.parametrize(
    ("name", "moment"), list_moments(run=2, reproduce=1, shell=2, paste=1, bite=1, bench=2, lock=1, environments=1, report=1, explore=1, complete=1)
)
def test_a_command_that_is_told_to_end_leaves_nothing(checkout, tmp_path, name, moment):
    fresh = {"XDG_CACHE_HOME": str(tmp_path), "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(cache_dir() / "uv")}
    command = Command(checkout, *COMMANDS[name][0], SHELL="/bin/sh", **(fresh if name == "environments" else {}))
    ended = command.wait(moment)
    if ended is None:
        command.end(signal.SIGTERM)
        # before it understands signals there is nothing that could end in order
        assert command.process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM, 0, 1), command.read_output()
    command.check_gone()


@pytest.mark.parametrize("group", [False, True], ids=["alone", "group"])
@pytest.mark.parametrize(("name", "moment"), list_moments(run=1, bench=1))
def test_a_command_that_is_killed_leaves_nothing(checkout, name, moment, group):
    command = Command(checkout, *COMMANDS[name][0])
    command.wait(1.0 + moment)
    command.end(signal.SIGKILL, group)
    command.check_gone()


def test_a_stopped_run_keeps_what_it_has_and_says_so(checkout):
    """The stack in its middle keeps its lines but has no result; the run has an outcome, and its exit code says why it ended."""
    data = checkout / "reports" / "data"
    shutil.rmtree(data, ignore_errors=True)
    command = Command(checkout, *COMMANDS["run"][0], "--case", "commit_*")
    partial = f"{STACK}.{command.process.pid}.partial"
    command.wait_for(lambda: (data / partial).exists() and (data / partial).read_bytes().count(b"\n") > 5)
    command.end(signal.SIGINT, group=True)  # as a terminal does, to all in its foreground
    command.check_gone()
    assert command.process.returncode == 128 + signal.SIGINT
    assert "stopped by SIGINT: what was started has ended, what was recorded is kept, and the next run goes on from it" in command.read_output()
    assert json.loads((data / "run.json").read_text())["interrupted"]
    assert (data / partial).read_bytes().count(b"\n") > 5
    assert not (data / f"{STACK}.jsonl").exists()
    assert json.loads((data / f"{STACK}.notrun.json").read_text())["reason"].startswith("the run was stopped")


NOX_LIKE = """
import os, signal, subprocess, sys
os.environ.update(NOX_CURRENT_SESSION="x", {variable}=str(os.getpid()))
child = subprocess.Popen([sys.executable, *{arguments}])
{then}
"""


def test_a_command_follows_its_nox(checkout):
    """nox dies of SIGTERM at once; its child has to notice by itself, or servers would run on."""
    command = Command(checkout, "-c", NOX_LIKE.format(variable=NOX, arguments=COMMANDS["shell"][0], then="child.wait()"), SHELL="/bin/sh")
    command.wait_for(lambda: "You are in stack" in command.read_output())
    command.end(signal.SIGTERM)
    command.check_gone()


def test_a_command_whose_nox_has_gone_already_begins_nothing(checkout):
    """It asks to be told of its parent's death, and then looks: before that nobody would have told it."""
    ending = "os.kill(os.getpid(), signal.SIGKILL)"
    command = Command(checkout, "-c", NOX_LIKE.format(variable=NOX, arguments=COMMANDS["shell"][0], then=ending), SHELL="/bin/sh")
    command.process.wait(SOON)
    command.check_gone()
    assert "You are in stack" not in command.read_output()


def test_no_phase_begins_after_a_stop(checkout):
    """The run in the middle of a bench notices the stop, and so does what comes after it."""
    command = Command(checkout, "-m", "matrix", "paste", "--stack", STACK, "--recipe", "plain/real_commits", "--case", "commit_*", *SERVERS)
    command.wait_for(
        lambda: "every recipe as a module" in command.read_output() and any("matrix.probe.warm" in line for line in command.find_processes().values())
    )
    command.end(signal.SIGTERM)
    command.check_gone()
    assert command.process.returncode == 128 + signal.SIGTERM
    assert "every recipe as a conftest.py" not in command.read_output()
    assert "compared" not in command.read_output()


RUN = """
import os, signal, sys, threading, time
from pathlib import Path
from matrix.ending import stop
from matrix.ending.command import begin, conclude
from matrix.ending.children import run_child
from matrix.cache import hold_lock
begin()

def main():
{body}
    return 0

sys.exit(conclude(main, "nothing is kept"))
"""


def run_python(checkout, body, **variables):
    """Run the lines as a command of ours; returns it ended or not."""
    return Command(checkout, "-c", RUN.format(body=textwrap.indent(body.strip(), "    ")), **variables)


def test_a_block_that_holds_on_ends_by_itself(checkout):
    command = run_python(
        checkout,
        """
told = threading.Event()
with stop.hold(), stop.hold(told):
    os.kill(os.getpid(), signal.SIGTERM)
    print("told", told.is_set(), flush=True)
print("next phase", flush=True)
""",
    )
    assert command.wait(10) == 128 + signal.SIGTERM
    assert command.read_output() == "told True\nstopped by SIGTERM: nothing is kept\n"


POOL = """
from concurrent.futures import ThreadPoolExecutor
with stop.hold(), ThreadPoolExecutor() as pool:
    pool.submit(work)
"""


@pytest.mark.parametrize("begin", ["work()", POOL], ids=["main", "thread"])
def test_children_end_with_a_stop_and_so_do_theirs(checkout, begin):
    """At once, and so in order: their output, which theirs hold open, is not waited for."""
    work = 'def work(): run_child(["sh", "-c", "sleep 300 & sleep 300"], capture_output=True)\n'
    command = run_python(checkout, work + begin.strip())
    command.wait_for(lambda: sum(line.startswith("sleep") for line in command.find_processes().values()) == 2)
    command.end(signal.SIGINT)
    assert command.process.returncode == 128 + signal.SIGINT
    assert command.read_output() == "stopped by SIGINT: nothing is kept\n"
    command.check_gone()


@pytest.mark.parametrize("begin", ["work()", POOL], ids=["main", "thread"])
def test_who_waits_for_another_runs_lock_ends_too(checkout, tmp_path, begin):
    work = f"def work():\n    print('waiting', flush=True)\n    with hold_lock(Path({str(tmp_path / 'lock')!r})): print('held', flush=True)\n"
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = run_python(checkout, work + begin.strip())
        command.wait_for(lambda: "waiting" in command.read_output())
        command.end(signal.SIGTERM)
    assert command.process.returncode == 128 + signal.SIGTERM
    assert command.read_output() == "waiting\nstopped by SIGTERM: nothing is kept\n"


def test_who_cannot_end_in_order_is_ended(checkout):
    """A thread that hears nothing: the limit ends the process, and its guard what it had started."""
    command = run_python(
        checkout,
        """
stop.LIMIT = 1.0
import subprocess
from matrix.ending import guard
from matrix.servers.directory import RunDirectory
RunDirectory()
subprocess.Popen(["sleep", "300"], env=guard.mark(os.environ), start_new_session=True)
threading.Thread(target=time.sleep, args=(300,)).start()
print("deaf", flush=True)
with stop.hold():
    time.sleep(300)
""",
    )
    command.wait_for(lambda: "deaf" in command.read_output())
    assert any("sleep" in line for line in command.find_processes().values())
    command.end(signal.SIGTERM)
    assert command.process.returncode == 128 + signal.SIGTERM
    command.check_gone()


def test_what_ends_in_order_is_not_swept(checkout):
    """What a user starts from our shell and leaves there is the user's."""
    command = run_python(
        checkout,
        """
import subprocess
from matrix.ending import guard
subprocess.Popen(["sleep", "300"], env=guard.mark(os.environ), start_new_session=True)
""",
    )
    assert command.wait(10) == 0
    command.process.stdin.close()
    assert list(command.find_processes().values()) == ["sleep\x00300\x00"]
    command.kill_left()


BUILD = """
from matrix.cache import cache_dir, open_scratch, place
def build(draft):
    with open_scratch(draft):
        (draft / "half").touch()
        run_child(["sleep", "300"])
place(cache_dir() / "programs" / "server", build)
"""


def test_what_was_half_built_in_the_cache_goes_with_a_killed_run(checkout, tmp_path):
    """What uv has left too; what another run is building stays."""
    cache = tmp_path / "isolation-matrix"
    programs, others = cache / "programs", cache / "environments" / "others"
    for place in (others, cache / "environments" / "forsaken", cache / "uv" / ".tmpUnpacked"):
        place.mkdir(parents=True)
        place.with_name(".lock" if place.name.startswith(".tmp") else f"{place.name}.lock").touch()
    with others.with_suffix(".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = run_python(checkout, BUILD, XDG_CACHE_HOME=str(tmp_path))
        command.wait_for(lambda: any(line.startswith("sleep") for line in command.find_processes().values()))
        assert (programs / "server.scratch").exists() and (programs / "server.draft" / "half").exists()
        command.end(signal.SIGKILL)
        command.check_gone()
        ends = time.monotonic() + SOON
        while (left := sorted(str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_dir())) != [
            "environments",
            "environments/others",
            "programs",
            "uv",
        ]:
            assert time.monotonic() < ends, left
            time.sleep(0.05)
