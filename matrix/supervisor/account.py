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


def stack_environment(stack: Stack, account: Account) -> dict[str, str]:
    """Return the environment of a stack's processes; the password travels here and nowhere else."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTEST_ADDOPTS", "VIRTUAL_ENV")}
    return inherited | {
        "MATRIX_DATABASE_URL": make_url(stack, account),
        "MATRIX_MODE": stack.mode,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(ROOT),
    }


def make_url(stack: Stack, account: Account) -> str:
    """Return the SQLAlchemy URL with which the application under test connects."""
    query = f"?{urlencode(stack.query)}" if stack.query else ""
    return f"{stack.dialect}://{quote(account.user)}:{quote(account.password)}@{account.host}:{account.port}/{account.database}{query}"
