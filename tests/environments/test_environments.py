"""Environments: built once from a lock by uv, found again, rebuilt when interrupted, refused when wrong."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from matrix.cache import cache_dir
from matrix.environments import building as environments
from matrix.environments import interpreters
from matrix.environments.building import LOCKS, RECORD, EnvironmentFailed, EnvironmentMissing, build_environment, prepare_environment
from matrix.environments.interpreters import find_interpreter
from matrix.plan.rows import load_stacks

HERE = Path(sys.executable).resolve()
LOCK = LOCKS / "build.txt"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of ours, with uv's own files from the real one."""
    monkeypatch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR") or str(cache_dir() / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def builds(monkeypatch):
    """The names of the locks that were really built, in order."""
    names = []
    build = environments._build

    def count(place, lock, *arguments):
        names.append(lock.name)
        return build(place, lock, *arguments)

    monkeypatch.setattr(environments, "_build", count)
    return names


def ask(environment, code):
    return subprocess.run([environment.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_has_what_its_lock_pins(cache):
    environment = build_environment(LOCK, HERE)
    pinned = next(pin.split()[0] for pin in environments.read_pins(LOCK) if pin.startswith("setuptools"))
    assert ask(environment, "import setuptools; print('setuptools==' + setuptools.__version__)") == pinned
    assert ask(environment, "import sys; print(sys.prefix)").startswith(str(cache))
    assert environment.c_extensions is None


def test_an_environment_is_built_once(cache, builds):
    first = build_environment(LOCK, HERE)
    again = build_environment(LOCK, HERE)
    assert builds == ["build.txt"]
    assert again.python == first.python
    assert again.seconds < 0.5


def test_the_same_pins_under_another_name_share_an_environment(cache, builds, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("# another header\n" + LOCK.read_text())
    assert build_environment(other, HERE).python == build_environment(LOCK, HERE).python
    assert builds == ["other.txt"]


def test_other_pins_make_another_environment(cache, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(LOCK.read_text().partition("setuptools==")[0])
    assert build_environment(other, HERE).python != build_environment(LOCK, HERE).python


def test_an_interrupted_build_is_done_again(cache, builds):
    python = build_environment(LOCK, HERE).python
    (python.parent.parent / RECORD).unlink()
    (python.parent / "wheel").unlink()
    build_environment(LOCK, HERE)
    assert builds == ["build.txt", "build.txt"]
    assert (python.parent / "wheel").exists()


def test_many_who_ask_at_once_get_one_build(cache, builds):
    found = []
    threads = [threading.Thread(target=lambda: found.append(build_environment(LOCK, HERE).python)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert builds == ["build.txt"]


def test_a_file_with_another_hash_is_refused(cache, tmp_path):
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("wheel==0.48.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(EnvironmentFailed, match=r"(?s)uv failed.*command: .*pip sync.*[Hh]ash"):
        build_environment(wrong, HERE)


def test_a_pin_without_a_hash_is_refused(cache, tmp_path):
    bare = tmp_path / "bare.txt"
    bare.write_text("wheel==0.48.0\n")
    with pytest.raises(EnvironmentFailed, match=r"(?i)hash"):
        build_environment(bare, HERE)


def test_a_missing_lock_is_named(cache, tmp_path):
    with pytest.raises(EnvironmentFailed, match=r"sa99\.txt: there is no such lock .* `nox -s lock`"):
        build_environment(tmp_path / "sa99.txt", HERE)


def test_what_exists_only_as_source_is_compiled_and_recorded():
    stack = load_stacks()["sa13-psycopg2-postgresql18"]
    environment = prepare_environment(stack)
    assert environment.built == ("sqlalchemy-1.3.24",)
    code = "import importlib.util as u; print(u.find_spec('sqlalchemy.cprocessors') is not None)"
    assert ask(environment, code) == str(environment.c_extensions)


def test_only_what_a_row_declares_is_compiled(cache):
    stack = replace(load_stacks()["sa13-psycopg2-postgresql18"], source=())
    with pytest.raises(EnvironmentFailed, match=r"(?i)sqlalchemy.*(no usable wheels|no wheels|building source)"):
        prepare_environment(stack)


def test_without_a_compiler_the_record_says_that_extensions_are_missing(tmp_path):
    (tmp_path / "sqlalchemy").mkdir()
    assert environments._find_c_extensions(tmp_path) is False
    (tmp_path / "sqlalchemy" / "cprocessors.cpython-311-x86_64-linux-gnu.so").touch()
    assert environments._find_c_extensions(tmp_path) is True


def test_a_missing_interpreter_is_named(monkeypatch):
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    stack = replace(load_stacks()["sa20-psycopg2-postgresql18"], python="3.99")
    with pytest.raises(EnvironmentMissing, match=r"python3\.99 is not on PATH") as caught:
        prepare_environment(stack)
    assert caught.value.missing == "python3.99"
    assert caught.value.stack == stack.id
    assert stack.id not in caught.value.reason  # whoever lists stacks names it already


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without interpreters but those that the test makes; uv fetches none."""
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def make_interpreter(path, version):
    """A program that answers the question for the version as a Python does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def find(version):
    return find_interpreter.__wrapped__(version)


def test_the_running_interpreter_comes_first():
    assert find("{}.{}".format(*sys.version_info)) == HERE


def test_nothing_is_found_on_a_bare_machine(bare):
    assert find("3.7") is None


def test_an_interpreter_on_path_is_found(bare):
    path = make_interpreter(bare / "bin" / "python3.7", "3.7")
    assert find("3.7") == path


def test_the_newest_of_pyenv_is_found(bare):
    make_interpreter(bare / "pyenv" / "versions" / "3.7.9" / "bin" / "python3.7", "3.7")
    newest = make_interpreter(bare / "pyenv" / "versions" / "3.7.16" / "bin" / "python3.7", "3.7")
    assert find("3.7") == newest


def test_a_pyenv_that_may_not_be_read_is_passed_over(bare, monkeypatch):
    """As after `su`, which leaves the other user's PYENV_ROOT in the environment."""
    make_interpreter(bare / "pyenv" / "versions" / "3.7.9" / "bin" / "python3.7", "3.7")

    def refuse(folder, pattern):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "glob", refuse)
    assert find("3.7") is None


def test_a_shim_that_does_not_answer_is_passed_over(bare):
    shim = make_interpreter(bare / "bin" / "python3.7", "")
    shim.write_text("#!/bin/sh\nexit 127\n")
    real = make_interpreter(bare / "pyenv" / "versions" / "3.7.9" / "bin" / "python3.7", "3.7")
    assert find("3.7") == real


def test_an_interpreter_of_another_version_is_passed_over(bare):
    make_interpreter(bare / "bin" / "python3.7", "3.8")
    assert find("3.7") is None


def test_uv_is_asked_when_it_may_fetch(bare, monkeypatch):
    monkeypatch.delenv("UV_PYTHON_DOWNLOADS")
    fetched = bare / "cache" / "isolation-matrix" / "interpreters" / "cpython-3.7.9-x" / "bin" / "python3.7"
    uv = make_interpreter(bare / "uv", "")
    uv.write_text(f"#!/bin/sh\n/bin/mkdir -p {fetched.parent}\nprintf '#!/bin/sh\\necho 3.7\\n' > {fetched}\n/bin/chmod 755 {fetched}\n")
    monkeypatch.setattr(interpreters, "find_uv", lambda: uv)
    assert find_interpreter.__wrapped__("3.7", fetch=False) is None
    assert find("3.7") == fetched
