"""What a cell costs is counted by kind: each kind has a price of its own."""

import pytest

from matrix.probe.work import Work, find_kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT 1", "statement"),
        ("DELETE FROM item", "statement"),
        ("\nCREATE TABLE item (id INTEGER)", "ddl"),
        ("DROP TABLE item", "ddl"),
        ("TRUNCATE item", "truncate"),
        ("CREATE DATABASE other TEMPLATE shop", "database"),
        ("drop  database other", "database"),
    ],
)
def test_statements_are_told_apart_by_what_they_cost(text, kind):
    assert find_kind(text) == kind


def test_only_round_trips_of_the_running_cell_are_counted():
    work = Work()
    work.count("connect", "")
    work.start()
    for name, text in [("checkout", ""), ("begin", ""), ("statement", "SELECT 1"), ("savepoint", "a"), ("statement", "TRUNCATE item"), ("commit", "")]:
        work.count(name, text)
    found = work.stop()
    assert found["counts"] == {"statement": 2, "truncate": 1, "commit": 1}
    assert found["cpu_s"] >= 0


def test_processor_time_is_its_own_and_waiting_costs_none():
    import time

    work = Work()
    time.sleep(0.05)
    idle = work.stop()["cpu_s"]
    work.start()
    ends = time.process_time() + 0.02
    while time.process_time() < ends:
        pass
    assert idle < 0.02 <= work.stop()["cpu_s"]
