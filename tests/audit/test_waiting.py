"""How long an audit waits for what a backend may take with it when it ends."""

from __future__ import annotations

import time

import pytest

from matrix.audit import watching
from matrix.audit.address import Address
from matrix.audit.looking import Looker
from matrix.audit.reference import Reference
from matrix.audit.watching import Watch
from matrix.witness.observing import Holding, Observation


@pytest.mark.parametrize(("staying", "waits"), [({7}, False), ({8}, True), (set(), True)])
def test_what_the_standing_test_holds_does_not_pass(monkeypatch, staying, waits):
    """A test whose session stays open for all costs no second of waiting; whoever may just be going away is waited for."""
    clean = Observation("", {}, {}, {}, [])
    held = Observation("", {}, {}, {}, [Holding("open_transaction", "idle in transaction", "SELECT 1", 7, "now")])
    monkeypatch.setattr(watching, "find_grace", lambda: 1.0)
    monkeypatch.setattr(Looker, "look", lambda *_: held)
    watch = Watch(Looker(Address("postgresql", "127.0.0.1", 1, "u", "d")), Reference(clean, clean))
    began = time.monotonic()
    [found] = watch.find(frozenset(staying))
    assert found.kind == "open_transaction"
    assert (time.monotonic() - began >= 0.9) is waits
