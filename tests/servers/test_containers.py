"""The container way on a real Docker engine, with images built here, and matrix rows through testcontainers."""

import dataclasses
import json

import pytest
from rich.console import Console
from testcontainers.core.labels import LABEL_SESSION_ID, SESSION_ID

from matrix.facts.reading import load_stack
from matrix.plan.rows import load_databases
from matrix.plan.selection import Selection, make_plan
from matrix.run.workflow import Options, run_stacks
from matrix.servers import ServerUnavailable, WayUnavailable, debian, start_server
from matrix.servers.container import connect_engine
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
    """A function that makes sure of a row's image, gives the row that image, another row's if asked to, and returns the row."""

    def use(database, image_of=None):
        monkeypatch.setenv(f"MATRIX_{database.upper()}_IMAGE", find_image(engine, image_of or database))
        return load_databases()[database]

    return use


def find_image(engine, database):
    """The stand-in built from Debian packages; where this machine's apt knows no Debian archive, the official image."""
    try:
        is_debian = debian.find_archive().name == "debian"
    except WayUnavailable:
        is_debian = False
    return build_image(engine, IMAGES[database]) if is_debian else load_databases()[database].image


def list_containers(engine):
    """Containers of this process: other runs on this machine have their own."""
    labels = ["isolation-matrix", f"{LABEL_SESSION_ID}={SESSION_ID}"]
    return {container.id for container in engine.containers.list(all=True, filters={"label": labels})}


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


def test_a_container_of_another_major_never_fills_a_row(engine, use_image):
    other = dataclasses.replace(use_image("postgresql18"), major="17")
    before = list_containers(engine)
    with pytest.raises(ServerUnavailable, match="18"):
        start_server(other, ways=("container",))
    assert list_containers(engine) <= before


def test_a_container_that_ends_at_once_is_explained(engine, use_image):
    """PostgreSQL's row with MariaDB's image: the error names the server, the command and the log's last lines."""
    before = list_containers(engine)
    with pytest.raises(ServerUnavailable) as caught:
        start_server(use_image("postgresql18", image_of="mariadb1011"), ways=("container",))
    assert "PostgreSQL 18" in str(caught.value)
    assert f"docker run {find_image(engine, 'mariadb1011')}" in str(caught.value)
    assert "MARIADB_ROOT_PASSWORD" in str(caught.value)
    assert list_containers(engine) <= before


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
