"""What a stack says of itself: exact versions, C extensions, the schema it would create."""

import os
import platform
import sys


def describe_stack():
    """Return versions, extensions, capabilities and the schema's statements (a dict of JSON values)."""
    from cases.sample import ddl
    from matrix.probe.abilities import find_abilities

    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "packages": list_packages(),
        "c_extensions": has_c_extensions(),
        "capabilities": find_abilities(),
        "ddl": ddl(os.environ["MATRIX_DATABASE_URL"]),
    }


def list_packages():
    """Return the installed distributions, lower-case name to version."""
    from importlib import metadata

    return {dist.metadata["Name"].lower().replace("_", "-"): dist.version for dist in metadata.distributions() if dist.metadata["Name"]}


def has_c_extensions():
    """Say whether SQLAlchemy runs with its compiled parts (it falls back to pure Python silently)."""
    for name in ("sqlalchemy.cresultproxy", "sqlalchemy.cyextension.resultproxy"):
        try:
            __import__(name)
            return True
        except ImportError:
            continue
    try:
        from sqlalchemy.engine import _result_cy
    except ImportError:
        return False
    return bool(_result_cy._is_compiled()) if hasattr(_result_cy, "_is_compiled") else _is_binary(_result_cy)


def _is_binary(module):
    return not module.__file__.endswith((".py", ".pyc")) and sys.implementation.name == "cpython"
