"""Nothing that comes from a recipe, an exception, a version or a name can run as code: 100 payloads in 8 fields, in a real browser.

The fields: name, code, text and link of a recipe, exception and residue of a cell, versions of a stack, a case, a cause.
"""

import copy
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import pytest

from reports.page.model import page_of_case, page_of_recipe
from reports.page.packing import pack_details
from reports.page.site import write_site
from tests.browser.example import make_example

BASES = (
    "<script>{hit}</script>", "</script><script>{hit}</script>", "<img src=x onerror={hit}>", "\"><img src=x onerror='{hit}'>", "'><svg onload={hit}>",
    "javascript:{hit}", "<a href='javascript:{hit}'>x</a>", "<iframe srcdoc='<script>parent.{hit}</script>'></iframe>", "<iframe src='javascript:parent.{hit}'>",
    "<svg><script>{hit}</script></svg>", "<math><mtext></mtext><img src=x onerror={hit}></math>", "<body onload={hit}>", "<details open ontoggle={hit}>x</details>",
    "<input autofocus onfocus={hit}>", "<style>@import 'javascript:{hit}'</style><style onload={hit}>x</style>", "<meta http-equiv=refresh content='0;url=javascript:{hit}'>",
    "<base href='javascript:{hit}//'>", "<object data='javascript:{hit}'></object>", "<embed src='javascript:{hit}'>", "--><script>{hit}</script><!--",
    "]]><script>{hit}</script>", "{{{{ {hit} }}}}", "{{% {hit} %}}", "${{{hit}}}", "`${{{hit}}}`", "';{hit};'", '";{hit};"', "\\\";{hit};//", "\u2028{hit}\u2029",
    "<textarea></textarea><script>{hit}</script>", "<noscript><p title='</noscript><img src=x onerror={hit}>'>", "<template><script>{hit}</script></template>",
    "data:text/html,<script>{hit}</script>",
)  # fmt: skip
WAYS = (lambda text: text, str.swapcase, lambda text: f"\x00\t{text}", lambda text: text.replace("<", "&lt;").replace(">", "&gt;"))


def make_payloads() -> list[str]:
    """100 texts; what runs in the page would leave a mark under the payload's own number."""
    texts = [way(base) for way in WAYS for base in BASES][:100]
    return [
        text.replace("{hit}", f"ran({number})").replace("{HIT}", f"ran({number})").replace("{{", "{").replace("}}", "}") for number, text in enumerate(texts)
    ]


PAYLOADS = make_payloads()
TOGETHER = 4  # payloads in one code or text, so that the page of every fourth recipe and case shows them all


def poison(results: dict, details: dict, payload: str, number: int) -> None:
    """Put a payload into every field of the example; recipe and case are its own."""
    cases, causes, stack = list(results["cases"]), list(results["causes"]), next(iter(details))
    model = results["recipes"]["plain/example_recipe_07"]
    fields = dict.fromkeys(("name", "title", "summary", "source", "link"), payload)
    text = "\n\n".join(PAYLOADS[number : number + TOGETHER])
    results["recipes"][f"plain/{payload}"] = {**copy.deepcopy(model), **fields, "code": text, "doc": text}
    for of_stack, words in results["words"].items():
        words[f"plain/{payload}"] = dict(next(iter(words.values())))
        results["cells"][of_stack][f"plain/{payload}"] = {cases[number]: {"verdict": "leaks", "cause": causes[0], "reason": payload}}
    cell = next(iter(details[stack]["cells"]["plain/example_recipe_07"].values()))
    cell["errors"].append({"phase": payload, "type": payload, "message": payload, "assertion": False, "where": payload, "traceback": payload})
    cell["residue"].append({"kind": payload, "object": payload, "detail": payload, "count": 1, "backend": None, "seen_by": payload})
    cell["timeline"].append({"at": 0.1, "lane": 1, "backend": 1, "source": payload, "event": payload, "text": payload, "phase": payload})
    results["stacks"][stack]["versions"]["packages"][payload] = payload
    results["stacks"][stack]["versions"]["server"] += payload
    results["cases"][cases[number]].update(title=payload, doc=text, link=payload, code=text)
    results["causes"][f"{causes[0]}_{number}"] = {**results["causes"][causes[0]], "title": payload, "explanation": payload, "instead": payload, "link": payload}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    """One site that holds every payload in every field; each has a recipe, a case and a cause of its own."""
    results, details = make_example(lines=1, servers=3, cases=100, cells=10)
    for number, payload in enumerate(PAYLOADS):
        poison(results, details, payload, number)
    site = tmp_path_factory.mktemp("poisoned")
    write_site(results, {stack: pack_details(found) for stack, found in details.items()}, site)
    return results, details, site


LOADING = ("href", "src", "srcset", "srcdoc", "action", "formaction", "data", "xlink:href", "style")


class Elements(HTMLParser):
    """Counts what could run: scripts, handlers, links of another scheme."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.risky = []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in ("iframe", "object", "embed", "base", "style", "math"):
            self.risky.append(tag)
        if found.get("http-equiv", "Content-Security-Policy") != "Content-Security-Policy":
            self.risky.append(f"meta {found}")
        if tag == "script" and (set(found) - {"defer"} != {"src"} or not found["src"].lstrip("./").startswith(("static/", "data/"))):
            self.risky.append(f"script {found}")
        for name, value in attributes:
            if name.startswith("on") or (name in LOADING and (value or "").strip().lower().startswith(("javascript:", "data:"))):
                self.risky.append(f"{tag} {name}={value}")


def test_there_are_100_payloads_that_differ():
    assert len(PAYLOADS) == len(set(PAYLOADS)) == 100
    assert all(f"({number})" in text for number, text in enumerate(PAYLOADS))


def test_pages_hold_payloads_as_text_only(poisoned):
    _, _, site = poisoned
    pages = list(site.rglob("*.html"))
    assert len(pages) > 200, "a recipe and a case per payload, and more"
    for path in pages:
        parser = Elements()
        parser.feed(path.read_text())
        assert parser.risky == [], path


MARK = "window.ran = window.RAN = (number) => console.error(`RAN ${number}`);"
AT_ONCE = 35


def visit(reader, directory: Path, addresses: Iterable[str]) -> None:
    """Open pages in frames of a page, many at once: a page of its own costs several times as much."""
    left = iter(addresses)
    for number, some in enumerate(iter(lambda: list(islice(left, AT_ONCE)), [])):
        frames = directory / f"frames{number}.html"
        frames.write_text("<!doctype html>" + "".join(f'<iframe src="{escape(f"{reader.base}/{name}")}"></iframe>' for name in some))
        reader.page.goto(frames.as_uri())
        reader.page.wait_for_timeout(100)
        assert [frame.url for frame in reader.page.frames[1:]] == [f"{reader.base}/{name}" for name in some]


def test_nothing_runs_in_a_browser(poisoned, make_reader, tmp_path):
    results, details, site = poisoned
    reader = make_reader(site.as_uri())
    reader.page.add_init_script(MARK)
    stack = next(iter(details))
    recipe = "plain/example_recipe_07"
    case = next(case for case, cell in details[stack]["cells"][recipe].items() if len(cell["errors"]) > 100)
    reader.page.goto(f"{reader.base}/cell.html#{stack}/{recipe}/{case}")
    reader.page.wait_for_selector(".timeline svg")
    assert "<script>" in reader.page.locator(".error").nth(1).inner_text(), "the payload is there, as text"
    for name in (
        "index.html?my-line=1.3",
        "recipes.html",
        "cases.html",
        "stacks.html",
        "causes.html",
        "upgrade.html",
        "changes.html",
        "about.html",
        f"stacks/{stack}.html",
    ):
        reader.page.goto(f"{reader.base}/{name}")
    visit(reader, tmp_path, [quote(page_of_recipe(f"plain/{payload}")) for payload in PAYLOADS[::TOGETHER]])
    visit(reader, tmp_path, [page_of_case(case) for case in list(results["cases"])[::TOGETHER]])
    assert [problem for problem in reader.problems if "RAN" in problem or "Security" in problem] == [], "nothing ran, and nothing was even tried"
    assert [url for url in reader.outside if not url.startswith(tmp_path.as_uri())] == []


def test_frames_are_looked_into(make_reader, small, tmp_path):
    """A page that does run what it is given is seen by the same means."""
    reader = make_reader(small[1].as_uri())
    reader.page.add_init_script(MARK)
    (small[1] / "careless.html").write_text("<img src=x onerror=ran(7)>")
    visit(reader, tmp_path, ["careless.html", "index.html"])
    assert [problem for problem in reader.problems if "RAN" in problem] == ["RAN 7"]


def test_address_cannot_bring_code(make_reader, small):
    reader = make_reader(small[1].as_uri())
    reader.page.add_init_script(MARK)
    texts = [quote(payload, safe="") for payload in PAYLOADS]
    for some in zip(*[iter(texts)] * 5, strict=True):
        reader.page.goto("{}/index.html?stack={}&recipe={}&cause={}&my-driver={}&my-line={}#{}".format(reader.base, *some, some[0]))
    for some in zip(*[iter(texts[1:40])] * 3, strict=True):
        reader.page.goto("{}/upgrade.html?from={}&to={}&recipe={}".format(reader.base, *some))
    shown = []
    for text in texts:  # the page stays and reads its address again
        reader.page.goto(f"{reader.base}/cell.html#{text}")
        shown.append(reader.page.locator("h1").text_content())
    assert sum(found.split() == payload.split() for found, payload in zip(shown, PAYLOADS, strict=True)) > 90, "it is shown, as text"
    assert reader.problems == []


def test_policy_stops_what_would_get_in(make_reader):
    """The second wall: markup that came in some other way does not run either."""
    reader = make_reader()
    page = reader.open("index.html")
    page.evaluate("() => { window.marks = []; window.ran = (number) => { window.marks.push(number); }; }")
    assert (
        page.evaluate("(() => { try { document.body.innerHTML = '<img src=x onerror=ran(1)>'; return 'written'; } catch (error) { return error.name; } })()")
        == "TypeError"
    )
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('a'), { id: 'x' })); document.getElementById('x').setAttribute('href', 'javascript:ran(2)')"
    )
    page.evaluate("document.getElementById('x').click()")
    page.wait_for_timeout(100)
    assert page.evaluate("window.marks") == []
    for blocked in (
        "fetch('https://example.org/')",
        "new Promise((ok, bad) => { const i = new Image(); i.onload = ok; i.onerror = bad; i.src = 'https://example.org/x.png'; })",
    ):
        assert page.evaluate(f"{blocked}.then(() => 'reached', () => 'blocked')") == "blocked"
