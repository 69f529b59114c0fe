"""The application of family unit_of_work behind a real HTTP server in a process of its own, with endpoints of its own.

Prints its port, and ends when its standard input does: so also with the process that started it. Runs inside a stack.
"""

import json
import os
import threading

import flask
from werkzeug.serving import make_server

from cases.sample import Customer
from fixtures.unit_of_work.conftest import DEFAULT_SESSION_FACTORY, Application, SqlAlchemyUnitOfWork, run_service

shop = Application(SqlAlchemyUnitOfWork, DEFAULT_SESSION_FACTORY.kw["bind"])


@shop.flask.route("/customers/<name>", methods=["POST"])
def add_customer(name):
    """Commit a new customer in a unit of work."""

    def work(session):
        session.add(Customer(name=name))
        session.commit()

    run_service(work, shop.make_unit_of_work())
    return "added", 201


@shop.flask.route("/customers")
def list_customers():
    """The names of all customers that a new unit of work sees, as a JSON list."""
    found = run_service(lambda session: [row[0] for row in session.query(Customer.name)], shop.make_unit_of_work())
    return flask.Response(json.dumps(sorted(found)), mimetype="application/json")


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, shop.flask)
    print(server.port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.read(0, 1)
    os._exit(0)
