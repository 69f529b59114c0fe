"""Nothing that comes from a recipe, an exception, a version or a name can run as code: 100 payloads in 8 fields, in a real browser."""

import copy
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from reports.page import write_site
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
FIELDS = ("recipe code", "recipe doc", "recipe link", "exception", "version", "case title", "cause title", "recipe name")


def make_payloads() -> list[str]:
    """100 texts; what runs in the page would leave a mark under the payload's own number."""
    texts = [way(base) for way in WAYS for base in BASES][:100]
    return [text.replace("{hit}", f"ran({number})").replace("{HIT}", f"ran({number})").replace("{{", "{").replace("}}", "}") for number, text in enumerate(texts)]


PAYLOADS = make_payloads()


def poison(results: dict, details: dict, field: str, payload: str, number: int) -> None:
    """Put a payload into a field of the example, each into a recipe, case or cell of its own."""
    recipes, cases, causes = list(results["recipes"]), list(results["cases"]), list(results["causes"])
    recipe = results["recipes"][recipes[number]] if number < len(recipes) else None
    stack = next(iter(details))
    if field == "recipe name":
        results["recipes"][f"plain/{payload}"] = {**copy.deepcopy(next(iter(results["recipes"].values()))), "name": payload}
        for of_stack, words in results["words"].items():
            words[f"plain/{payload}"] = dict(next(iter(words.values())))
            results["cells"][of_stack][f"plain/{payload}"] = {cases[0]: {"verdict": "leaks", "cause": causes[0], "reason": payload}}
    elif field == "recipe code":
        recipe["code"] = payload
    elif field == "recipe doc":
        recipe.update(doc=payload, title=payload, summary=payload, source=payload)
    elif field == "recipe link":
        recipe["link"] = payload
    elif field == "exception":
        cell = next(iter(details[stack]["cells"][recipes[7]].values()))
        cell["errors"].append({"phase": payload, "type": payload, "message": payload, "assertion": False, "where": payload, "traceback": payload})
        cell["residue"].append({"kind": payload, "object": payload, "detail": payload, "count": 1, "backend": None, "seen_by": payload})
        cell["timeline"].append({"at": 0.1, "lane": 1, "backend": 1, "source": payload, "event": payload, "text": payload, "phase": payload})
    elif field == "version":
        results["stacks"][stack]["versions"]["packages"][payload] = payload
        results["stacks"][stack]["versions"]["server"] += payload
    elif field == "case title":
        results["cases"][cases[number]].update(title=payload, doc=payload, link=payload, code=payload)
    elif field == "cause title":
        results["causes"][causes[number % len(causes)]] = {**results["causes"][causes[0]], "title": payload, "explanation": payload, "instead": payload, "link": payload}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    """One site that holds every payload in every field. Recipes and cases are many enough for one payload each."""
    results, details = make_example(lines=1, servers=3, recipes=110, cases=100)
    for field in FIELDS:
        for number, payload in enumerate(PAYLOADS):
            poison(results, details, field, payload, number)
    site = tmp_path_factory.mktemp("poisoned")
    write_site(results, details, site)
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
    assert len(pages) > 300, "one page per payload and more"
    for path in pages:
        parser = Elements()
        parser.feed(path.read_text())
        assert parser.risky == [], path


MARK = "window.ran = window.RAN = (number) => console.error(`RAN ${number}`);"


def test_nothing_runs_in_a_browser(poisoned, make_reader):
    _, details, site = poisoned
    reader = make_reader(site.as_uri())
    reader.page.add_init_script(MARK)
    stack = next(iter(details))
    recipe, cells = next((recipe, cells) for recipe, cells in details[stack]["cells"].items() if any(len(cell["errors"]) > 1 for cell in cells.values()))
    case = next(case for case, cell in cells.items() if len(cell["errors"]) > 1)
    reader.page.goto(f"{reader.base}/cell.html#{stack}/{recipe}/{case}")
    reader.page.wait_for_selector(".timeline svg")
    assert "<script>" in reader.page.locator(".error").nth(1).inner_text(), "the payload is there, as text"
    views = ["index.html?my-line=1.3", "recipes.html", "cases.html", "stacks.html", "causes.html", "upgrade.html", "changes.html", "about.html", f"stacks/{stack}.html"]
    pages = [str(path.relative_to(site)) for folder in ("recipes", "cases") for path in sorted((site / folder).rglob("*.html"))]
    for name in views + pages:
        reader.page.goto(f"{reader.base}/{name}")
    reader.page.wait_for_timeout(200)
    assert [problem for problem in reader.problems if "RAN" in problem or "Security" in problem] == [], "nothing ran, and nothing was even tried"
    assert reader.outside == []


def test_address_cannot_bring_code(make_reader):
    reader = make_reader()
    reader.page.add_init_script(MARK)
    for payload in PAYLOADS:
        text = quote(payload, safe="")
        reader.open(f"index.html?stack={text}&recipe={text}&cause={text}&my-driver={text}&my-line={text}#{text}")
        reader.page.goto(f"{reader.base}/cell.html#{text}")
    reader.open(f"upgrade.html?from={text}&to={text}&recipe={text}")
    reader.page.wait_for_timeout(200)
    assert reader.problems == []


def test_policy_stops_what_would_get_in(make_reader):
    """The second wall: markup that came in some other way does not run either."""
    reader = make_reader()
    page = reader.open("index.html")
    page.evaluate("() => { window.marks = []; window.ran = (number) => { window.marks.push(number); }; }")
    assert page.evaluate("(() => { try { document.body.innerHTML = '<img src=x onerror=ran(1)>'; return 'written'; } catch (error) { return error.name; } })()") == "TypeError"
    page.evaluate("document.body.append(Object.assign(document.createElement('a'), { id: 'x' })); document.getElementById('x').setAttribute('href', 'javascript:ran(2)')")
    page.evaluate("document.getElementById('x').click()")
    page.wait_for_timeout(100)
    assert page.evaluate("window.marks") == []
    for blocked in ("fetch('https://example.org/')", "new Promise((ok, bad) => { const i = new Image(); i.onload = ok; i.onerror = bad; i.src = 'https://example.org/x.png'; })"):
        assert page.evaluate(f"{blocked}.then(() => 'reached', () => 'blocked')") == "blocked"
