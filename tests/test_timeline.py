"""What reached the server joins what the client meant, and nothing of another cell does."""

from matrix.probe.mark import MARK
from matrix.supervisor.timeline import leave_out_probe, merge_statements, name_event
from matrix.witness import Statement

BEGAN = 1000.0


def client_event(at, event, backend=7, lane=1):
    return {"at": at, "lane": lane, "backend": backend, "source": "client", "event": event, "text": "", "phase": "call"}


def test_server_statements_join_the_lane_of_their_backend():
    merged = merge_statements([client_event(0.0, "checkout"), client_event(0.004, "commit")], [Statement(BEGAN + 0.002, 7, "INSERT INTO t"), Statement(BEGAN + 0.003, 8, "COMMIT")], BEGAN, "postgresql")
    assert [(event["lane"], event["event"], event["source"]) for event in merged] == [(1, "checkout", "client"), (1, "statement", "server"), (2, "commit", "server"), (1, "commit", "client")]


def test_statements_from_before_the_cell_belong_to_nobody_here():
    merged = merge_statements([client_event(0.0, "checkout")], [Statement(BEGAN - 0.1, 7, "COMMIT"), Statement(BEGAN - 0.001, 7, "BEGIN")], BEGAN, "postgresql")
    assert [event["event"] for event in merged] == ["begin", "checkout"]


def test_the_probes_own_statements_are_left_out_with_their_transaction():
    statements = [Statement(BEGAN, 7, text) for text in ("BEGIN", f"SELECT 1 {MARK}", "ROLLBACK", "BEGIN", "INSERT INTO t", "COMMIT")]
    assert [statement.text for statement in leave_out_probe(statements)] == ["BEGIN", "INSERT INTO t", "COMMIT"]


def test_words_of_events():
    words = {"SAVEPOINT a": "savepoint", "ROLLBACK TO SAVEPOINT a": "rollback_to", "RELEASE SAVEPOINT a": "release", "START TRANSACTION": "begin", "create table t (id int)": "implicit_commit", "CREATE TEMPORARY TABLE t (id int)": "statement", "SELECT 1": "statement", "COMMIT PREPARED 'a'": "statement", "ROLLBACK PREPARED 'a'": "statement", "COMMIT": "commit"}
    assert {text: name_event(text, "mysql") for text in words} == words
    assert name_event("CREATE TABLE t (id int)", "postgresql") == "statement"
