"""Locks: made from what the rows say now, with hashes, for everybody."""

import re

import pytest

from matrix.environments import locking
from matrix.environments.building import read_pins
from matrix.environments.locking import Lock, find_stale, list_locks, write_lock
from matrix.plan.rows import load_stacks

LOCKS = list_locks()
SQLALCHEMY_1_3_24_SOURCE = "sha256:ebbb777cbf9312359b897bf81ba00dae0f5cb69fba2a18265dcc18a6f5ef7519"


def test_every_lock_was_made_from_what_its_row_says_now():
    assert find_stale(LOCKS) == {}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_is_complete_and_names_no_host(lock):
    text = lock.path.read_text()
    assert "`nox -s lock`" in text.splitlines()[0]
    assert not re.search(r"://|--(extra-)?index|--find-links|file:", text)
    pins = re.split(r"\n(?=\S)", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert all(re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+", pin) and "--hash=sha256:" in pin for pin in pins)


PROMISED = [stack for stack in load_stacks().values() if stack.promised]


@pytest.mark.parametrize("stack", PROMISED, ids=lambda stack: stack.id)
def test_a_promised_row_is_pinned_to_its_line(stack):
    version = {"1.3": "1.3.24", "1.4": "1.4.54"}.get(stack.line, stack.line + ".")
    pin = next(pin for pin in read_pins(locking.LOCKS / f"{stack.id}.txt") if pin.startswith("sqlalchemy"))
    assert pin.split("==")[1].startswith(version)


def test_what_exists_only_as_source_keeps_the_hash_of_its_source():
    assert SQLALCHEMY_1_3_24_SOURCE in (locking.LOCKS / "sa13-pymysql-mysql97.txt").read_text()


@pytest.fixture
def lock(tmp_path, monkeypatch):
    """A lock in a folder of its own, written as `nox -s lock` writes it, but resolved to nothing."""
    monkeypatch.setattr(locking, "LOCKS", tmp_path)
    monkeypatch.setattr(locking, "_resolve", lambda lock: "iniconfig==2.3.1 \\\n    --hash=sha256:00\n")
    lock = Lock("sa20-x-y", "3.11", ("SQLAlchemy>=2.0", "pytest"))
    assert write_lock(lock)
    assert find_stale([lock]) == {}
    return lock


@pytest.mark.parametrize(
    "changed",
    [
        Lock("sa20-x-y", "3.11", ("SQLAlchemy>=2.0", "pytest", "greenlet")),
        Lock("sa20-x-y", "3.11", ("SQLAlchemy>=2.0",)),
        Lock("sa20-x-y", "3.11", ("SQLAlchemy>=2.0.1", "pytest")),
        Lock("sa20-x-y", "3.12", ("SQLAlchemy>=2.0", "pytest")),
    ],
    ids=["more", "less", "another version", "another Python"],
)
def test_a_row_that_changed_without_its_lock_is_found(lock, changed):
    assert find_stale([changed]) == {"sa20-x-y": "was made from other requirements than its row has now"}


def test_the_order_of_requirements_does_not_matter(lock):
    assert find_stale([Lock("sa20-x-y", "3.11", ("pytest", "SQLAlchemy>=2.0"))]) == {}


def test_a_lock_without_a_row_and_a_row_without_a_lock_are_found(lock):
    other = Lock("sa21-x-y", "3.11", ("SQLAlchemy",))
    assert find_stale([other]) == {"sa21-x-y": "is missing", "sa20-x-y": "belongs to no row"}


def test_a_lock_without_an_input_hash_is_found(lock):
    lock.path.write_text("sqlalchemy==2.0.58\n")
    assert find_stale([lock]) == {"sa20-x-y": "has no input hash"}


def test_writing_says_whether_anything_changed(lock):
    assert not write_lock(lock)
    assert write_lock(Lock("sa20-x-y", "3.11", ("SQLAlchemy>=2.0",)))
