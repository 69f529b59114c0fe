"""The traceback of an error as text, without what costs most in making one.

Python since 3.11 parses the source of every frame to mark a part of its line with carets, and pytest formats each
failure once more for a summary that nobody reads here.
"""

import itertools
import os
import sysconfig
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = tuple(os.path.join(ROOT, name) + os.sep for name in ("cases", "fixtures", "tests"))
PACKAGES = sysconfig.get_paths()["purelib"] + os.sep
#: A run of more frames than these, all of packages whose inside explains nothing, is cut down to its first and last.
MOST = 3
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def keep_short(item):
    """Have pytest's own report of an item's failure be its message."""
    item.repr_failure = item._repr_failure_py = lambda excinfo, *args, **options: str(excinfo.value)


def find_ours(tb):
    """Return the entries of a traceback (list of traceback objects) that are in a case, a recipe or the application."""
    ours = []
    while tb is not None:
        if tb.tb_frame.f_code.co_filename.startswith(FOLDERS):
            ours.append(tb)
        tb = tb.tb_next
    return ours


def format_error(error, tb):
    """Return the error with what led to it; tb: its traceback, from where it is to be shown."""
    chain, seen = [], set()
    while error is not None and id(error) not in seen:
        if hasattr(error, "exceptions"):  # a group: its members have tracebacks of their own
            chain.append("".join(traceback.format_exception(type(error), error, tb)))
            break
        seen.add(id(error))
        chain.append(format_alone(error, tb))
        cause = error.__cause__
        error = cause or (None if error.__suppress_context__ else error.__context__)
        if error is not None and id(error) not in seen:
            chain.append(CAUSE if cause is not None else CONTEXT)
            tb = error.__traceback__
    return "".join(reversed(chain))


def format_alone(error, tb):
    """Return the error without what led to it."""
    lines = traceback.format_exception_only(type(error), error)
    if tb is not None:
        lines = ["Traceback (most recent call last):\n", *format_frames(tb), *lines]
    return "".join(lines)


def format_frames(tb):
    """Return the lines of a traceback's frames (list of str): the test's, the application's and SQLAlchemy's, and of others the ends."""
    lines, frames = [], traceback.StackSummary.extract(traceback.walk_tb(tb), lookup_lines=False)
    for tells, group in itertools.groupby(frames, lambda frame: frame.filename.startswith(FOLDERS) or "sqlalchemy" in frame.filename):
        run = list(group)
        if tells or len(run) <= MOST:
            lines += traceback.StackSummary.from_list(run).format()
        else:
            first, last = (traceback.StackSummary.from_list([frame]).format() for frame in (run[0], run[-1]))
            lines += [*first, "  ... %d frames of other packages ...\n" % (len(run) - 2), *last]
    return lines


def shorten_paths(text):
    """Return the text without the places where this machine keeps the repository and the packages."""
    return text.replace(PACKAGES, "").replace(ROOT + os.sep, "")
