"""What a living child holds, and the database as it was before any recipe once the child has gone."""

from __future__ import annotations

from collections.abc import Sequence

from matrix.supervisor.child import Child
from matrix.supervisor.failures import InstrumentBroken
from matrix.witness import Baseline, RepairBlocked, Residue, Witness

TRIES = 3


def list_staying(child: Child, witness: Witness) -> list[int]:
    """Return the backends of a child that stands still: what it is connected to now will not go away by itself."""
    ports = child.list_ports()
    return [backend for backend, port in witness.list_clients().items() if port in ports]


def restore_original(witness: Witness, original: Baseline, residue: Sequence[Residue], who: str) -> None:
    """Remove what is left of the original baseline when nobody of ours lives; raises InstrumentBroken."""
    for _ in range(TRIES):
        if not residue:
            return
        for found in residue:
            if found.backend is not None:
                witness.terminate(found.backend)
        try:
            witness.repair(original, residue)
            return
        except RepairBlocked:
            residue = witness.find_residue(original)
    raise InstrumentBroken(f"the baseline could not be restored after {who}: {residue}")
