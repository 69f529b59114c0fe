"""Stories name things that exist, hold no verdict of their own, and say of every claim what the results say."""

import ast

import pytest

from matrix.plan.contents import find_cases, find_recipes
from matrix.plan.rows import load_stacks
from reports.page.model import Site
from reports.page.stories import agrees, answer, answer_claims, collect_timelines, compare_stacks, list_solutions
from reports.places import ROOT
from reports.stories import Claim, StoryError, load_stories
from tests.browser.example import make_example

STORIES = load_stories()
STACK = "example-sa20-psycopg2-postgresql18"


@pytest.fixture(scope="module")
def example():
    return make_example()


def make_claim(recipe="plain/example_recipe_07", cases=(), claimed=None, stack=STACK) -> Claim:
    return Claim("a-claim", "happens", "The author", "It does.", stack, recipe, tuple(cases), claimed)


def find_case(results: dict, verdict: str, recipe="plain/example_recipe_07") -> str:
    return next(case for case, cell in results["cells"][STACK][recipe].items() if cell["verdict"] == verdict)


def test_the_four_stories_are_there_in_order():
    assert [story.name for story in STORIES] == ["flask-two-commits", "fastapi-two-fixtures", "mysql-one-connection", "unit-of-work"]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_everything_that_a_story_names_exists(story):
    stacks, recipes, cases = load_stacks(), find_recipes(), find_cases()
    assert {story.stack, *story.upgrades} <= stacks.keys()
    assert set(story.families) <= {recipe.partition("/")[0] for recipe in recipes}
    assert len({claim.part for claim in story.claims}) == 3, "what happens, what works there, what works after upgrading"
    for claim in story.claims:
        assert (claim.stack in stacks, claim.recipe in recipes, set(claim.cases) <= cases.keys()) == (True, True, True), claim.name
    for tried in story.tried:
        path, _, function = tried.test.partition("::")
        assert function in {node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("verdict", ["isolates", "leaks", "breaks"])
def test_a_claim_is_judged_by_the_cell(example, verdict):
    results, details = example
    recipe = next(r for r, cells in results["cells"][STACK].items() if verdict in {cell["verdict"] for cell in cells.values()})
    case = find_case(results, verdict, recipe)
    found = {claimed: answer(Site(results), make_claim(recipe, [case], claimed), details) for claimed in ("isolates", "leaks", "breaks", None)}
    assert {claimed for claimed, one in found.items() if one.outcome == "as claimed"} == {verdict}
    assert {claimed for claimed, one in found.items() if one.outcome == "did not reproduce"} == {"isolates", "leaks", "breaks"} - {verdict}
    assert found[None].outcome == "measured"
    assert (found[None].seen[0].verdict, found[None].seen[0].cause) == (verdict, results["cells"][STACK][recipe][case].get("cause"))


def test_a_claim_about_several_cells_may_hold_in_part(example):
    results, details = example
    recipe = next(r for r, cells in results["cells"][STACK].items() if {"isolates", "leaks"} <= {cell["verdict"] for cell in cells.values()})
    cases = [find_case(results, verdict, recipe) for verdict in ("isolates", "leaks")]
    assert answer(Site(results), make_claim(recipe, cases, "isolates"), details).outcome == "in part"


def test_words_and_verdicts_agree_with_what_was_claimed():
    assert agrees("isolates", "isolates, with limits") and agrees("leaks", "leaks+breaks") and agrees("breaks", "leaks+breaks")
    assert not agrees("leaks", "isolates, with limits") and not agrees("isolates", "n/a") and not agrees("breaks", "leaks")


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"stack": "no-such"}, "no stack no-such"), ({"stack": "example-sa21-asyncmy-mariadb118"}, "python3.8"), ({"cases": ["example_case_00", "gone"]}, "do not hold all its cells"),
     ({"recipe": "plain/gone", "cases": ["example_case_00"]}, "do not hold all its cells")],
)  # fmt: skip
def test_what_the_results_lack_is_not_run(example, changed, why):
    found = answer(Site(example[0]), make_claim(**{"cases": ["example_case_00"], "claimed": "isolates", **changed}), example[1])
    assert (found.outcome, found.seen) == ("not run", ())
    assert why in found.missing


def test_recipe_that_does_not_apply_is_measured_as_that(example):
    found = answer(Site(example[0]), make_claim("asyncio/example_recipe_08", ["example_case_00"], "isolates"), example[1])
    assert (found.outcome, found.seen[0].verdict) == ("did not reproduce", "n/a")
    assert "needs an asynchronous driver" in found.seen[0].reason


def test_stories_of_results_without_their_stacks_say_not_run(example):
    site = Site(example[0])
    for story in STORIES:
        assert {found.outcome for _, _, answers in answer_claims(site, story, example[1]) for found in answers} == {"not run"}
        assert compare_stacks(site, story) == [] or all(row.words == () for row in compare_stacks(site, story))
        assert collect_timelines(story, example[1]) == {}


def test_solutions_are_ranked_by_their_words(example):
    site, story = Site(example[0]), STORIES[0]
    found = list_solutions(site, story, STACK)
    words = [site.word(STACK, recipe)["word"] for recipe in found]
    assert found == [] or words == sorted(words, key=len)
    assert all(recipe.startswith("flask/") and not site.recipes[recipe]["control"] for recipe in found)


@pytest.mark.parametrize(
    ("text", "what"),
    [("title = ", "bad.toml"), ('title = "x"', "'order' is missing"), ("order = 1\nverdict = 'leaks'", "field 'verdict' is not known"), ("order = 1", "missing"),
     ("order = 1\n[[claim]]\nname = 'a'\npart = 'elsewhere'\nwho = ''\nsays = ''\nstack = ''\nrecipe = ''", "'part' is 'elsewhere'"),
     ("order = 1\n[[claim]]\nname = 'a'\npart = 'works'\nwho = ''\nsays = ''\nstack = ''\nrecipe = ''\nclaimed = 'good'", "'claimed' is 'good'")],
)  # fmt: skip
def test_a_bad_file_is_named_with_its_field(tmp_path, text, what):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(StoryError, match=r"bad\.toml") as caught:
        load_stories(tmp_path)
    assert what in str(caught.value)
