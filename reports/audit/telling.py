"""What the terminal shows of a fixture that was examined: its word, what it loses and why, and what recipes would change."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from matrix.facts import JsonObject
from reports.page.marks import find_mark

LIMIT = "limit"
MOST = 4  # cases that are named of one cause


def tell_fixture(fixture: JsonObject) -> None:
    """Print the fixture's word, its losses cause by cause, and the cards of the nearest row."""
    console = Console(soft_wrap=True, highlight=False)
    mark = find_mark(fixture["word"])
    console.print(f"\n[bold]fixture {escape(fixture['name'])}: {mark.symbol} {fixture['word']}{say_number(fixture)}[/bold] on {escape(fixture['stack'])}")
    if fixture["note"]:
        console.print(escape(f"  {fixture['note']}"))
    for loss in [loss for loss in fixture["losses"] if loss["cases"][0]["level"] != LIMIT]:
        console.print(escape(f"  {say_loss(loss)}"))
        if loss["instead"]:
            console.print(escape(f"    do: {loss['instead']}"))
    limits = sum(case["level"] == LIMIT for loss in fixture["losses"] for case in loss["cases"])
    if limits:
        console.print(f"  {limits} {'limit does' if limits == 1 else 'limits do'} not hold, which few fixtures can keep: they are on the page")
    if fixture["programs"]:
        tell_programs(console, fixture["programs"])
    for line in fixture["endings"]:
        console.print(escape(f"  when its wider fixtures ended: {line}"))
    for line in fixture["problems"]:
        console.print(escape(f"  problem: {line}"))
    for card in fixture["cards"]:
        console.print(escape(f"  {say_card(card)}"))
    if fixture["nearest"]:
        console.print(escape(f"  recipes as reviewed on {fixture['nearest']}, the row that is nearest to yours"))


def tell_programs(console: Console, programs: JsonObject) -> None:
    """Print how many programs came out as in production, and the shortest that did not, by cause."""
    played = programs["short"] + programs["random"]
    console.print(f"  {programs['differing']} of {played} programs (all of up to {programs['depth']} steps, and longer ones) differ from production")
    for told in programs["reasons"][:MOST]:
        console.print(escape(f"    {told['verdict']}, {told['count']} alike: {'; '.join(told['steps'])}: {told['title']}"))
    if len(programs["reasons"]) > MOST:
        console.print(f"    and {len(programs['reasons']) - MOST} more reasons: they are on the page")


def say_number(fixture: JsonObject) -> str:
    """Return the number that a word carries."""
    return f" {fixture['number']}" if fixture["number"] else ""


def say_loss(loss: JsonObject) -> str:
    """Return one cause in a line, with the first of its cases in words."""
    titles = [case["title"].rstrip(".") for case in loss["cases"]]
    more = f" and {len(titles) - MOST} more" if len(titles) > MOST else ""
    worst = loss["cases"][0]
    return f"{len(titles)} lost ({worst['level']}: {worst['verdict']}): {loss['title']}: {'; '.join(titles[:MOST])}{more}"


def say_card(card: JsonObject) -> str:
    """Return a recipe in a line: what speaks for it, its word, what one would gain and lose."""
    mark = find_mark(card["word"])
    cost = f", {card['cost']:.1f} x a bare test" if card["cost"] else ""
    gains = f"gains {len(card['gains'])}, loses {len(card['loses'])} of the cases that both were asked"
    return f"{' and '.join(card['roles'])}: {mark.symbol} {card['word']} {card['number'] or ''} {card['path']}: {gains}{cost}".replace("  ", " ")
