"""A traceback made cheaply says what Python's own says, but for the carets."""

import copy
import re
import traceback

import pytest

from matrix.probe.tracebacks import find_ours, format_error

CARETS = re.compile(r"^ +[\^~]+\n", re.M)


def fail_plainly():
    raise ValueError("two\nlines")


def fail_with_a_cause():
    try:
        fail_plainly()
    except ValueError as error:
        raise KeyError("outer") from error


def fail_while_handling():
    try:
        fail_with_a_cause()
    except KeyError:
        raise TypeError("last")  # noqa: B904  the context is what is tested


def fail_without_context():
    try:
        fail_plainly()
    except ValueError:
        raise TypeError("alone") from None


def fail_together():
    raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])


def recurse():
    recurse()


def fail_in_a_circle():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


@pytest.mark.parametrize("fail", [fail_plainly, fail_with_a_cause, fail_while_handling, fail_without_context, fail_together, recurse, fail_in_a_circle])
def test_text_is_pythons_own_without_carets(fail):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        fail()
    own = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert format_error(caught.value, caught.tb) == CARETS.sub("", own)


def test_frames_of_ours_are_found_in_their_order():
    with pytest.raises(ValueError, match="two") as caught:
        fail_plainly()
    assert [entry.tb_frame.f_code.co_name for entry in find_ours(caught.tb)][-1] == "fail_plainly"


class NeverCopied:
    def __deepcopy__(self, memo):
        raise ValueError("not this one")


def test_of_many_frames_inside_other_packages_the_ends_stay():
    with pytest.raises(ValueError, match="not this one") as caught:
        copy.deepcopy([[[NeverCopied()]]])
    told = format_error(caught.value, caught.tb)
    assert re.findall(r"in (\w+)\n|(\.\.\. \d+ frames of other packages \.\.\.)", told) == [
        ("test_of_many_frames_inside_other_packages_the_ends_stay", ""), ("deepcopy", ""), ("", "... 5 frames of other packages ..."), ("deepcopy", ""),
        ("__deepcopy__", ""),
    ]  # fmt: skip
    assert told.endswith("ValueError: not this one\n")


def test_few_frames_inside_other_packages_stay():
    with pytest.raises(ValueError, match="not this one") as caught:
        copy.deepcopy([NeverCopied()])
    assert "other packages" not in format_error(caught.value, caught.tb)
