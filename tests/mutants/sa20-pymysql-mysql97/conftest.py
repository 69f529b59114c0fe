# /// script
# dependencies = ["pytest", "SQLAlchemy>=2.0"]
# [tool.isolation-matrix]
# driver = "sync"
# ///
"""The fixture that the mutants of this folder have a bug in. They override ``engine``, ``session_factory`` or ``session``."""
from synchronous import (  # noqa: F401  found here by pytest
    app,
    cleaner,
    engine,
    engine_for,
    look,
    metadata,
    seeded_customer,
    session,
    session_factory,
)
