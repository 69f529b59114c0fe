"""JSON in scripts: pages opened from disk may not fetch, but they may load a script that hands over one value."""

from __future__ import annotations

from typing import Any

import orjson

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def embed_json(value: Any) -> str:
    """JSON that is also safe inside a script element: no "<", no ">", no "&", no line separators of JavaScript."""
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    for char, escaped in _UNSAFE.items():
        text = text.replace(char, escaped)
    return text


def render_script(kind: str, key: str, value: Any) -> str:
    """A script that hands `value` to the page: `isolationMatrix.receive(kind, key, value)`."""
    return f"isolationMatrix.receive({embed_json(kind)},{embed_json(key)},{embed_json(value)});\n"
