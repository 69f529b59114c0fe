"""The container way on a real Docker engine, with images built here, and matrix rows through testcontainers."""

import dataclasses
import json

import pytest
from rich.console import Console

from matrix.rows import load_databases
from matrix.selection import Selection, make_plan
from matrix.servers import ServerUnavailable, WayUnavailable, start_server
from matrix.servers.container import connect_engine
from matrix.workflow import Options, run_stacks
from reports.load import load_stack
from tests.images.build import build_image, load_images
from tests.presence import report_absence

IMAGES = load_images()
ROWS = {
    "sa20-psycopg2-postgresql18": "postgresql18",
    "sa20-pymysql-mysql97": "mysql97",
    "sa20-pymysql-mariadb1011": "mariadb1011",
}


@pytest.fixture(scope="session")
def engine():
    try:
        return connect_engine()
    except WayUnavailable as reason:
        report_absence("docker", str(reason))


@pytest.fixture
def use_image(engine, monkeypatch):
    """A function that builds the stand-in for a row's image, names it to the container way, and returns the row."""

    def use(database):
        image = build_image(engine, IMAGES[database])
        monkeypatch.setenv(f"MATRIX_{database.upper()}_IMAGE", image)
        return load_databases()[database]

    return use


def list_containers(engine):
    return {container.id for container in engine.containers.list(all=True, filters={"label": "isolation-matrix"})}


@pytest.mark.parametrize("database", IMAGES)
def test_a_container_serves_the_row_and_is_removed(database, engine, use_image):
    before = list_containers(engine)
    server = start_server(use_image(database), ways=("container",))
    try:
        assert server.way == "container"
        assert server.version.startswith(server.database.major)
        (started,) = list_containers(engine) - before
        about = engine.api.inspect_container(started)
        assert server.password not in json.dumps([about["Path"], about["Args"], about["Config"]["Cmd"]])
        text, offset = server.read_log(0)
        assert text
        assert server.password not in text
        assert offset
    finally:
        server.stop()
    server.stop()
    assert list_containers(engine) <= before


def test_a_container_of_another_major_never_fills_a_row(engine, use_image, monkeypatch):
    other = dataclasses.replace(use_image("postgresql18"), major="17")
    before = list_containers(engine)
    with pytest.raises(ServerUnavailable, match="18"):
        start_server(other, ways=("container",))
    assert list_containers(engine) <= before


def test_a_container_that_ends_at_once_is_explained(engine, use_image, monkeypatch):
    """PostgreSQL's row with MariaDB's image: the error names the server, the command and the log."""
    row = use_image("postgresql18")
    monkeypatch.setenv("MATRIX_POSTGRESQL18_IMAGE", build_image(engine, IMAGES["mariadb1011"]))
    with pytest.raises(ServerUnavailable) as caught:
        start_server(row, ways=("container",))
    assert "docker run isolation-matrix-test/mariadb:10.11" in str(caught.value)
    assert "MARIADB_ROOT_PASSWORD" in str(caught.value)


def test_a_missing_image_is_named(engine, monkeypatch):
    monkeypatch.setenv("MATRIX_POSTGRESQL18_IMAGE", "isolation-matrix-test/absent:0")
    with pytest.raises(ServerUnavailable, match="isolation-matrix-test/absent:0"):
        start_server(load_databases()["postgresql18"], ways=("container",))


def test_matrix_rows_run_through_testcontainers(engine, use_image, tmp_path):
    """One row per product: controls behave, the standard recipe isolates, no isolation leaks."""
    for database in ROWS.values():
        use_image(database)
    before = list_containers(engine)
    recipes = ("plain/real_commits", "plain/fresh_database", "plain/create_savepoint")
    plan = make_plan(Selection(tuple(ROWS), recipes, ("commit_once", "commit_twice")))
    outcome = run_stacks(plan, Options(jobs=2, ways=("container",), directory=tmp_path), Console(quiet=True))
    assert (set(outcome.ran), outcome.not_run, outcome.broken) == (set(ROWS), {}, {})
    for stack, database in ROWS.items():
        facts = load_stack(tmp_path / f"{stack}.jsonl")
        assert facts.header["server"]["way"] == "container"
        assert facts.header["stack"]["database"]["id"] == database
        residue = {cell.id: cell.first["residue"] for cell in facts.cells if cell.case == "commit_once"}
        assert residue[f"{stack}/plain/real_commits/commit_once"]
        assert not residue[f"{stack}/plain/create_savepoint/commit_once"]
    assert list_containers(engine) <= before
