"""Forks a child for each connection to a Unix socket, and reports how every child ended.

Used twice: the warm process of a stack forks a process for every recipe, and that one, with the
cases collected but nothing run, forks a child for every series of cells.
"""

import gc
import json
import os
import select
import signal
import socket

from matrix.probe.channel import Channel


def serve_forks(path, lifeline, report):
    """Serve the Unix socket at `path` until the file descriptor `lifeline` ends.

    Returns None then; in a forked child returns the child's Channel at once.
    `report` is called in the parent with {"ready": pid} and {"ended": pid, "status": wait status}.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(8)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.collect()
    gc.freeze()  # the children share these pages for longer, and collect only what is their own
    report({"ready": os.getpid()})
    children = set()
    poll = select.poll()
    for descriptor in (lifeline, listener.fileno(), wake_read):
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if lifeline in ready:
            end_children(children)
            return None
        if wake_read in ready:
            os.read(wake_read, 4096)
            reap_children(children, report)
        if listener.fileno() in ready:
            connection, _ = listener.accept()
            pid = os.fork()
            if not pid:
                leave_parent(listener, wake_read, wake_write)
                return begin_child(Channel(connection))
            connection.close()
            children.add(pid)


def reap_children(children, report):
    """Report the wait status of every child that has ended."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        report({"ended": pid, "status": status})


def end_children(children):
    """The one who asked for them has gone: nothing that was started may stay."""
    for pid in children:
        for end in (os.killpg, os.kill):
            try:
                end(pid, signal.SIGKILL)
            except OSError:
                continue


def leave_parent(listener, wake_read, wake_write):
    """Give up what belongs to the parent; the child leads a process group of its own."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    listener.close()
    os.close(wake_read)
    os.close(wake_write)


def begin_child(channel):
    """Take the request, redirect the streams where it says, and say hello."""
    channel.request = channel.receive()
    redirect_streams(channel.request["output"])
    channel.send({"hello": os.getpid()})
    return channel


def redirect_streams(output):
    """Give the child streams of its own, so that its parent's pipes end with the parent."""
    null = os.open(os.devnull, os.O_RDONLY)
    sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.close(null)
    os.close(sink)


def report_on_stdout(message):
    """Write one line (dict) to standard output."""
    os.write(1, (json.dumps(message) + "\n").encode())
