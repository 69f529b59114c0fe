"""Results made up for the browser tests, of any size. Every id says that it is an example; nothing here was measured."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cache

from reports.results.legend import make_legend

LINES = (("1.3", "legacy", "1.3.24"), ("1.4", "legacy", "1.4.54"), ("1.4", "future", "1.4.54"), ("2.0", "future", "2.0.58"), ("2.1", "future", "2.1.9"))
SERVERS = (
    ("postgresql", "14", "psycopg2", False), ("postgresql", "18", "psycopg2", False), ("postgresql", "18", "asyncpg", True),
    ("postgresql", "18", "psycopg", False), ("mysql", "9.7", "pymysql", False), ("mysql", "9.7", "aiomysql", True),
    ("mariadb", "10.11", "pymysql", False), ("mariadb", "11.8", "asyncmy", True),
)  # fmt: skip
FAMILIES = ("plain", "asyncio", "flask", "fastapi", "unit_of_work", "pyramid", "plugins")
THEMES = ("commit", "rollback", "savepoints", "errors", "sessions", "connections", "ddl")
CAUSES = tuple(f"example_cause_{number:02}" for number in range(24))
LEVELS = ("essential", "common", "limit")
TIME = "2031-02-03T04:05:06Z"
CODE = '''# /// script
# dependencies = ["sqlalchemy>=1.3", "pytest"]
# ///
"""Example {name}.

Binds the session to a connection whose transaction is rolled back. Use it when no test opens a second connection.

Source: an invented page, https://example.org/{name}
"""

import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def session(engine):
    connection = engine.connect()
    transaction = connection.begin()
    yield Session(bind=connection)  # "<b>&amp;</b>" stays text
    transaction.rollback()
    connection.close()
'''


def make_example(lines: int = 5, recipes: int = 14, cases: int = 12, servers: int = 8, cells: int = 70) -> tuple[dict, dict]:
    """Results and details as write_site takes them: `lines` x `servers` stacks (at most 40), the last one not run.

    Every recipe has a result for at most `cells` of the cases, each for others.
    """
    results = {
        "format": 1, "generated": TIME, "stacks": dict(_make_stacks(lines, servers)),
        "families": {family: {"title": f"Example {family}", "readme": ""} for family in FAMILIES},
        "recipes": dict(_make_recipes(recipes)), "cases": dict(_make_cases(cases)), "words": {}, "cells": {},
        "causes": {}, "drift": [], "unexplained": [], "notes": ["An example note."], "baseline": {"state": "none", "sha256": None, "date": None}, "runs": [],
        "comparison": None, "coming": None, "legend": make_legend(),
    }  # fmt: skip
    details = {}
    for stack, row in results["stacks"].items():
        if row["state"] != "not run":
            details[stack] = _run_stack(results, stack, row, min(cells, cases))
    results["causes"] = dict(_make_causes(results))
    results["summary"] = _summarize(results)
    results["comparison"] = _compare(results)
    results["coming"] = {
        **results["comparison"],
        "generated": TIME,
        "stacks": len(details),
        "versions": [{"package": "sqlalchemy", "from": "2.1.9", "to": "2.2.0b1", "stacks": list(details)[:2]}],
    }
    return results, details


def _make_stacks(lines: int, servers: int) -> Iterator[tuple[str, dict]]:
    rows = [(line, server) for line in LINES[:lines] for server in SERVERS[:servers]]
    for number, ((line, mode, version), (product, major, driver, asynchronous)) in enumerate(rows):
        state = "not run" if number == len(rows) - 1 else "earlier" if number == len(rows) - 2 else "ran"
        ran = None if state == "not run" else TIME
        id = f"example-sa{line.replace('.', '')}{'f' if (line, mode) == ('1.4', 'future') else ''}-{driver}-{product}{major.replace('.', '')}"
        yield id, {
            "line": line, "mode": mode, "python": "3.11", "dialect": f"{'postgresql' if product == 'postgresql' else 'mysql'}+{driver}",
            "driver": driver, "asynchronous": asynchronous, "promised": True, "summary": "an example",
            "database": {"id": f"{product}{major.replace('.', '')}", "product": product, "major": major},
            "state": state, "reason": None if state == "ran" else "no interpreter python3.8 on this machine",
            "missing": None if state == "ran" else "python3.8", "ran": ran, "age_days": 0 if ran else None, "run": "example" if ran else None,
            "versions": {"python": "3.11.7", "implementation": "CPython", "server": f"{product} {major}.1",
                         "packages": {"sqlalchemy": version, driver: "1.0", "pytest": "9.2.0"}} if ran else None,
            "server": "embedded" if ran else None, "c_extensions": True if ran else None, "host": {"cores": 2} if ran else None,
            "wall_s": 4.2 if ran else None, "complete": True, "problems": [], "cells": 100 if ran else 0,
        }  # fmt: skip


def _make_recipes(count: int) -> Iterator[tuple[str, dict]]:
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        name = "real_commits" if number < len(FAMILIES) else f"example_recipe_{number:02}"
        code = CODE.format(name=name)
        yield f"{family}/{name}", {
            "family": family, "name": name, "title": f"Example {name}.", "summary": "Binds the session to a connection.",
            "doc": f"Example {name}.\n\nBinds `session` to a connection, see https://example.org/{name}.", "source": "an invented page",
            "link": f"https://example.org/{name}", "path": f"fixtures/{family}/{name}.py", "code": code,
            "sha256": hashlib.sha256(code.encode()).hexdigest(), "control": name == "real_commits",
            "header": {"dependencies": ["sqlalchemy>=1.3", "pytest"], "driver": "async" if family == "asyncio" else None,
                       "modes": [], "capabilities": ["create_database_from_template"] if number % 9 == 8 else []},
        }  # fmt: skip


def _make_cases(count: int) -> Iterator[tuple[str, dict]]:
    for number in range(count):
        name, code = f"example_case_{number:02}", f"def test_example_case_{number:02}(app):\n    assert app.call(lambda s: {number}) == {number}\n"
        yield name, {
            "title": f"Example behaviour {number}.", "doc": f"Example behaviour {number}.\n\nProduction keeps it.", "link": None,
            "level": LEVELS[number % 3], "theme": THEMES[number % len(THEMES)], "code": code,
            "sha256": hashlib.sha256(code.encode()).hexdigest(), "commits": bool(number % 2),
        }  # fmt: skip


@cache
def _draw(*names: str) -> int:
    """A number below 1000 that depends on the names alone."""
    return int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:4], "big") % 1000


def _judge(stack: str, row: dict, recipe: str, case: str) -> dict:
    """Mostly the recipe and the case decide, sometimes the line or the product, and one cell in fifty is on its own."""
    chances = (_draw(recipe, case), _draw(recipe, case, row["line"]), _draw(recipe, case, row["database"]["product"]), _draw(recipe, case, stack))
    if not any(chance < limit for chance, limit in zip(chances, (150, 30, 30, 20), strict=True)):
        return {"verdict": "isolates"}
    verdict = ("leaks", "breaks", "leaks+breaks", "leaks", "breaks", "hangs", "crashes", "flaky")[_draw(case, recipe, "v") % 8]
    cell = {"verdict": verdict, "cause": CAUSES[_draw(case, recipe, row["line"], "c") % len(CAUSES)], "reason": "customers: 1 row added"}
    return {**cell, "passes": ["leaks", "isolates"]} if verdict == "flaky" else cell


def _run_stack(results: dict, stack: str, row: dict, count: int) -> dict:
    words, cells, facts, cases = {}, {}, {}, [*results["cases"], *results["cases"]]
    for number, (recipe, about) in enumerate(results["recipes"].items()):
        if about["header"]["driver"] == "async" and not row["asynchronous"]:
            words[recipe] = {
                "word": "n/a",
                "note": f"needs an asynchronous driver, the stack has {row['driver']}",
                "counts": {},
                "cost": None,
                "outdated": False,
            }
            continue
        first = number * count % len(results["cases"])
        cells[recipe] = {case: _judge(stack, row, recipe, case) for case in cases[first : first + count]}
        facts[recipe] = {case: _detail(stack, recipe, case, cell) for case, cell in cells[recipe].items() if cell["verdict"] != "isolates"}
        words[recipe] = _find_word(results, recipe, row, cells[recipe])
    results["words"][stack], results["cells"][stack] = words, cells
    return {"stack": stack, "cells": facts, "recipes": {}}


def _find_word(results: dict, recipe: str, row: dict, cells: dict) -> dict:
    counts = Counter(cell["verdict"] for cell in cells.values())
    red = sum(counts.values()) - counts["isolates"]
    worst = next((verdict for verdict in ("leaks", "breaks", "hangs") if counts[verdict] > len(cells) / 14), None)
    note = f"leaks in {counts['leaks']}, breaks in {counts['breaks']} of {len(cells)} cases" if red else ""
    return {"word": worst or ("isolates, with limits" if red else "isolates"), "note": note, "counts": {name: n for name, n in counts.items() if n},
            "number": counts[worst] if worst else red, "cost": 1 + _draw(recipe, row["line"]) / 2_000, "outdated": False,
            "causes": dict(Counter(cell["cause"] for cell in cells.values() if "cause" in cell))}  # fmt: skip


def _detail(stack: str, recipe: str, case: str, cell: dict) -> dict:
    sketch = (("setup", 1, "begin", "BEGIN"), ("call", 1, "savepoint", "SAVEPOINT sa_savepoint_1"), ("call", 1, "statement", "INSERT INTO customers (name) VALUES ($1)"),
              ("call", 2, "begin", "BEGIN"), ("call", 2, "statement", "SELECT count(*) FROM customers"), ("call", 1, "commit", "COMMIT"), ("teardown", 1, "rollback", "ROLLBACK"))  # fmt: skip
    timeline = [{"at": 0.001 * (place + 1), "lane": lane, "backend": 4000 + lane, "source": "server", "event": event, "text": text, "phase": phase}
                for place, (phase, lane, event, text) in enumerate(sketch)]  # fmt: skip
    hang = {"reason": "lock wait", "waiter": 4002, "holders": [4001], "what": "row of customers", "step": "cancelled", "after_s": 0.03}
    return {
        "pass": "confirmation", "phases": {"setup": "passed", "call": "failed", "teardown": "passed"},
        "errors": [{"phase": "call", "type": "AssertionError", "message": "assert 0 == 1", "assertion": True, "where": "cases/commit.py:12", "traceback": "def test():\n>   assert 0 == 1"}],
        "ended": "hang" if cell["verdict"] == "hangs" else "finished", "hang": hang if cell["verdict"] == "hangs" else None,
        "crash": {"signal": 9, "exit_code": None, "phase": "call", "output": "killed"} if cell["verdict"] == "crashes" else None,
        "residue": [{"kind": "rows_added", "object": "customers", "detail": "1 row added", "count": 1, "backend": None, "seen_by": "witness"}],
        "drift": [], "process": [], "repair": "rows", "timeline": timeline, "proof": {"timeline": 5, "fact": None, "text": "the server received COMMIT"},
        "command": f'nox -s "stack({stack})" -- --recipe {recipe} --case {case}', "duration_s": 0.004,
        "other": {"verdict": "isolates", "errors": []} if cell["verdict"] == "flaky" else None, "reason": cell["reason"], "passes": cell.get("passes", []),
    }  # fmt: skip


def _make_causes(results: dict) -> Iterator[tuple[str, dict]]:
    found = [
        (stack, recipe, cell["cause"])
        for stack, recipes in results["cells"].items()
        for recipe, cells in recipes.items()
        for cell in cells.values()
        if "cause" in cell
    ]
    for cause, cells in sorted(Counter(cause for _, _, cause in found).items()):
        yield cause, {"title": f"Example reason {cause[-2:]}", "explanation": "The server received `COMMIT`.", "instead": "Bind the factory.", "link": "https://example.org/",
                      "theme": "commit", "cells": cells, "stacks": len({s for s, _, c in found if c == cause}), "recipes": sorted({r for _, r, c in found if c == cause})}  # fmt: skip


def _summarize(results: dict) -> dict:
    verdicts = Counter(cell["verdict"] for recipes in results["cells"].values() for cells in recipes.values() for cell in cells.values())
    red = sum(verdicts.values()) - verdicts["isolates"]
    ran = sum(row["state"] != "not run" for row in results["stacks"].values())
    return {"stacks_ran": ran, "stacks_not_run": len(results["stacks"]) - ran, "recipes": len(results["recipes"]), "cases": len(results["cases"]), "cells": sum(verdicts.values()),
            "verdicts": dict(verdicts), "red": red, "explained": red, "causes": len(results["causes"]), "sentence": f"{len(results['causes'])} causes explain {red} of {red} red cells", "wall_s": 160.0,
            "selection": None, "ran": sum(verdicts.values()), "kept": 0, "oldest": None, "reviewed": 0, "run": None, "counts": f"ran {sum(verdicts.values()):,}"}  # fmt: skip


def _compare(results: dict) -> dict:
    stack, recipe, case, cell = next(
        (s, r, c, cell) for s, rs in results["cells"].items() for r, cs in rs.items() for c, cell in cs.items() if cell["verdict"] == "leaks"
    )
    judged = {"verdict": "leaks", "cause": cell["cause"]}
    change = {"cell": f"{stack}/{recipe}/{case}", "change": "regressed", "expected": {"verdict": "isolates", "cause": None}, "actual": judged}
    return {"generated": "2031-01-03T04:05:06Z", "counts": {"regressed": 1}, "causes": {cell["cause"]: {"regressed": 1}}, "changes": [change]}
