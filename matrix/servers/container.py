"""The container way: testcontainers on the Docker engine that answers.

We end our containers ourselves, by the same keeper as every other server, so no reaper
container is needed. The image can be replaced (MATRIX_<ID>_IMAGE) by any that honours the
official images' environment variables.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from matrix.ending.guard import PREFIX
from matrix.plan.rows import Database
from matrix.servers import mysql, postgresql, process
from matrix.servers.directory import RunDirectory
from matrix.servers.process import LOOPBACK, Launch
from matrix.servers.server import Server, WayUnavailable, check_answer

LABEL = "isolation-matrix"
REMOVER = Path(__file__).with_name("container_remover.py")
ENGINE_PATIENCE = 10  # seconds for an answer of the engine
PULL_PATIENCE = 60  # seconds without news of an image that is being pulled
USERS = {"postgresql": "postgres", "mysql": "root"}
PORTS = {"postgresql": 5432, "mysql": 3306}
NOT_YET = (ConnectionError, psycopg.OperationalError, pymysql.err.OperationalError, pymysql.err.InternalError)


def start(database: Database) -> Server:
    """Return a server in a container; raise WayUnavailable when there is no engine or no image."""
    image = os.environ.get(f"MATRIX_{database.id.upper()}_IMAGE") or database.image
    engine = connect_engine()
    find_image(engine, image)
    remove_stale(engine)
    directory = RunDirectory()
    try:
        return _start(database, image, directory)
    except BaseException:
        directory.remove()
        raise


def identify(database: Database) -> str:
    """Return the image that would run, by its content; raise WayUnavailable when there is no engine, or no image yet."""
    from docker.errors import DockerException
    from testcontainers.core.config import testcontainers_config

    image = os.environ.get(f"MATRIX_{database.id.upper()}_IMAGE") or database.image
    engine = connect_engine()
    try:
        return f"{image} {engine.images.get(testcontainers_config.hub_image_name_prefix + image).id}"
    except DockerException as error:
        raise WayUnavailable(f"the engine has no image {image}: {str(error)[:300]}") from error


def _start(database: Database, image: str, directory: RunDirectory) -> Server:
    name = f"{PREFIX}{database.id}-{secrets.token_hex(4)}"
    password = process.make_password()
    launched = process.launch(directory, [], at_end=[[sys.executable, str(REMOVER), name]])  # first: it must outlive us
    launched.command = ["docker", "run", image, *make_command(database)]
    try:
        container = make_container(database, image, name, password, directory)
        try:
            container.start()
        except Exception as error:  # the engine's errors have no common class
            raise WayUnavailable(launched.describe_failure(f"did not start ({error})")) from error
        return wait_for_server(database, container, launched, password)
    except BaseException:
        launched.stop()
        raise


def wait_for_server(database: Database, container: Any, launched: Launch, password: str) -> Server:
    """Return the server in a started container once it answers over TCP, which its set-up phase never does."""
    copying = threading.Thread(target=copy_log, args=(container, launched.log), daemon=True)
    copying.start()
    user, port = USERS[database.kind], PORTS[database.kind]
    ask = postgresql.ask if database.kind == "postgresql" else mysql.ask

    def describe_failure(what: str) -> str:
        copying.join(ENGINE_PATIENCE if has_ended(container) else 0)  # an ended container's output is complete
        return launched.describe_failure(what)

    answer = process.wait_for_answer(lambda: ask(*find_address(container, port), user, password), NOT_YET, lambda: has_ended(container), describe_failure)
    check_answer(database, answer)
    host, published = find_address(container, port)
    return Server(database, "container", answer.version, host, published, user, password, False, answer.banner, launched.read_log, launched.stop)


def find_address(container: Any, port: int) -> tuple[str, int]:
    """Return where the container's port is reached; raise ConnectionError when it is not published, or no longer."""
    client, host = container.get_docker_client(), container.get_container_host_ip()
    if client.get_connection_mode().use_mapped_port:
        port = int(client.port(container.get_container_id(), port))
    return (LOOPBACK if host == "localhost" else host), port  # MySQL's clients take that name for a socket


def make_container(database: Database, image: str, name: str, password: str, directory: RunDirectory) -> Any:
    """Return the container as testcontainers describes it, not started."""
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    testcontainers_config.ryuk_disabled = True
    container = DockerContainer(image, name=name, labels={LABEL: str(directory.path), f"{LABEL}.host": socket.gethostname()})
    port = PORTS[database.kind]
    container.with_exposed_ports(port).with_command(make_command(database))
    if is_engine_local(container):
        container.ports[str(port)] = (LOOPBACK, None)  # type: ignore[assignment]  # not on the machine's other addresses; docker takes them in pairs, too
    for key, value in make_environment(database, password).items():
        container.with_env(key, value)
    memory = {"postgresql": "/var/lib/postgresql", "mysql": "/var/lib/mysql"}
    return container.with_tmpfs_mount(memory[database.kind])


def is_engine_local(container: Any) -> bool:
    """Whether our loopback is the engine's; inside a container, and with an engine elsewhere, it may not be."""
    from testcontainers.core.config import ConnectionMode

    client = container.get_docker_client()
    return bool(client.host() == "localhost" and client.get_connection_mode() == ConnectionMode.docker_host)


def make_environment(database: Database, password: str) -> dict[str, str]:
    """Return what the official images of the product read from their environment."""
    if database.kind == "postgresql":
        return {"POSTGRES_PASSWORD": password, "POSTGRES_INITDB_ARGS": "--no-sync --no-locale --encoding=UTF8", "PGDATA": "/var/lib/postgresql/matrix"}
    return {"MYSQL_ROOT_PASSWORD" if database.product == "mysql" else "MARIADB_ROOT_PASSWORD": password}


def make_command(database: Database) -> list[str]:
    """Return the server's command inside the container."""
    if database.kind == "postgresql":
        settings = postgresql.SETTINGS | {"listen_addresses": "*"}
        return ["postgres", *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]
    options = [option for option in mysql.OPTIONS if not option.startswith("--bind-address")]
    return [mysql.PROGRAMS[database.product], *options, *mysql.ONLY[database.product]]


def connect_engine() -> Any:
    """Return a client of the Docker engine; raise WayUnavailable when none answers in time."""
    try:
        from testcontainers.core.docker_client import DockerClient

        client = DockerClient(timeout=ENGINE_PATIENCE).client
        client.ping()
        client.api.timeout = PULL_PATIENCE
    except ImportError as error:
        raise WayUnavailable(f"testcontainers is not installed ({error})") from error
    except Exception as error:  # docker's and urllib3's errors have no common class
        raise WayUnavailable(f"no Docker engine answers ({type(error).__name__}); start one, or set DOCKER_HOST") from error
    return client


def find_image(engine: Any, image: str) -> None:
    """Make sure that the engine has the image, pulling it if it can; raise WayUnavailable otherwise."""
    from docker.errors import DockerException, ImageNotFound
    from testcontainers.core.config import testcontainers_config

    image = testcontainers_config.hub_image_name_prefix + image
    try:
        engine.images.get(image)
    except ImageNotFound:
        try:
            engine.images.pull(image)
        except (DockerException, OSError) as error:
            raise WayUnavailable(f"the engine has no image {image} and cannot pull it: {str(error)[:300]}") from error


def remove_stale(engine: Any) -> None:
    """Remove containers of this machine whose run is gone together with its keeper."""
    from docker.errors import DockerException

    for container in engine.containers.list(all=True, filters={"label": [LABEL, f"{LABEL}.host={socket.gethostname()}"]}):
        if not Path(container.labels[LABEL]).exists():
            try:
                container.remove(force=True, v=True)
            except DockerException:
                continue  # somebody else removes it at this moment


def has_ended(container: Any) -> bool:
    """Whether the container's server ended by itself."""
    container.reload()
    return container.status not in ("created", "running")


def copy_log(container: Any, log: Path) -> None:
    """Write the container's output to our log file until the container is gone."""
    with log.open("ab", buffering=0) as file:
        for part in container.get_wrapped_container().logs(stream=True, follow=True):
            file.write(part)
