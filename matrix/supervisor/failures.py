"""What ends a stack's run: the examiner failed, a control misbehaved, somebody stopped it."""

from __future__ import annotations


class InstrumentBroken(Exception):
    """The examiner itself failed: nothing that it says of recipes counts."""


class ControlMisbehaved(InstrumentBroken):
    """A control did not do what it is known to do: the instrument, not the recipe, is broken."""


class Interrupted(Exception):
    """The run is being stopped."""
