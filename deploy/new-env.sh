#!/bin/sh
# Writes .env.example with secrets of your own and for production: deploy/new-env.sh > .env
set -eu
umask 077
while IFS= read -r line; do
  case "$line" in
    ENVIRONMENT=*) echo ENVIRONMENT=production ;;
    DEMO_DATA=*) echo DEMO_DATA=false ;;
    *=change-me-*) echo "${line%%=*}=$(openssl rand -hex 24)" ;;
    *) echo "$line" ;;
  esac
done < "$(dirname "$0")/../.env.example" | sed '1,/^$/d'
