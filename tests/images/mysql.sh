#!/bin/sh
# Entry point of the MySQL and MariaDB test images: the part of the official images' contract that testcontainers
# and the examiner use (MYSQL_ROOT_PASSWORD, _DATABASE, _USER, _PASSWORD, for MariaDB also under MARIADB_,
# options as the command, a first start without network that sets the accounts up).
set -eu

data=/var/lib/mysql

if [ "$(id -u)" = 0 ]; then
    # The folder may be a tmpfs that the caller mounted, owned by root.
    mkdir -p $data /run/mysqld /var/lib/mysql-files
    chown mysql:mysql $data /run/mysqld /var/lib/mysql-files
    exec setpriv --reuid=mysql --regid=mysql --clear-groups -- "$0" "$@"
fi

root_password=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}
database=${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}
user=${MARIADB_USER:-${MYSQL_USER:-}}
password=${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}

if [ -z "$root_password" ]; then
    echo 'the image needs MARIADB_ROOT_PASSWORD or MYSQL_ROOT_PASSWORD, as the official ones do' >&2
    exit 1
fi

case "${1:-}" in
    '' | -*) set -- mysqld "$@" ;;
esac

create_system_tables() {
    if [ ! -x /usr/sbin/mariadbd ]; then
        "$@" --datadir=$data --initialize-insecure
        return
    fi
    {
        # The bootstrap reads one statement a line.
        echo 'CREATE DATABASE mysql;'
        echo 'USE mysql;'
        echo 'SET @skip_auth_anonymous = 1;'
        echo 'SET @auth_root_socket = NULL;'
        cd /usr/share/mysql
        cat mysql_system_tables.sql mysql_performance_tables.sql
        grep -v @current_hostname mysql_system_tables_data.sql
        cat maria_add_gis_sp_bootstrap.sql mysql_sys_schema.sql
    } | mysqld --bootstrap --datadir=$data
}

quote() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")"
}

write_accounts() {
    # printf, because the shell's own echo would read backslashes in a password.
    printf '%s\n' \
        "CREATE USER 'root'@'%' IDENTIFIED BY $(quote "$root_password");" \
        "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;" \
        "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quote "$root_password");"
    if [ -n "$database" ]; then
        printf '%s\n' "CREATE DATABASE \`$database\`;"
    fi
    if [ -n "$user" ] && [ "$user" != root ]; then
        printf '%s\n' "CREATE USER $(quote "$user")@'%' IDENTIFIED BY $(quote "$password");" \
            "GRANT ALL ON \`${database:-test}\`.* TO $(quote "$user")@'%';"
    fi
    printf '%s\n' 'SHUTDOWN;'
}

if [ ! -d $data/mysql ]; then
    create_system_tables "$@"
    accounts=$(mktemp)
    write_accounts >"$accounts"
    "$@" --datadir=$data --skip-networking --init-file="$accounts"
    rm -f "$accounts"
fi

exec "$@" --datadir=$data
