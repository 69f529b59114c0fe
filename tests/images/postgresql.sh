#!/bin/sh
# Entry point of the PostgreSQL test image: the part of the official image's contract that testcontainers
# and the examiner use (POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, PGDATA, options as the command).
set -eu

if [ "$(id -u)" = 0 ]; then
    # The folder may be a tmpfs that the caller mounted, owned by root.
    mkdir -p "$PGDATA" /run/postgresql
    chown postgres:postgres "$PGDATA" /run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --clear-groups -- "$0" "$@"
fi

: "${POSTGRES_PASSWORD:?the image needs it, as the official one does}"
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

case "${1:-}" in
    '' | -*) set -- postgres "$@" ;;
esac

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # initdb reads the password from a pipe: neither the command line nor a file shows it.
    printf '%s\n' "$POSTGRES_PASSWORD" | initdb --no-sync --no-locale --encoding=UTF8 \
        --username="$user" --auth-local=trust --auth-host=scram-sha-256 --pwfile=/dev/stdin >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    if [ "$database" != postgres ]; then
        quoted=$(printf '%s' "$database" | sed 's/"/""/g')
        echo "CREATE DATABASE \"$quoted\"" | postgres --single -F postgres >/dev/null
    fi
fi

exec "$@" -c listen_addresses='*'
