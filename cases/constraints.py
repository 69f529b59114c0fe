"""The application relies on constraints that are checked when it commits."""
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cases.sample import exists, raises

SLOTS = "CREATE TABLE case_%s (id INTEGER NOT NULL PRIMARY KEY, slot INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED)"


@pytest.mark.limit
@pytest.mark.commits_nothing
@pytest.mark.needs("deferred_constraints")
def test_deferred_constraint(app):
    """The application violates a deferred constraint and commits; production refuses the commit.

    A transaction that never commits never checks: https://www.postgresql.org/docs/current/sql-set-constraints.html
    """
    def work(session):
        session.execute(text(SLOTS % "deferred"))
        session.execute(text("INSERT INTO case_deferred (id, slot) VALUES (1, 7), (2, 7)"))
        with raises(DBAPIError):
            session.commit()
        session.rollback()

    app.call(work)


@pytest.mark.limit
@pytest.mark.needs("deferred_constraints")
def test_deferred_constraint_mended(app):
    """The application lets two rows swap places, in two statements, and commits; production accepts it.

    SET CONSTRAINTS ALL IMMEDIATE in a fixture forbids it: https://www.postgresql.org/docs/current/sql-createtable.html
    """
    def work(session):
        session.execute(text(SLOTS % "swapped"))
        session.execute(text("INSERT INTO case_swapped (id, slot) VALUES (1, 1), (2, 2)"))
        session.execute(text("UPDATE case_swapped SET slot = 2 WHERE id = 1"))
        session.execute(text("UPDATE case_swapped SET slot = 1 WHERE id = 2"))
        session.commit()
        return [row[0] for row in session.execute(text("SELECT slot FROM case_swapped ORDER BY id"))]

    assert app.call(work) == [2, 1]


@pytest.mark.limit
@pytest.mark.needs("deferred_constraints")
def test_deferred_trigger(app):
    """A constraint trigger writes a row when the application commits; production has that row.

    Checks and audits over a whole transaction: https://www.postgresql.org/docs/current/sql-createtrigger.html
    """
    def work(session):
        for statement in [
            "CREATE TABLE case_audited (id INTEGER)",
            "CREATE FUNCTION case_audit() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO customers (name, credit) VALUES (''by trigger'', 0); RETURN NEW; END'",
            "CREATE CONSTRAINT TRIGGER case_trigger AFTER INSERT ON case_audited "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE PROCEDURE case_audit()",
            "INSERT INTO case_audited (id) VALUES (1)",
        ]:
            session.execute(text(statement))
        session.commit()

    app.call(work)
    assert app.call(lambda session: exists(session, "by trigger"))
