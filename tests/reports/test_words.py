"""A recipe's word on a stack, from its verdicts and the cases' levels."""

import pytest

from matrix.judging.verdicts import VERDICTS
from reports.results.legend import LEVELS as LEVEL_MEANINGS
from reports.results.legend import VERDICTS as VERDICT_MEANINGS
from reports.results.legend import WORDS as WORD_MEANINGS
from reports.results.words import LEVELS, WORDS, Ending, Graded, find_word


def grade(*cells: str) -> list[Graded]:
    """Cells such as "essential leaks", or "common flaky breaks" for a flaky one whose worse pass breaks."""
    graded = []
    for cell in cells:
        level, verdict, *worst = cell.split(" ", 2)
        graded.append(Graded(level, verdict, worst[0] if worst else verdict))
    return graded


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        (["essential isolates", "common isolates", "limit isolates"], "isolates"),
        (["essential isolates", "common n/a"], "isolates"),
        (["essential isolates", "limit breaks"], "isolates"),
        (["essential isolates", "limit leaks"], "isolates"),
        (["essential isolates", "common breaks"], "isolates, with limits"),
        (["essential isolates", "common hangs"], "isolates, with limits"),
        (["essential isolates", "common leaks"], "isolates, with limits"),
        (["essential isolates", "common flaky leaks"], "isolates, with limits"),
        (["essential hangs", "common leaks"], "hangs"),
        (["essential breaks", "common hangs"], "breaks"),
        (["essential isolates", "common flaky breaks"], "isolates, with limits"),
        (["essential isolates", "common infrastructure"], "isolates, with limits"),
        (["essential isolates", "essential leaks"], "leaks"),
        (["essential leaks+breaks"], "leaks"),
        (["essential hangs", "essential leaks"], "leaks"),
        (["essential hangs", "essential breaks"], "hangs"),
        (["essential breaks", "limit leaks"], "breaks"),
        (["essential breaks", "common leaks"], "leaks"),
        (["essential breaks", "common leaks+breaks"], "leaks"),
        (["essential breaks", "common breaks"], "breaks"),
        (["essential crashes"], "breaks"),
        (["essential flaky leaks", "essential breaks"], "leaks"),
        (["essential isolates", "essential infrastructure"], "n/a"),
        (["essential breaks", "essential infrastructure"], "breaks"),
        (["common isolates"], "n/a"),
        (["essential n/a", "common isolates"], "n/a"),
        ([], "n/a"),
    ],
)
def test_word(cells, word):
    assert find_word(grade(*cells)).word == word


def test_recipe_that_does_not_apply_says_why():
    word = find_word([], "needs SQLAlchemy>=2.0, the stack has 1.4.54")
    assert (word.word, word.note) == ("n/a", "needs SQLAlchemy>=2.0, the stack has 1.4.54")


def test_residue_and_errors_after_longer_lived_fixtures_decide():
    clean = grade("essential isolates")
    assert find_word(clean, ending=Ending(residue=True)).word == "leaks"
    assert find_word(clean, ending=Ending(error=True)).word == "breaks"


def test_note_counts_what_fails_essential_first():
    word = find_word(grade("limit leaks", "essential breaks", "essential isolates", "essential breaks"))
    assert word.note == "breaks in 2 of 3 essential cases; leaks in 1 of 1 limit case"
    assert word.counts == {"leaks": 1, "breaks": 2, "isolates": 1}


@pytest.mark.parametrize(
    ("cells", "number", "note"),
    [
        (["essential isolates", "limit isolates"], 0, ""),
        (["essential isolates", "limit leaks", "limit breaks", "limit isolates"], 2, "2 of 3 limits do not hold"),
        (["essential isolates", "common breaks", "common isolates", "limit leaks"], 1, "breaks in 1 of 2 common cases; leaks in 1 of 1 limit case"),
        (["essential leaks", "common leaks", "essential breaks", "limit leaks"], 2, None),
        (["essential breaks", "essential crashes", "common breaks"], 2, None),
    ],
)
def test_word_carries_the_number_of_cases_that_decide_it(cells, number, note):
    word = find_word(grade(*cells))
    assert word.number == number
    assert note is None or word.note == note


def test_lost_cases_are_counted_by_level():
    word = find_word(grade("essential isolates", "common breaks", "common n/a", "limit leaks", "limit isolates"))
    assert word.lost == {"essential": 0, "common": 1, "limit": 1}
    assert word.judged == {"essential": 1, "common": 1, "limit": 2}


def test_legend_speaks_of_every_word_verdict_and_level():
    assert set(WORD_MEANINGS) == set(WORDS)
    assert set(VERDICT_MEANINGS) == set(VERDICTS)
    assert set(LEVEL_MEANINGS) == set(LEVELS)
