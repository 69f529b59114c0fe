"""Choosing a way, refusing the wrong server, and errors that say what to do. No server runs here."""

import base64
import dataclasses
import hashlib
import json
import os
import socket
import tempfile
import textwrap
import zipfile
from pathlib import Path

import pytest

from matrix import servers
from matrix.plan.rows import Database, load_databases
from matrix.servers import ServerUnavailable, container, debian, directory, local, npm, process, start_server, url, wheels
from matrix.servers.server import Answer, LogUnavailable, Server, WayUnavailable, check_answer, cut_lines, is_wanted

ROWS = load_databases()


def give(database):
    return Server(database, "fake", "1", "127.0.0.1", 1, "user", "secret")


def refuse(reason, final=False):
    def start(database):
        raise WayUnavailable(reason, final)

    return start


@pytest.fixture
def starters(monkeypatch):
    def replace(**ways):
        monkeypatch.setattr(servers, "STARTERS", ways)
        return tuple(ways)

    return replace


# Choosing a way


def test_the_first_way_that_gives_a_server_is_taken(starters):
    ways = starters(url=refuse("no"), container=give, local=refuse("never asked"))
    assert start_server(ROWS["postgresql18"], ways).way == "fake"


def test_every_reason_is_in_the_error(starters):
    ways = starters(url=refuse("first reason"), container=refuse("second reason\nwith a log line"))
    with pytest.raises(ServerUnavailable) as caught:
        start_server(ROWS["postgresql18"], ways)
    assert caught.value.attempts == [("url", "first reason"), ("container", "second reason\nwith a log line")]
    for part in ("PostgreSQL 18", "postgresql18", "url: first reason", "container: second reason", "    with a log line"):
        assert part in str(caught.value)


def test_a_server_that_the_user_named_is_not_silently_replaced(starters):
    ways = starters(url=refuse("it is another product", final=True), container=give)
    with pytest.raises(ServerUnavailable, match="it is another product"):
        start_server(ROWS["postgresql18"], ways)


def test_trouble_with_files_is_a_reason_and_not_a_crash(starters):
    def start(database):
        raise OSError(28, "No space left on device", "/cache")

    with pytest.raises(ServerUnavailable, match="No space left on device"):
        start_server(ROWS["postgresql18"], starters(embedded=start))


def test_an_unknown_way_is_named():
    with pytest.raises(ValueError, match="unknown way to get a server: docker; there are url, container, local, embedded"):
        start_server(ROWS["postgresql18"], ("docker",))


def test_a_row_without_embedded_files_says_what_else_there_is():
    row = Database("mysql57", "mysql", "5.7", "mysql:5.7", {})
    with pytest.raises(ServerUnavailable, match="nothing embeds this server; it runs as a container"):
        start_server(row, ("embedded",))


# Only the row's product in its major version counts


@pytest.mark.parametrize(
    ("row", "product", "version", "wanted"),
    [
        ("postgresql18", "postgresql", "18.6 (Debian 18.6-1)", True),
        ("postgresql18", "postgresql", "18beta1", True),
        ("postgresql18", "postgresql", "15.18", False),
        ("postgresql18", "postgresql", "180.1", False),
        ("mysql97", "mysql", "9.7.4-2", True),
        ("mysql97", "mysql", "9.70.0", False),
        ("mysql97", "mariadb", "9.7.4", False),
        ("mariadb118", "mariadb", "11.8.6-MariaDB-0+deb13u1", True),
        ("mariadb118", "mariadb", "10.11.18-MariaDB", False),
        ("mariadb118", "mysql", "11.8.6", False),
    ],
)
def test_product_and_major_decide(row, product, version, wanted):
    assert is_wanted(ROWS[row], product, version) is wanted
    if not wanted:
        with pytest.raises(WayUnavailable, match="answers, the row needs"):
            check_answer(ROWS[row], Answer(product, version, ""))


def write_program(folder, name, text):
    path = folder / name
    path.write_text("#!/bin/sh\n" + textwrap.dedent(text))
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A folder that is all of PATH, beside the shell."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_mysqld_that_is_mariadb_fills_no_mysql_row(machine):
    program = write_program(machine, "mysqld", 'echo "mysqld  Ver 10.11.18-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"')
    row = Database("mysql1011", "mysql", "10.11", "mysql:10.11", {})
    with pytest.raises(WayUnavailable, match=r"mysqld is mariadb 10\.11\.18"):
        local.find(row, [])
    assert local.find(ROWS["mariadb1011"], []).programs == program.parent


def test_a_local_postgresql_of_another_major_is_named_and_passed_over(machine):
    write_program(machine, "postgres", 'echo "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"')
    other = machine / "18"
    other.mkdir()
    write_program(other, "postgres", 'echo "postgres (PostgreSQL) 18.6"')
    assert local.find(ROWS["postgresql18"], [other]).version == "18.6"
    with pytest.raises(WayUnavailable, match=r"no PostgreSQL 17 on this machine: .*15\.18.*18\.6"):
        local.find(ROWS["postgresql17"], [other])


def test_a_program_that_does_not_run_is_explained(machine):
    write_program(machine, "postgres", 'echo "libssl.so.3: cannot open shared object file"; exit 127')
    with pytest.raises(WayUnavailable, match=r"(?s)postgres --version.*exit code 127.*libssl\.so\.3"):
        local.find(ROWS["postgresql18"], [])


def test_a_start_that_fails_names_server_command_log_and_remedy(machine, monkeypatch, tmp_path_factory):
    """A postgres that initialises but ends at once, as with a full disk or a missing library."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("PATH", f"{machine}:/usr/bin:/bin")
    for place in [machine, *machine.parents][: -len(Path(tempfile.gettempdir()).parts)]:
        place.chmod(0o755)
    write_program(machine, "initdb", "exit 0")
    write_program(machine, "postgres", '[ "$1" = --version ] && echo "postgres (PostgreSQL) 99.1" && exit; echo "FATAL: out of paper" >&2; exit 1')
    row = Database("postgresql99", "postgresql", "99", "postgres:99", {})
    with pytest.raises(ServerUnavailable) as caught:
        start_server(row, ("local",))
    for part in ("PostgreSQL 99", f"{machine}/postgres -D ", "ended before it was ready", "FATAL: out of paper", "--servers"):
        assert part in str(caught.value)


# The URL way


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("oracle://u:hush@h/", "scheme is 'oracle'; expected postgresql://user:password@host:port/"),
        ("postgresql://:hush@h/", "names no user"),
        ("postgresql://u:hush@/", "names no host"),
        ("postgresql://u:hush@h:port/", "is not a URL"),
        ("postgresql://u:hush@127.0.0.1:1/", "no connection to 127.0.0.1:1 as 'u'"),
    ],
)
def test_a_bad_url_is_explained_without_its_password(monkeypatch, text, message):
    monkeypatch.setenv("MATRIX_POSTGRESQL18_URL", text)
    with pytest.raises(ServerUnavailable) as caught:
        start_server(ROWS["postgresql18"])
    assert "MATRIX_POSTGRESQL18_URL: " + message in str(caught.value)
    assert "hush" not in str(caught.value)
    assert [way for way, _ in caught.value.attempts] == ["url"]


def test_a_url_may_name_a_driver_and_quote_its_password():
    assert url.read_url(ROWS["mysql97"], "mysql+pymysql://me:p%40ss@db.example:3307/") == ("db.example", 3307, "me", "p@ss", "")
    assert url.read_url(ROWS["postgresql18"], "postgresql://me:x@[::1]/main") == ("::1", 5432, "me", "x", "main")


def test_the_log_of_a_given_server_is_out_of_reach():
    with pytest.raises(LogUnavailable, match="MATRIX_POSTGRESQL18_URL"):
        give(ROWS["postgresql18"]).read_log(0)


# Containers, as far as no engine is needed


def test_no_engine_is_a_quick_and_clear_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    with pytest.raises(ServerUnavailable, match="container: no Docker engine answers"):
        start_server(ROWS["postgresql18"], ("container",))


@pytest.mark.parametrize(
    ("row", "variable"), [("postgresql18", "POSTGRES_PASSWORD"), ("mysql97", "MYSQL_ROOT_PASSWORD"), ("mariadb118", "MARIADB_ROOT_PASSWORD")]
)
def test_the_official_images_environment_carries_the_password(row, variable):
    assert container.make_environment(ROWS[row], "hush")[variable] == "hush"
    assert "hush" not in " ".join(container.make_command(ROWS[row]))


# Downloads are verified


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path, monkeypatch):
    wheel = tmp_path / "isolation_matrix_fake-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("isolation_matrix_fake/native.tar.gz", b"programs")
        archive.writestr("isolation_matrix_fake-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: isolation-matrix-fake\nVersion: 1.0\n")
        archive.writestr("isolation_matrix_fake-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("isolation_matrix_fake-1.0.dist-info/RECORD", "")
    for variable in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.setenv(variable, str(tmp_path))
    for variable in ("UV_NO_INDEX", "PIP_NO_INDEX"):
        monkeypatch.setenv(variable, "1")
    pinned = hashlib.sha256(wheel.read_bytes()).hexdigest()
    row = {"package": "isolation-matrix-fake", "version": "1.0"}
    wheels.install(row | {"hashes": [f"sha256:{pinned}"]}, tmp_path, tmp_path / "good")
    assert (tmp_path / "good" / "isolation_matrix_fake" / "native.tar.gz").read_bytes() == b"programs"
    with pytest.raises(WayUnavailable, match=r"(?is)could not be fetched.*hash"):
        wheels.install(row | {"hashes": ["sha256:" + "0" * 64]}, tmp_path, tmp_path / "bad")


def test_an_npm_package_that_is_not_the_pinned_one_is_refused(tmp_path):
    package = tmp_path / "package.tgz"
    package.write_bytes(b"programs")
    digest = base64.b64encode(hashlib.sha512(b"programs").digest()).decode()
    npm.check_integrity(package, f"sha512-{digest}")
    package.write_bytes(b"other programs")
    with pytest.raises(WayUnavailable, match="is not the pinned file"):
        npm.check_integrity(package, f"sha512-{digest}")


@pytest.mark.parametrize("outside", ["/etc/passwd", "native/../../x"])
def test_an_npm_package_cannot_link_outside_itself(tmp_path, outside):
    (tmp_path / "pg-symlinks.json").write_text(json.dumps([{"source": outside, "target": "native/lib/libpq.so"}]))
    with pytest.raises(WayUnavailable, match="outside the package"):
        npm.restore_links(tmp_path)


def test_npm_that_is_absent_is_a_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WayUnavailable, match="needs npm, which is not on PATH"):
        npm.download("x@1", tmp_path)


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="needs apt-get: packages are verified by it, on Debian and its kin")
def test_an_archive_without_a_valid_signature_is_refused(tmp_path, monkeypatch):
    suite = tmp_path / "debian" / "dists" / "unstable"
    (suite / "main" / "binary-amd64").mkdir(parents=True)
    (suite / "main" / "binary-amd64" / "Packages").touch()
    (suite / "Release").write_text(
        "Origin: Debian\nSuite: unstable\nCodename: sid\nComponents: main\nArchitectures: amd64\nDate: Sat, 01 Jan 2050 00:00:00 UTC\n"
    )
    monkeypatch.setattr(debian, "find_archive", lambda: dataclasses.replace(debian.KNOWN[0], mirror=f"file:{tmp_path}/debian"))
    monkeypatch.setattr(debian, "find_keyring", lambda archive: Path(os.devnull))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(WayUnavailable, match=r"(?s)update failed.*not signed"):
        debian.fetch({"debian": {"suite": "unstable", "packages": ["mysql-server-core"]}})
    assert not list((tmp_path / "cache" / "isolation-matrix" / "programs").glob("*/"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://deb.debian.org/debian/", "debian"),
        ("https://mirror.example/pub/linux/ubuntu/", "ubuntu"),
        ("http://ports.ubuntu.com/ubuntu-ports/", "ubuntu"),
    ],
)
def test_the_archive_is_the_one_that_apt_is_configured_for(monkeypatch, address, name):
    security = "http://deb.debian.org/debian-security/"
    monkeypatch.setattr(debian, "run_apt", lambda command: f"https://other.example/apt/\n{security}\n{address}\n")
    archive = debian.find_archive()
    assert (archive.name, archive.mirror) == (name, address)


def test_a_server_that_only_the_other_archive_has_is_explained(monkeypatch):
    monkeypatch.setattr(debian.shutil, "which", lambda name: name)
    monkeypatch.setattr(debian, "find_archive", lambda: debian.KNOWN[0])
    with pytest.raises(ServerUnavailable, match="configured for Debian, whose archive has no such server; that of Ubuntu has"):
        start_server(ROWS["mysql84"], ("embedded",))


def test_a_machine_without_either_archive_is_explained(monkeypatch):
    monkeypatch.setattr(debian, "run_apt", lambda command: "https://other.example/apt/\n")
    with pytest.raises(WayUnavailable, match="not configured for the archive of Debian or Ubuntu"):
        debian.find_archive()


# Ports, logs, directories


def test_a_reserved_port_is_nobody_elses_and_a_server_can_listen_on_it():
    with process.reserve_port() as holder:
        port = holder.getsockname()[1]
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", port))
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen()


def test_a_log_is_read_in_whole_lines():
    assert cut_lines("é one\ntw".encode(), 10) == ("é one\n", 17)
    assert cut_lines(b"tw", 17) == ("", 17)


def test_a_run_directory_is_removed_only_when_nobody_holds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(directory, "choose_base", lambda: tmp_path)
    held = directory.RunDirectory()
    assert directory.RunDirectory().path != held.path
    assert held.path.exists()
    os.close(held._lock)  # what the system does when its holder dies
    held._lock = -1
    directory.remove_stale(tmp_path)
    assert not held.path.exists()


def test_a_small_memory_file_system_is_not_filled(monkeypatch):
    monkeypatch.setattr(directory, "ROOM", 1 << 60)
    assert directory.choose_base() != directory.MEMORY
