"""From docstrings and ids to safe HTML and file names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

_INLINE = re.compile(r"``(?P<two>[^`]+)``|`(?P<one>[^`]+)`|(?P<url>https?://[^\s<>\"']+[^\s<>\"'.,;:)])")
_LABEL = re.compile(r"[A-Z][A-Za-z ]{2,24}: ")
_ITEM = re.compile(r"^\s*[-*]\s+")


def name_file(name: str) -> str:
    """A file name for an id. Ids made of plain characters stay themselves; others get a hash so that none collide."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".-")[:80]
    if plain == name:
        return name
    return f"{plain or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def quote_names(text: str) -> str:
    """Ids as a part of an address: slashes and plain characters stay, the rest is percent-encoded."""
    return quote(text, safe="/-._~[],:")


def group_digits(number: int) -> str:
    """A number as people read it: 135 608."""
    return f"{number:,}".replace(",", "\u202f")


def list_names(names: Iterable[str]) -> Markup:
    """Names of cases, one after the other."""
    return Markup(", ".join([f"<code>{escape(name)}</code>" for name in names]))  # noqa: S704 - escaped here


def check_link(link: object) -> str | None:
    """The link when it is plain http or https, else None: a recipe's text must not bring another scheme to the page."""
    text = str(link or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.netloc else None


def render_text(text: str | None) -> Markup:
    """Docstring text as HTML: paragraphs, "-" lists, `code` and links; everything else escaped."""
    blocks = re.split(r"\n\s*\n|\n(?=[A-Z][A-Za-z ]{2,24}: )", (text or "").strip())
    return Markup("\n").join(_render_block(block) for block in blocks if block.strip())


def render_inline(text: str | None) -> Markup:
    """One line of text with `code` and links, without a paragraph around it."""
    text, done, pieces = text or "", 0, []
    for match in _INLINE.finditer(text):
        pieces.append(escape(text[done : match.start()]))
        pieces.append(_render_match(match))
        done = match.end()
    pieces.append(escape(text[done:]))
    return Markup("").join(pieces)


def _render_labelled(text: str) -> Markup:
    """Text in which a leading label ("When to use it: ...") stands out."""
    label = _LABEL.match(text)
    return Markup("<strong>{}</strong> {}").format(label[0].strip(), render_inline(text[label.end() :])) if label else render_inline(text)


def _render_match(match: re.Match[str]) -> Markup:
    url = match["url"]
    if url is None:
        return Markup("<code>{}</code>").format(match["one"] or match["two"])
    return Markup('<a rel="noreferrer" href="{0}">{0}</a>').format(url) if check_link(url) else escape(url)


def _render_block(block: str) -> Markup:
    lines = block.strip("\n").splitlines()
    if not _ITEM.match(lines[0]):
        return Markup("<p>{}</p>").format(_render_labelled(" ".join(line.strip() for line in lines)))
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            items.append(_ITEM.sub("", line))
        else:
            items[-1] += " " + line.strip()
    inner = Markup("").join(Markup("<li>{}</li>").format(render_inline(item)) for item in items)
    return Markup("<ul>{}</ul>").format(inner)
