"""What a test needs of the machine beside Python: docker, chromium.

Where it is absent the test is skipped and says why; where MATRIX_REQUIRE names it
("docker,chromium"), as the project's own CI does, its absence is a failure.
"""

import os
from typing import NoReturn

import pytest

KNOWN = ("docker", "chromium")


def report_absence(thing: str, reason: str) -> NoReturn:
    """Skip the test that runs now because `thing` is absent here, or fail it where it is required."""
    if thing not in KNOWN:
        raise ValueError(f"nothing is called {thing!r} here, expected one of {', '.join(KNOWN)}")
    if thing in read_required():
        pytest.fail(f"{thing} is required (MATRIX_REQUIRE) and absent: {reason}", pytrace=False)
    pytest.skip(f"needs {thing}: {reason}")


def read_required() -> set[str]:
    """Return the names in MATRIX_REQUIRE; raises ValueError for a name that means nothing."""
    names = {name.strip() for name in os.environ.get("MATRIX_REQUIRE", "").split(",")} - {""}
    unknown = names - set(KNOWN)
    if unknown:
        raise ValueError(f"MATRIX_REQUIRE names {', '.join(sorted(unknown))}, expected some of {', '.join(KNOWN)}")
    return names
