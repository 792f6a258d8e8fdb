#!/bin/bash
# Run once by MySQL's image, when the data folder is new: one schema and one user a service, each with rights on its own
# schema only. A service that is added later gets its own by hand, see docs/OPERATIONS.md.
set -euo pipefail

for name in $(compgen -v | grep '_DB_PASSWORD$'); do
  schema=${name%_DB_PASSWORD}_service
  schema=${schema,,}
  MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --user=root <<SQL
CREATE DATABASE IF NOT EXISTS \`$schema\` CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '$schema'@'%' IDENTIFIED BY '${!name}';
GRANT ALL ON \`$schema\`.* TO '$schema'@'%';
SQL
done
