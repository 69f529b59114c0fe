"""What the cache promises: whole or not at all, built once, however many runs want it."""

import threading
import time
from pathlib import Path

import pytest

from matrix.cache import cache_dir, place


def test_the_cache_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "isolation-matrix"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_dir() == tmp_path / "home" / ".cache" / "isolation-matrix"


def test_two_runs_build_once_and_both_see_it_whole(tmp_path):
    target, builds, seen = tmp_path / "programs", [], []

    def build(draft: Path) -> None:
        builds.append(draft)
        (draft / "first").touch()
        time.sleep(0.1)
        (draft / "last").touch()

    def use() -> None:
        seen.append(sorted(path.name for path in place(target, build).iterdir()))

    runs = [threading.Thread(target=use) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(builds) == 1
    assert seen == [["first", "last"]] * 4


def test_a_failed_build_leaves_nothing_and_can_be_repeated(tmp_path):
    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise RuntimeError("the download broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        place(tmp_path / "programs", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["programs.lock"]
    assert place(tmp_path / "programs", lambda draft: (draft / "whole").touch()).joinpath("whole").exists()


def test_what_a_killed_run_left_is_not_taken_for_a_result(tmp_path):
    half = tmp_path / "programs.draft"
    half.mkdir()
    (half / "half").touch()
    placed = place(tmp_path / "programs", lambda draft: (draft / "whole").touch())
    assert [path.name for path in placed.iterdir()] == ["whole"]
