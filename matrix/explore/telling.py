"""What exploring prints: a line for every recipe, then the reasons, those without a cause first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from matrix.facts import JsonObject

SHOWN_UNSTEADY = 5


def say_recipe(stack: str, line: JsonObject) -> str:
    """Return one line that says how a recipe did on a stack."""
    if not line["applies"]:
        return f"{stack} {line['recipe']}: n/a, {line['unmet']}"
    nameless = sum(reason["cause"] is None for reason in line["reasons"])
    words = (
        f"{line['differing']} of {line['programs']} differ, for {len(line['reasons'])} reasons"
        if line["differing"]
        else f"all {line['programs']} as in production"
    )
    return f"{stack} {line['recipe']}: {words}{f', {nameless} WITHOUT A CAUSE' if nameless else ''} ({line['rate']:.0f} a second)"


def tell_reasons(console: Console, found: Mapping[str, Sequence[JsonObject]]) -> None:
    """Print each recipe's reasons, and the programs on which production disagrees with itself."""
    for stack, lines in found.items():
        for line in (line for line in lines if line["applies"] and (line["reasons"] or line["unsteady"])):
            console.rule(f"{stack} {line['recipe']}")
            for reason in line["reasons"]:
                console.print(say_reason(reason), markup=False, soft_wrap=True)
            if line["unsteady"]:
                shown = "; ".join(" ".join(program) for program in line["unsteady"][:SHOWN_UNSTEADY])
                console.print(
                    f"production disagrees with itself on {len(line['unsteady'])} programs, which count for nothing: {shown}", markup=False, soft_wrap=True
                )


def say_reason(reason: JsonObject) -> str:
    """Return a reason as a few lines."""
    head = f"{reason['cause'] or 'NO CAUSE'}: {reason['verdict']}, {reason['count']} program{'s' * (reason['count'] != 1)}"
    lines = [head, f"    {' '.join(reason['program'])}"]
    if reason["step"] is not None:
        lines.append(f"    step {reason['step'] + 1}, {reason['operation']}: {reason['got'] or 'done'}, in production {reason['expected'] or 'done'}")
    lines += [f"    {word}" for word in (*reason["errors"], *(f"stayed: {left}" for left in reason["left"]))]
    return "\n".join(
        [*lines, *([f"    ended in a {reason['ended']}"] if reason["ended"] != "finished" else []), *([f"    {reason['proof']}"] if reason["proof"] else [])]
    )
