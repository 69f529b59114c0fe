"""A library that keeps a connection of its own, past SQLAlchemy."""

import shop

_connection = None


def connect():
    global _connection
    if _connection is None:
        url = shop.engine.url
        if url.drivername.startswith("postgresql"):
            import psycopg2

            _connection = psycopg2.connect(host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database)
        else:
            import pymysql

            _connection = pymysql.connect(host=url.host, port=url.port, user=url.username, password=url.password, database=url.database)
    return _connection


def write(text):
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO notes (text) VALUES (%s)", (text,))
    connection.commit()


def close():
    if _connection is not None:
        _connection.close()
