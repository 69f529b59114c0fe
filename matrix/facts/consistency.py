"""What a file of facts must not contradict, beyond its schema and its hash."""

from collections import Counter

from matrix.facts import JsonObject

Problem = tuple[int | None, str]
"""Line, None for the file as a whole, and what is wrong."""


def find_contradiction(stem: str, records: list[JsonObject]) -> Problem | None:
    """Return (line, what is wrong) for the first contradiction, None when there is none.

    stem: the file's name without .jsonl, which must be the stack's id.
    """
    for check in (check_frame, check_identity, check_duplicates, check_members, check_passes, check_whole):
        problem = check(stem, records)
        if problem:
            return problem
    return None


def check_frame(stem: str, records: list[JsonObject]) -> Problem | None:
    for number, record in enumerate(records, 1):
        if (record["kind"] == "header") != (number == 1):
            return number, "the header must be the first line and only there"
        if (record["kind"] == "footer") != (number == len(records)):
            return number, "the footer must be the last line and only there"
    return None


def check_identity(stem: str, records: list[JsonObject]) -> Problem | None:
    stack = records[0]["stack"]["id"]
    if stack != stem:
        return 1, f"the header is of stack {stack}"
    for number, record in cell_lines(records):
        expected = f"{stack}/{record['recipe']}/{record['case']}"
        if record["cell"] != expected:
            return number, f"the cell is called {record['cell']}, its parts make {expected}"
    return None


def check_duplicates(stem: str, records: list[JsonObject]) -> Problem | None:
    seen: dict[tuple[str | None, ...], int] = {}
    for number, record in enumerate(records, 1):
        key = (record["kind"], record.get("recipe"), record.get("case"), record.get("pass"))
        if key in seen:
            name = record.get("cell", record.get("recipe"))
            return number, f"{name} ({record.get('pass', 'recipe')}) is already on line {seen[key]}"
        seen[key] = number
    return None


def check_members(stem: str, records: list[JsonObject]) -> Problem | None:
    """Every line must speak of a recipe and a case that the header knows, and that applies."""
    header = records[0]
    excluded = {r["recipe"] for r in records if r["kind"] == "recipe" and not r["applies"]}
    for number, record in enumerate(records, 1):
        if record["kind"] not in ("recipe", "cell"):
            continue
        if record["recipe"] not in header["recipes"]:
            return number, f"recipe {record['recipe']} is not in the header"
        if record["kind"] == "cell" and record["case"] not in header["cases"]:
            return number, f"case {record['case']} is not in the header"
        if record["kind"] == "cell" and record["recipe"] in excluded:
            return number, f"{record['cell']} ran although its recipe does not apply"
    return None


def check_passes(stem: str, records: list[JsonObject]) -> Problem | None:
    first = {record["cell"] for _, record in cell_lines(records) if record["pass"] == "first"}
    for number, record in cell_lines(records):
        if record["cell"] not in first:
            return number, f"{record['cell']} has a confirmation but no first pass"
    return None


def check_whole(stem: str, records: list[JsonObject]) -> Problem | None:
    """Nothing that was selected may be missing, unless the run says itself that it stopped early."""
    header, footer = records[0], records[-1]
    cells = [record for _, record in cell_lines(records)]
    if footer["cells"] != len(cells):
        return len(records), f"the footer counts {footer['cells']} cell lines, the file has {len(cells)}"
    if footer["problems"]:
        return None
    known = {record["recipe"] for record in records if record["kind"] == "recipe"}
    for recipe in header["selection"]["recipes"]:
        if recipe not in known:
            return None, f"recipe {recipe} was selected but has no line"
    ran = collect_cases(records, header["selection"])
    return find_lost_pair(ran, header["selection"].get("pairs", {})) or find_lost_cell(ran, header["selection"].get("pairs", {}))


def collect_cases(records: list[JsonObject], selection: JsonObject) -> dict[str, set[str]]:
    """Return the cases of each applying recipe that the run was of; what is there of a wider one proves nothing about this."""
    recipes, cases = set(selection["recipes"]), {case.split("[")[0] for case in selection["cases"]}
    ran: dict[str, set[str]] = {recipe: set() for recipe in applying(records) if recipe in recipes}
    for _, record in cell_lines(records):
        if record["pass"] == "first" and record["recipe"] in ran and record["case"].split("[")[0] in cases:
            ran[record["recipe"]].add(record["case"])
    return ran


def find_lost_pair(ran: dict[str, set[str]], pairs: dict[str, list[str]]) -> Problem | None:
    """Where single cases were selected for a recipe, each of them has a cell."""
    for recipe, cases in pairs.items():
        lost = sorted(set(cases) - ran.get(recipe, set(cases)))
        if lost:
            return None, f"recipe {recipe} has no line for case {lost[0]}, which was selected for it"
    return None


def find_lost_cell(ran: dict[str, set[str]], pairs: dict[str, list[str]]) -> Problem | None:
    """All other recipes of one family run the same cases, so a case that only some of them have was lost."""
    ran = {recipe: cases for recipe, cases in ran.items() if recipe not in pairs}
    families = {recipe.split("/")[0] for recipe in ran}
    for family in sorted(families):
        members = {r: cases for r, cases in ran.items() if r.startswith(family + "/")}
        count = Counter(case for cases in members.values() for case in cases)
        for recipe, cases in members.items():
            lost = sorted(set(count) - cases)
            if lost:
                return None, f"recipe {recipe} has no line for case {lost[0]}, which others of its family ran"
    return None


def applying(records: list[JsonObject]) -> list[str]:
    return [record["recipe"] for record in records if record["kind"] == "recipe" and record["applies"]]


def cell_lines(records: list[JsonObject]) -> list[tuple[int, JsonObject]]:
    return [(number, record) for number, record in enumerate(records, 1) if record["kind"] == "cell"]
