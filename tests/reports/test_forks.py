"""Work on all cores: every result in its place, every error as it was raised, and no process left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matrix.facts.reading import FactsError
from reports.forks import ForkFailed, compute_all, split
from reports.places import ROOT


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def fail_at_three(number: int) -> int:
    if number == 3:
        raise FactsError(Path("a/stack.jsonl"), 7, "the line is wrong")
    return number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def list_children() -> set[str]:
    """Other tests' servers may be children of this process too: what matters is which were there before."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.fixture
def nothing_left():
    before = list_children()
    yield
    assert list_children() == before


def weigh(number: int) -> int:
    return 1


def test_results_come_in_the_order_of_the_items_from_several_processes(nothing_left):
    results = compute_all(square, list(range(50)), weigh, cores=3)
    assert [result for result, _ in results] == [number * number for number in range(50)]
    processes = {pid for _, pid in results}
    assert len(processes) == 3 and os.getpid() not in processes


def test_one_core_needs_no_other_process():
    assert {pid for _, pid in compute_all(square, [1, 2], weigh, cores=1)} == {os.getpid()}
    assert compute_all(square, [], weigh) == []


def test_results_may_be_larger_than_a_pipe():
    assert [len(text) for text in compute_all("x".__mul__, [3_000_000, 2_000_000, 10], int, cores=2)] == [3_000_000, 2_000_000, 10]


def test_an_error_is_raised_as_it_was_and_ends_all(nothing_left):
    with pytest.raises(FactsError) as caught:
        compute_all(fail_at_three, list(range(9)), weigh, cores=2)
    assert "stack.jsonl, line 7: the line is wrong. Do not repair" in str(caught.value)


def test_a_process_that_dies_is_told_and_ends_all(nothing_left):
    with pytest.raises(ForkFailed, match="before it had done its share"):
        compute_all(die_at_three, list(range(9)), weigh, cores=2)


def test_shares_are_of_about_the_same_weight():
    shares = split([9, 1, 1, 1, 8, 1, 1], lambda weight: weight, 2)
    assert sorted(place for share in shares for place in share) == list(range(7))
    assert {sum([9, 1, 1, 1, 8, 1, 1][place] for place in share) for share in shares} == {11}
    assert split([1], weigh, 4) == [[0]]


PARENT = """
import os, sys, time
from reports.forks import compute_all
def work(number):
    os.write(1, b"%d\\n" % os.getpid())  # one piece, for two write at a time
    for _ in range(200):
        time.sleep(0.05)
        if number: return number
compute_all(work, [0, 1, 1, 0], lambda number: 1, cores=2)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_command_is_ended(number):
    """A killed one cannot end its forks: each of them has nobody left to write to."""
    begin = "from matrix.ending.command import begin; begin()\n"
    parent = subprocess.Popen([sys.executable, "-c", begin + PARENT], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    parent.send_signal(number)
    assert parent.wait(10) != 0
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.1)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
