"""The user's project: its folder, its interpreter, and whether what the audit needs is there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from matrix.audit.mistakes import WrongUse

_ASK = """
import json, sys
found = {"python": list(sys.version_info[:3])}
for name in ("pytest", "sqlalchemy"):
    try:
        found[name] = __import__(name).__version__
    except Exception as error:
        found[name] = None
        found[name + "_error"] = "%s: %s" % (type(error).__name__, error)
print("\\n" + json.dumps(found))
"""
OLDEST = {"pytest": (6, 2), "sqlalchemy": (1, 3)}


def find_project(path: str) -> Path:
    """Return the project's folder. Raises WrongUse."""
    project = Path(path).expanduser().resolve()
    if not project.is_dir():
        raise WrongUse(f"there is no folder {path}: give the folder that pytest is run in")
    return project


def find_python(project: Path, given: str | None) -> Path:
    """Return the project's own interpreter. Raises WrongUse, which says where it was looked for."""
    if given:
        python = Path(given).expanduser()
        if python.is_dir():
            python = python / "bin" / "python"
        if not os.access(python, os.X_OK):
            raise WrongUse(f"--python {given}: there is no such program")
        return python.absolute()
    places = [project / name / "bin" / "python" for name in (".venv", "venv")]
    if active := os.environ.get("MATRIX_USER_ENV") or os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX"):
        places.append(Path(active) / "bin" / "python")
    for place in places:
        if os.access(place, os.X_OK):
            return place
    looked = ", ".join(map(str, places)) + ("" if active else ", and no environment is active")
    raise WrongUse(f"the project's interpreter was not found (looked for {looked}): give it with --python")


def check_packages(python: Path, project: Path, variables: dict[str, str]) -> dict[str, str]:
    """Return the versions of Python, pytest and SQLAlchemy. Raises WrongUse when one is missing or too old."""
    done = subprocess.run([python, "-c", _ASK], cwd=project, env=variables, capture_output=True, text=True, timeout=120, check=False)
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise WrongUse(f"{python} does not run Python: {done.stderr.strip()[-300:]}") from None
    if tuple(found["python"]) < (3, 8):
        raise WrongUse(f"{python} is Python {'.'.join(map(str, found['python']))}, the audit needs 3.8 or newer")
    for name, oldest in OLDEST.items():
        version = found[name]
        title = {"pytest": "pytest", "sqlalchemy": "SQLAlchemy"}[name]
        if version is None:
            raise WrongUse(f"{title} cannot be imported by {python} ({found[name + '_error']}): install it there, or give another interpreter with --python")
        if read_version(version) < oldest:
            raise WrongUse(f"{title} {version} in {python} is too old, the audit needs {'.'.join(map(str, oldest))} or newer")
    return {"python": ".".join(map(str, found["python"])), "pytest": found["pytest"], "sqlalchemy": found["sqlalchemy"]}


def read_version(text: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    numbers = ["".join(c for c in part if c.isdigit()) for part in text.split(".")[:2]]
    return tuple(int(number or 0) for number in numbers)
