"""The repository's files that its host reads: README, workflows, forms."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def find_program(name: str) -> str:
    """Return a program of the environment that runs the tests."""
    return str(Path(sys.executable).with_name(name))
