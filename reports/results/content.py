"""What fixtures/ and cases/ say about themselves: text, docstring, source, header, hash."""

import ast
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from matrix.bite.catches import read_catches
from matrix.facts import JsonObject
from matrix.judging.controls import is_control
from matrix.plan.contents import find_cases
from matrix.plan.headers import Header, read_recipe_header

LINK = re.compile(r"https?://[^\s<>\"')\]]+")
# A recipe's docstring has these labelled parts after its title; a part ends at the next label or blank line.
WHAT, SOURCE = "What it does", "Source"
LABELS = (WHAT, "When to use it", SOURCE)


@dataclass(frozen=True)
class Content:
    """families, recipes and cases by id, shaped as in results.schema.json."""

    families: dict[str, JsonObject] = field(default_factory=dict)
    recipes: dict[str, JsonObject] = field(default_factory=dict)
    cases: dict[str, JsonObject] = field(default_factory=dict)


def read_content(root: Path) -> Content:
    """Read all families, recipes and cases of a checkout, and what the cases catch.

    Raises HeaderError, ContentError, SyntaxError, CatchesError for files that cannot be read.
    """
    families = {path.parent.name: read_family(path.parent) for path in sorted(root.glob("fixtures/*/conftest.py"))}
    paths = [path for family in families for path in sorted((root / "fixtures" / family).glob("*.py"))]
    recipes = {f"{path.parent.name}/{path.stem}": read_recipe(path) for path in paths if path.name != "conftest.py" and not path.name.startswith("_")}
    cases: dict[str, JsonObject] = {}
    for path in sorted((root / "cases").glob("*.py")):
        cases |= read_cases(path)
    catches, marked = read_catches(root), find_cases(root / "cases")
    for case, told in cases.items():
        told |= {"level": marked[case].level, "commits": marked[case].commits, "sha256": marked[case].sha256}
        told["catches"] = [{"mutant": found["mutant"], "title": found["title"]} for found in catches.get(case, [])]
    return Content(families, recipes, cases)


def read_family(folder: Path) -> JsonObject:
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    heading = next((line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")), "")
    return {"title": heading or folder.name.replace("_", " ").capitalize(), "readme": text}


def read_recipe(path: Path) -> JsonObject:
    raw = path.read_bytes()
    code = raw.decode("utf-8")
    doc = ast.get_docstring(ast.parse(code)) or ""
    name, family = path.stem, path.parent.name
    return {
        "family": family, "name": name, "path": f"fixtures/{family}/{path.name}",
        **describe(doc, name), "source": find_source(doc), "link": find_link(find_part(doc, SOURCE) or doc), "code": code,
        "sha256": hashlib.sha256(raw).hexdigest(), "control": is_control(f"{family}/{name}"),
        "header": shape_header(read_recipe_header(path)),
    }  # fmt: skip


def describe(doc: str, name: str) -> JsonObject:
    """Return title (first paragraph), summary (what it does, or the second paragraph) and the whole docstring."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", doc.strip())] if doc.strip() else []
    title = paragraphs[0] if paragraphs else name.replace("_", " ")
    summary = find_part(doc, WHAT) or (paragraphs[1] if len(paragraphs) > 1 else "")
    return {"title": title, "summary": summary, "doc": doc}


def find_part(doc: str, label: str) -> str | None:
    """Return a labelled part of a docstring as one line."""
    following = "|".join(re.escape(other) for other in LABELS)
    found = re.search(rf"^{re.escape(label)}:\s*(.+?)(?=\n(?:{following}):|\n\s*\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else None


def find_source(doc: str) -> str | None:
    """Return where a recipe comes from, in words, without the link."""
    part = find_part(doc, SOURCE)
    return LINK.sub("", part).strip(" ,;") if part else None


def find_link(text: str) -> str | None:
    found = LINK.search(text)
    return found.group().rstrip(".,;") if found else None


def shape_header(header: Header) -> JsonObject:
    return {
        "dependencies": list(header.dependencies), "driver": header.driver,
        "modes": list(header.modes), "capabilities": list(header.capabilities),
    }  # fmt: skip


def read_cases(path: Path) -> dict[str, JsonObject]:
    """Return the cases of one theme by id, each with its docstring and its exact text."""
    code = path.read_text(encoding="utf-8")
    lines = code.splitlines(keepends=True)
    found = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            doc = ast.get_docstring(node) or ""
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name.removeprefix("test_")] = {
                "title": describe(doc, node.name.removeprefix("test_"))["title"].split(". ")[0],
                "doc": doc, "link": find_link(doc), "theme": path.stem,
                "code": "".join(lines[start - 1 : node.end_lineno]),
            }  # fmt: skip
    return found
