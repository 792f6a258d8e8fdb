#!/bin/bash
# What the official image does with MYSQL_ROOT_PASSWORD and /docker-entrypoint-initdb.d.
set -euo pipefail
case "${1:-}" in
  -*) options=("$@") ;;
  mysqld) options=("${@:2}") ;;
  *) exec "$@" ;;
esac
chown --recursive mysql /var/lib/mysql
server=(mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock "${options[@]}")

if [ ! -d /var/lib/mysql/mysql ]; then
  : "${MYSQL_ROOT_PASSWORD:?must be set}"
  mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
  # Until all is prepared nobody gets in over the network.
  "${server[@]}" --skip-networking &
  until mysqladmin --no-defaults --silent ping; do sleep 0.2; done
  mysql --no-defaults --user=root <<SQL
ALTER USER 'root'@'localhost' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
CREATE USER 'root'@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', 'root'@'$(hostname)';
SQL
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -e "$script" ] || bash "$script"
  done
  MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysqladmin --no-defaults --user=root shutdown
  wait
fi
exec "${server[@]}"
