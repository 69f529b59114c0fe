"""The generated tables of the repository's documents: the answers in README.md, every family's table in MATRIX.md.

They are made from what the repository holds (the baseline, the reviewed costs, the rows, the cases' levels), so anybody
can check without a run whether they are stale: the hash of these inputs stands in the first marker of each.
"""

import re
from collections.abc import Callable
from pathlib import Path

from reports.readme.answers import draw_answers
from reports.readme.tables import draw_tables
from reports.readme.words import HeadlineError, Inputs

BEGIN, END = "<!-- headline: begin, inputs {} -->", "<!-- headline: end -->"
BLOCK = re.compile(r"<!-- headline: begin(?:, inputs ([0-9a-f]*))? -->.*?<!-- headline: end -->", re.DOTALL)
DOCUMENTS: dict[str, Callable[[Inputs], str]] = {"README.md": draw_answers, "MATRIX.md": draw_tables}


def write_headline(document: Path, inputs: Inputs) -> bool:
    """Put its tables between a document's markers; return whether the file changed. Raises HeadlineError."""
    text = document.read_text(encoding="utf-8")
    new = replace_block(text, inputs, document.name)
    if new != text:
        document.write_text(new, encoding="utf-8")
    return new != text


def check_headline(document: Path, inputs: Inputs) -> None:
    """Raise HeadlineError when a document's tables were made from other inputs or edited by hand."""
    text = document.read_text(encoding="utf-8")
    found = BLOCK.search(text)
    if found and found.group(1) != inputs.hash:
        raise HeadlineError(f"{document.name}: the headline table is stale: its inputs changed. Run `nox -s headline`.")
    if replace_block(text, inputs, document.name) != text:
        raise HeadlineError(f"{document.name}: the headline table is not what its inputs give. Run `nox -s headline`.")


def replace_block(text: str, inputs: Inputs, name: str) -> str:
    if not BLOCK.search(text):
        raise HeadlineError(f"{name}: no place for the headline table; put '<!-- headline: begin -->' and '{END}' where it belongs")
    block = "\n".join([BEGIN.format(inputs.hash), "", DOCUMENTS[name](inputs), "", END])
    return BLOCK.sub(lambda found: block, text, count=1)
