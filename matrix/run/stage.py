"""A stack made ready for somebody: environment, server, database with the sample schema, witness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matrix.ending import stop
from matrix.environments.building import prepare_environment
from matrix.plan.rows import Stack
from matrix.servers import Server, start_server
from matrix.supervisor.account import name_database, stack_environment
from matrix.supervisor.header import describe_stack
from matrix.supervisor.warm import WarmProcess
from matrix.witness import Witness, open_witness


@dataclass(frozen=True)
class Stage:
    """One stack, ready: what runs in it needs `python` and `environment`."""

    stack: Stack
    server: Server
    witness: Witness
    python: Path
    environment: dict[str, str]
    packages: dict[str, str]
    ddl: list[str]
    capabilities: dict[str, bool]


@contextmanager
def open_stage(stack: Stack, ways: Sequence[str]) -> Iterator[Stage]:
    """Start everything that a stack needs, and end all of it however the block ends.

    Raises EnvironmentMissing, ServerUnavailable or InstrumentBroken.
    """
    stop.check()
    server = start_server(stack.database, ways)
    try:
        with open_stage_on(server, stack) as stage:
            yield stage
    finally:
        server.stop()


@contextmanager
def open_stage_on(server: Server, stack: Stack) -> Iterator[Stage]:
    """The same on a server that runs already and goes on running."""
    python = prepare_environment(stack).python
    witness = open_witness(server, name_database(stack), stack.password_rounds)
    try:
        environment = stack_environment(stack, witness.account)
        with WarmProcess(python, environment) as warm:
            described = describe_stack(warm)
        witness.build_schema(described["ddl"])
        capabilities = witness.capabilities | described["capabilities"]
        yield Stage(stack, server, witness, python, environment, described["packages"], described["ddl"], capabilities)
    finally:
        witness.close()
