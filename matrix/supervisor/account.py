"""What a stack's processes are given: a database of their own and the URL to it."""

from __future__ import annotations

import os
import uuid
from urllib.parse import quote, urlencode

from matrix.plan.contents import ROOT
from matrix.plan.rows import Stack
from matrix.witness import Account


def name_database(stack: Stack) -> str:
    """Return a database name of this run's own: our prefix, the stack, something random (63 characters at most)."""
    return f"matrix_{stack.id.replace('-', '_')[:40]}_{uuid.uuid4().hex[:8]}"


# What a driver, a plugin or a locale could read is the same on every machine and for every user: a result must not depend
# on what no key names. HOME is nowhere, for drivers look there for passwords, certificates and options.
NEUTRAL = {
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PATH": os.defpath,
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "TZ": "UTC",
}
PASSED_ON = ("TMPDIR", "MATRIX_CI_RUN")  # where temporary files go, and whose process it is; neither reaches a verdict


def stack_environment(stack: Stack, account: Account) -> dict[str, str]:
    """Return the whole environment of a stack's processes, nothing of the user's; the password travels here and nowhere else."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    own = {"MATRIX_DATABASE_URL": make_url(stack, account), "MATRIX_MODE": stack.mode, "PYTHONPATH": str(ROOT)}
    return NEUTRAL | passed | own


def make_url(stack: Stack, account: Account) -> str:
    """Return the SQLAlchemy URL with which the application under test connects."""
    query = f"?{urlencode(stack.query)}" if stack.query else ""
    return f"{stack.dialect}://{quote(account.user)}:{quote(account.password)}@{account.host}:{account.port}/{account.database}{query}"
