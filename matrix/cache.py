"""Where downloads, environments and prepared servers are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the cache's root: $XDG_CACHE_HOME/isolation-matrix, or ~/.cache/isolation-matrix."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "isolation-matrix"
