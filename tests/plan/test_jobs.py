"""The hosted job matrix is the rows: every stack once, never more jobs than are accepted."""

import dataclasses
import json
import subprocess
import sys

import pytest

from matrix.plan.jobs import LIMIT, make_jobs
from matrix.plan.rows import load_stacks
from tests.hosted import ROOT


def list_stacks(jobs):
    return [stack for job in jobs["include"] for stack in job["stacks"].split()]


def test_the_printed_jobs_are_the_rows():
    """What `nox -s jobs` prints on standard output is the matrix and nothing else."""
    printed = subprocess.run([sys.executable, "-m", "nox", "-s", "jobs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    jobs = json.loads(printed)
    assert sorted(list_stacks(jobs)) == sorted(load_stacks())
    assert len(jobs["include"]) == len(load_stacks()) <= LIMIT


@pytest.mark.parametrize(("stacks", "jobs"), [(1, 1), (256, 256), (257, 129), (600, 200)])
def test_many_stacks_share_jobs(stacks, jobs):
    row = next(iter(load_stacks().values()))
    rows = [dataclasses.replace(row, id=f"stack{number}") for number in range(stacks)]
    made = make_jobs(rows)
    assert sorted(list_stacks(made)) == sorted(stack.id for stack in rows)
    assert len(made["include"]) == len({job["name"] for job in made["include"]}) == jobs
