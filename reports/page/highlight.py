"""Python source as highlighted HTML and as tokens, both with CSS classes only."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup
from pygments import lex
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Token

_LEXER = PythonLexer(stripnl=False, ensurenl=False)


@lru_cache(maxsize=1024)
def highlight_code(code: str) -> Markup:
    """The source as spans with Pygments' classes, escaped by Pygments; the visible text is exactly `code`."""
    formatter = HtmlFormatter(nowrap=True)
    pieces: list[str] = []

    class Sink:
        def write(self, text: str) -> None:
            pieces.append(text)

    formatter.format(_LEXER.get_tokens(code), Sink())
    return Markup("".join(pieces))  # noqa: S704 - Pygments escapes the text


def split_tokens(code: str) -> list[list[str]]:
    """The source as [class, text] pairs, for scripts that build elements instead of writing markup."""
    pairs: list[list[str]] = []
    for kind, text in lex(code, _LEXER):
        while kind not in STANDARD_TYPES and kind is not Token:
            kind = kind.parent or Token
        style = STANDARD_TYPES.get(kind, "")
        if pairs and pairs[-1][0] == style:
            pairs[-1][1] += text
        else:
            pairs.append([style, text])
    return pairs
