"""The facts on disk: one file per stack, written line by line, read back whole or not at all."""

from typing import Any

JsonObject = dict[str, Any]
"""A line of the facts, an object in it, or one in results.json: what it holds is the schema's to say, not the checker's."""
