"""Carries out a program of `nox -s explore` through an application, and notes what the application sees.

The operations are those of matrix/explore/operations.py, where words say what each means. An error is an outcome like
any other: its kind is noted and the program goes on. Names of rows begin with the program's own prefix, which is not noted.
"""

import threading

from sqlalchemy import select, text

from cases.sample import SELECT_TAKES_A_LIST, Customer, insert_customer, wait_for


def test_program(app, request):
    """Play the program of the item; where an outcome is expected, every step must have it."""
    item = request.node
    player = Player(app, item.program, item.prefix)
    item.saw = player.play()
    if item.expected is not None:
        compare(item.program, player, item.expected)


def compare(program, player, expected):
    """Raise what the first step raised that did not come out as expected, else AssertionError: causes read errors."""
    for number, (step, wanted) in enumerate(zip([*program, "end of the call"], expected)):  # noqa: B905  Python 3.8 knows no strict=
        got = player.saw[number]
        if got != wanted:
            raise player.errors.get(number) or AssertionError("%s: %s, in production %s" % (step, got or "done", wanted or "done"))


class Player(object):
    """One program on its way: the application's session, the handles of its savepoints, the second actor's."""

    def __init__(self, app, program, prefix):
        self.app, self.program, self.prefix = app, program, prefix
        self.saw, self.names, self.savepoints = [], [], []
        self.errors = {}  # by the number of the step that raised
        self.written = 0
        self.session = self.other = self.connection = self.transaction = None

    def play(self):
        """Return what was seen at each step (list of str, "" where there was nothing to see), and at the end of the last call."""
        calls = [[]]
        for operation in self.program:
            calls.append([]) if operation == "next" else calls[-1].append(operation)
        for operations in calls:
            self.saw.append(self.attempt(lambda operations=operations: self.app.call(lambda session: self.enter(session, operations))))
        self.saw[-1] = self.saw[-1] or self.attempt(self.end_actors)
        return self.saw

    def enter(self, session, operations):
        """Be inside one call of the application, with its session."""
        self.session, self.savepoints = session, []
        for operation in operations:
            self.saw.append(self.attempt(getattr(self, "do_" + operation.replace("-", "_"))))

    def attempt(self, action):
        """Return what the action has seen (str), or the kind of its error."""
        try:
            return action() or ""
        except Exception as error:
            self.errors[len(self.saw)] = error
            return type(error).__name__

    def make_row(self, session, name=None):
        """Return a customer of the session with a credit, and unless it is given a name, that nobody else has."""
        self.written += 1
        row = Customer(name=name or self.make_name(), credit=self.written)
        session.add(row)
        return row

    def make_name(self):
        return "%s%s" % (self.prefix, "abcdefghijklmnopqrstuvwxyz"[self.written - 1 : self.written])

    def show(self, rows):
        """Return names and credits of rows as one text."""
        return " ".join(sorted("%s=%s" % (name[len(self.prefix) :], credit) for name, credit in rows)) or "nothing"

    def look(self, session):
        condition = Customer.name.like(self.prefix + "%")
        if SELECT_TAKES_A_LIST:
            return self.show((row.name, row.credit) for row in session.query(Customer).filter(condition))
        return self.show((row.name, row.credit) for row in session.execute(select(Customer).where(condition)).scalars())

    def find_last(self):
        condition = Customer.name == self.names[-1]
        if SELECT_TAKES_A_LIST:
            return self.session.query(Customer).filter(condition).one_or_none()
        return self.session.execute(select(Customer).where(condition)).scalars().one_or_none()

    # the session of the call

    def do_add(self):
        self.names.append(self.make_row(self.session).name)

    def do_flush(self):
        self.do_add()
        self.session.flush()

    def do_duplicate(self):
        self.make_row(self.session, self.names[0])
        self.session.flush()

    def do_change(self):
        row = self.find_last()
        if row is None:
            return "no row"
        self.written += 1
        row.credit = self.written
        self.session.flush()

    def do_delete(self):
        row = self.find_last()
        if row is None:
            return "no row"
        self.session.delete(row)
        self.session.flush()

    def do_commit(self):
        self.savepoints = []
        self.session.commit()

    def do_rollback(self):
        self.savepoints = []
        self.session.rollback()

    def do_close(self):
        self.savepoints = []
        self.session.close()

    def do_nested(self):
        self.savepoints.append(None)  # the place of one that cannot be had
        self.savepoints[-1] = self.session.begin_nested()

    def do_release(self):
        savepoint = self.savepoints.pop()
        if savepoint is None:
            return "no savepoint"
        savepoint.commit()

    def do_undo(self):
        savepoint = self.savepoints.pop()
        if savepoint is None:
            return "no savepoint"
        savepoint.rollback()

    def do_read(self):
        return self.look(self.session)

    # beside the session's own ways

    def do_raw_commit(self):
        self.session.execute(text("COMMIT"))

    def do_block(self):
        with self.session.begin():
            self.do_add()

    def do_ddl(self):
        self.written += 1
        self.session.execute(text("CREATE TABLE explored_%s%d (id INTEGER)" % (self.prefix.rstrip("-"), self.written)))

    # another session of the factory

    def do_other_add(self):
        self.other = self.other or self.app.new_session()
        self.make_row(self.other)
        self.other.flush()

    def do_other_commit(self):
        self.other.commit()

    def do_other_rollback(self):
        self.other.rollback()

    def do_other_read(self):
        self.other = self.other or self.app.new_session()
        return self.look(self.other)

    # the engine's own connection

    def connect(self):
        if self.connection is None:
            self.connection = self.app.engine.connect()
        if self.transaction is None:
            self.transaction = self.connection.begin()

    def do_engine_add(self):
        self.connect()
        self.written += 1
        self.connection.execute(insert_customer(self.make_name()))

    def do_engine_commit(self):
        transaction, self.transaction = self.transaction, None
        transaction.commit()

    def do_engine_rollback(self):
        transaction, self.transaction = self.transaction, None
        transaction.rollback()

    def do_engine_read(self):
        self.connect()
        columns = [Customer.name, Customer.credit]
        statement = select(columns) if SELECT_TAKES_A_LIST else select(*columns)
        return self.show(self.connection.execute(statement.where(Customer.name.like(self.prefix + "%"))))

    # a thread, or a task

    def work_beside(self, work):
        """Do the work with a session of its own, at the same time as nobody: the program waits for it."""
        found = []

        def run():
            session = None
            try:
                session = self.app.new_session()
                found.append(work(session))
            except Exception as error:
                found.append(type(error).__name__)
            finally:
                if session is not None:
                    session.close()

        if type(self.session).__name__ == "Awaiting":
            wait_for(run)
        else:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        return found[0]

    def add_beside(self, session, end):
        self.make_row(session)
        session.flush()
        getattr(session, end)()

    def do_parallel_commit(self):
        return self.work_beside(lambda session: self.add_beside(session, "commit"))

    def do_parallel_rollback(self):
        return self.work_beside(lambda session: self.add_beside(session, "rollback"))

    def do_parallel_read(self):
        return self.work_beside(self.look)

    def end_actors(self):
        """End the second actor as production ends it: what it has not committed is rolled back."""
        try:
            if self.other is not None:
                self.other.close()
        finally:
            if self.connection is not None:
                self.connection.close()
