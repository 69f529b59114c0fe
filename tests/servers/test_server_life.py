"""Real embedded servers: what they say, what they keep to themselves, and that they end with us."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pymysql
import pytest

from matrix.cache import cache_dir
from matrix.plan.rows import load_databases
from matrix.servers import ServerUnavailable, WayUnavailable, process, start_server
from matrix.servers.directory import PREFIX, RunDirectory

ROOT = Path(__file__).parents[2]
ROWS = load_databases()
KINDS = ("postgresql_server", "mysql_server", "mariadb_server")
FORK = """
child = os.fork()
if child == 0:
    server.stop()
else:
    print(child, flush=True)
time.sleep(60)
"""
SOON = 5.0  # seconds in which what has to end must have ended
linux = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc, which only Linux has")


@pytest.fixture(params=KINDS)
def server(request):
    return request.getfixturevalue(request.param)


def connect(server, password=None, host=None):
    password, host = server.password if password is None else password, host or server.host
    if server.database.kind == "postgresql":
        return psycopg.connect(host=host, port=server.port, user=server.user, password=password, dbname="postgres", autocommit=True, connect_timeout=5)
    return pymysql.connect(host=host, port=server.port, user=server.user, password=password, autocommit=True, ssl_disabled=True, connect_timeout=5)


def query(server, text):
    connection = connect(server)
    try:
        cursor = connection.cursor()
        cursor.execute(text)
        return cursor.fetchall()
    finally:
        connection.close()


def read_processes(name):
    """Return {pid: bytes} of one file of every process in /proc that we may read."""
    found = {}
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        try:
            found[int(path.parent.name)] = path.read_bytes()
        except OSError:
            continue
    return found


def find_by_port(port):
    """Return (pid, run directory) of the server that we started on the port."""
    for pid, line in read_processes("cmdline").items():
        found = re.search(rb"(/[^\x00]*/" + PREFIX.encode() + rb"[^/\x00]+)/data\x00", line)
        if found and f"port={port}".encode() in line:
            return pid, Path(found[1].decode())
    raise LookupError(f"no server of ours runs on port {port}")


# What a server says


def test_the_running_server_says_its_version(server):
    text = "SELECT current_setting('server_version')" if server.database.kind == "postgresql" else "SELECT VERSION()"
    assert query(server, text) == [(server.version,)] or query(server, text) == ((server.version,),)
    assert server.version.startswith(server.database.major)
    assert (server.way, server.given) == ("embedded", False)


def test_postgresql_runs_fast_and_logs_for_the_witness(postgresql_server):
    wanted = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "max_prepared_transactions": "20",
        "log_destination": "stderr",
        "log_line_prefix": "%m [%p] %d ",
        "log_statement": "none",
    }
    names = ", ".join(f"'{name}'" for name in wanted)
    assert dict(query(postgresql_server, f"SELECT name, setting FROM pg_settings WHERE name IN ({names})")) == wanted


def test_postgresqls_log_holds_a_statement_as_soon_as_it_was_answered(postgresql_server):
    _, offset = postgresql_server.read_log(0)
    with connect(postgresql_server) as connection:
        connection.execute("SET log_statement = 'all'")
        connection.execute("SELECT 'seen by the log'")
        text, after = postgresql_server.read_log(offset)
        backend = connection.info.backend_pid
    assert re.search(rf"(?m)^\d{{4}}-\d\d-\d\d [\d:.]+ UTC \[{backend}\] postgres LOG:  (statement|execute .*): SELECT 'seen by the log'$", text)
    assert after == offset + len(text.encode())


def test_mysql_shows_its_locks_and_opens_no_second_door(mysql_server):
    assert query(mysql_server, "SELECT @@performance_schema, @@log_bin, @@innodb_flush_log_at_trx_commit") == ((1, 0, 0),)
    assert query(mysql_server, "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'mysqlx' AND plugin_status = 'ACTIVE'") == ((0,),)


def test_mariadb_shows_its_metadata_locks(mariadb_server):
    assert query(mariadb_server, "SELECT plugin_status FROM information_schema.plugins WHERE plugin_name = 'METADATA_LOCK_INFO'") == (("ACTIVE",),)


# What a server keeps to itself


@linux
def test_the_password_is_in_no_command_line_environment_log_or_file(server):
    secret = server.password.encode()
    assert len(secret) >= 32
    assert query(server, "SELECT 1")  # the server is up and was logged into
    lines = read_processes("cmdline")
    assert any(f"port={server.port}".encode() in line for line in lines.values())
    assert not [pid for pid, line in lines.items() if secret in line]
    assert not [pid for pid, text in read_processes("environ").items() if secret in text]
    files = [path for path in find_by_port(server.port)[1].rglob("*") if path.is_file()]
    assert len(files) > 50
    assert not [path for path in files if secret in path.read_bytes()]
    assert server.password not in repr(server)


def test_only_the_password_opens_the_server(server):
    connect(server).close()
    for wrong in ("", "wrong"):
        with pytest.raises((psycopg.OperationalError, pymysql.err.OperationalError), match=r"(?i)password|denied"):
            connect(server, password=wrong)


@linux
def test_the_server_listens_on_loopback_only(server):
    wanted = f":{server.port:04X}"
    tables = "".join(Path("/proc/net", name).read_text() for name in ("tcp", "tcp6"))
    listening = [fields[1] for fields in map(str.split, tables.splitlines()) if fields[1].endswith(wanted) and fields[3] == "0A"]
    assert listening == ["0100007F" + wanted]


def test_the_password_is_another_one_each_time(postgresql_server, mysql_server, mariadb_server):
    assert len({postgresql_server.password, mysql_server.password, mariadb_server.password}) == 3


# Given servers


def test_a_given_server_is_used_and_left_alone(postgresql_server, monkeypatch):
    given = postgresql_server
    monkeypatch.setenv("MATRIX_POSTGRESQL18_URL", f"postgresql://{given.user}:{given.password}@{given.host}:{given.port}/postgres")
    server = start_server(ROWS["postgresql18"])
    assert (server.way, server.given, server.version) == ("url", True, given.version)
    server.stop()
    assert query(given, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("row", "fixture", "scheme", "message"),
    [
        ("postgresql17", "postgresql_server", "postgresql", r"postgresql 18\.\S+ answers, the row needs postgresql 17"),
        ("mysql97", "mariadb_server", "mysql", r"mariadb 11\.8\..* answers, the row needs mysql 9\.7"),
        ("mariadb118", "mysql_server", "mysql", r"mysql 9\.7\.\S+ answers, the row needs mariadb 11\.8"),
        ("mysql84", "mysql_server", "mysql", r"mysql 9\.7\.\S+ answers, the row needs mysql 8\.4"),
    ],
)
def test_a_given_server_of_another_product_or_major_is_refused(row, fixture, scheme, message, request, monkeypatch):
    given = request.getfixturevalue(fixture)
    monkeypatch.setenv(ROWS[row].environment, f"{scheme}://{given.user}:{given.password}@{given.host}:{given.port}/")
    with pytest.raises(ServerUnavailable, match=message) as caught:
        start_server(ROWS[row])
    assert given.password not in str(caught.value)
    assert [way for way, _ in caught.value.attempts] == ["url"]


# However the run ends

# What a shell runs in the background ignores SIGINT, and so would the run.
START = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from matrix.plan.rows import load_databases
from matrix.servers import start_server
server = start_server(load_databases()[{row!r}], ("embedded",))
print(server.port, flush=True)
{ending}
"""
ENDINGS = {
    "returns": ("time.sleep(0.5)", None),
    "raises": ("time.sleep(0.5); raise RuntimeError('the run breaks')", None),
    "exits at once": ("time.sleep(0.5); os._exit(7)", None),
    "interrupt": ("time.sleep(60)", signal.SIGINT),
    "terminate": ("time.sleep(60)", signal.SIGTERM),
    "kill": ("time.sleep(60)", signal.SIGKILL),
}


def wait_until(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, f"not within {SOON:.0f} s"
        time.sleep(0.01)


def start_run(row, ending):
    """Start a Python that starts a server; return it and the server's port."""
    text = START.format(row=row, ending=ending)
    run = subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    port = int(run.stdout.readline())
    return run, port


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@linux
@pytest.mark.parametrize("row", ["postgresql18", "mysql97"])
@pytest.mark.parametrize("ending", [name for name, (_, number) in ENDINGS.items() if number])
def test_a_signalled_run_leaves_no_server_and_no_data(row, ending, postgresql_server, mysql_server):
    code, number = ENDINGS[ending]
    run, port = start_run(row, code)
    with run:
        pid, place = find_by_port(port)
        children = [child for child, text in read_processes("stat").items() if text.rpartition(b")")[2].split()[1] == str(pid).encode()]
        run.send_signal(number)
        run.wait()
        wait_until(lambda: not any(is_alive(child) for child in (pid, *children)) and not place.exists())


@linux
@pytest.mark.parametrize("ending", [name for name, (_, number) in ENDINGS.items() if not number])
def test_a_run_that_ends_by_itself_leaves_no_server_and_no_data(ending):
    run, port = start_run("postgresql18", ENDINGS[ending][0])
    with run:
        pid, place = find_by_port(port)
        run.wait()
        wait_until(lambda: not is_alive(pid) and not place.exists())


@linux
def test_an_interrupt_at_the_terminal_does_not_take_the_server_from_a_run_that_goes_on():
    handle = "import signal; signal.signal(signal.SIGINT, lambda *_: None); print('ready', flush=True); time.sleep(60); time.sleep(60)"
    run, port = start_run("postgresql18", handle)
    with run:
        run.stdout.readline()
        pid, place = find_by_port(port)
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.5)
        assert is_alive(pid)
        assert place.exists()
        run.kill()


@linux
def test_a_server_outlives_neither_its_keeper_nor_the_next_run():
    """Both the run and its keeper are killed: the server dies at once, the next run removes the directory."""
    run, port = start_run("postgresql18", "time.sleep(60)")
    with run:
        pid, place = find_by_port(port)
        keeper = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(run.pid, signal.SIGSTOP)  # so that it notices nothing
        os.kill(keeper, signal.SIGKILL)
        run.kill()
        run.wait()
        wait_until(lambda: not is_alive(pid))
        assert place.exists()
        RunDirectory().remove()
        assert not place.exists()


@linux
def test_a_fork_of_the_run_neither_stops_nor_keeps_the_server():
    run, port = start_run("postgresql18", FORK)
    with run:
        child = int(run.stdout.readline())
        pid, place = find_by_port(port)
        time.sleep(0.5)
        assert is_alive(pid)
        assert (place / "data" / "PG_VERSION").exists()
        run.kill()
        run.wait()
        try:
            wait_until(lambda: not is_alive(pid) and not place.exists())
        finally:
            os.kill(child, signal.SIGKILL)


MAKE = """
import os, time
from matrix.plan.rows import load_databases
from matrix.servers import start_server
from matrix.witness import open_witness
server = start_server(load_databases()[{row!r}])
witness = open_witness(server, {name!r})
print(server.port, flush=True)
time.sleep(60)
"""


@linux
@pytest.mark.parametrize(("row", "fixture"), [("postgresql18", "postgresql_server"), ("mysql97", "mysql_server")])
def test_a_killed_run_leaves_nothing_on_a_given_server(row, fixture, request):
    given = request.getfixturevalue(fixture)
    url = f"{given.database.kind}://{given.user}:{given.password}@{given.host}:{given.port}/"
    name = f"matrix_killed_{os.getpid()}"
    environment = os.environ | {ROWS[row].environment: url}
    text = MAKE.format(row=row, name=name)
    with subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert int(run.stdout.readline()) == given.port
        assert name in list_names(given)
        run.kill()
    wait_until(lambda: name not in list_names(given))


def list_names(server):
    """Return the names of a server's databases and accounts."""
    databases, accounts = ("pg_database", "pg_roles") if server.database.kind == "postgresql" else ("information_schema.schemata", "mysql.user")
    columns = ("datname", "rolname") if server.database.kind == "postgresql" else ("schema_name", "user")
    return {row[0] for column, table in zip(columns, (databases, accounts), strict=True) for row in query(server, f"SELECT {column} FROM {table}")}


@linux
def test_stop_waits_until_all_is_gone_and_may_be_repeated():
    server = start_server(ROWS["mariadb118"], ("embedded",))
    pid, place = find_by_port(server.port)
    server.stop()
    assert not is_alive(pid)
    assert not place.exists()
    server.stop()
    with socket.socket() as probe:
        assert probe.connect_ex((server.host, server.port))


@linux
def test_a_program_that_cannot_be_started_leaves_nothing(tmp_path):
    place = RunDirectory()
    with pytest.raises(WayUnavailable, match=r"could not be started: .*absent"):
        process.launch(place, [str(tmp_path / "absent")])
    assert not place.path.exists()


# Several runs at once


def test_two_runs_with_an_empty_cache_do_not_disturb_each_other(tmp_path, postgresql_server):
    """Both initialise: one does it, the other waits for it, and both get a server of their own."""
    place = tmp_path / "isolation-matrix"
    place.mkdir()
    (place / "programs").symlink_to(cache_dir() / "programs")
    text = START.format(row="postgresql18", ending="print(server.version)")
    runs = [
        subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)})
        for _ in range(2)
    ]
    answers = [run.communicate()[0].split() for run in runs]
    assert [version for _, version in answers] == [postgresql_server.version] * 2
    assert len({port for port, _ in answers}) == 2
    (prepared,) = [path.name for path in (place / "data").iterdir() if path.is_dir()]
    assert prepared.startswith(f"postgresql-{postgresql_server.version}-")
