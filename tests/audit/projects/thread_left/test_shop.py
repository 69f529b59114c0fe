import threading

import shop
from shop import Note, User
from sqlalchemy import text
from sqlalchemy.orm import Session

stop = threading.Event()


def test_starts(db):
    threading.Thread(target=stop.wait, args=(20,), name="mailer", daemon=True).start()


def test_after(db):
    stop.set()
