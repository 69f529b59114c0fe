"""The warm process of a stack: imports what is expensive once, then forks a child for every recipe.

Case modules and recipes are never imported here: their asserts would not be rewritten, and what one
recipe does to a class would reach the next one.
"""
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback

from matrix.probe.channel import Channel

PRELOADED = (
    "asyncio",
    "pytest",
    "_pytest.assertion.rewrite",
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.ext.declarative",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.future",
    "pytest_asyncio.plugin",
    "fastapi.testclient",
    "flask.testing",
    "flask_sqlalchemy",
    "flask_sqlalchemy_lite",
    "pyramid.config",
    "pyramid_tm",
    "zope.sqlalchemy",
    "webtest",
)


def preload_modules():
    """Import what every child needs; a module that this stack does not have is left out."""
    from _pytest.config import default_plugins

    for name in PRELOADED + tuple("_pytest." + plugin for plugin in default_plugins):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    from sqlalchemy.engine.url import make_url

    dialect = make_url(os.environ["MATRIX_DATABASE_URL"]).get_dialect()
    if hasattr(dialect, "import_dbapi"):  # SQLAlchemy 2.0 renamed it
        dialect.import_dbapi()
    else:
        dialect.dbapi()


def serve_forks(path):
    """Fork a child for each connection to the Unix socket at `path` until standard input ends."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(8)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.collect()
    gc.freeze()  # the children share these pages for longer
    children = set()
    report({"ready": os.getpid()})
    poll = select.poll()
    for descriptor in (0, listener.fileno(), wake_read):
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if 0 in ready:
            return end_children(children)
        if wake_read in ready:
            os.read(wake_read, 4096)
            reap_children(children)
        if listener.fileno() in ready:
            connection, _ = listener.accept()
            children.add(fork_child(connection, (listener, wake_read, wake_write)))


def report(message):
    """Write one line (dict) to the supervisor on standard output."""
    os.write(1, (json.dumps(message) + "\n").encode())


def reap_children(children):
    """Report the wait status of every child that has ended."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        report({"ended": pid, "status": status})


def end_children(children):
    """The supervisor has gone: nothing that was started may stay."""
    for pid in children:
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass


def fork_child(connection, inherited):
    """Fork; the parent returns the child's process id, the child never returns."""
    pid = os.fork()
    if pid:
        connection.close()
        return pid
    status = 70
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        inherited[0].close()
        os.close(inherited[1])
        os.close(inherited[2])
        status = run_child(Channel(connection))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run_child(channel):
    """Take the request from the channel and do it; returns the exit code."""
    request = channel.receive()
    redirect_streams(request["output"])
    channel.send({"hello": os.getpid()})
    if request["task"] == "describe":
        from matrix.probe.description import describe_stack

        channel.send({"described": describe_stack(request)})
        return 0
    from matrix.probe.plugin import run_recipe

    return run_recipe(channel, request)


def redirect_streams(output):
    """Give the child streams of its own, so that the supervisor's pipes end with the warm process."""
    null = os.open(os.devnull, os.O_RDONLY)
    sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.close(null)
    os.close(sink)


if __name__ == "__main__":
    preload_modules()
    serve_forks(sys.argv[1])
