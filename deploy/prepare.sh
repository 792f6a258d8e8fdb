#!/bin/sh
# Runs before everything else, and may run again.
set -eu

if [ "$ENVIRONMENT" = production ]; then
  known=
  # Every secret of the example file is known to everybody. What has no value there, or is commented out, is none.
  while IFS='=' read -r name value; do
    case "$name" in
      [A-Z]*PASSWORD | [A-Z]*TOKEN)
        [ -z "$value" ] || [ "$(printenv "$name" || true)" != "$value" ] || known="$known $name"
        ;;
    esac
  done < /deploy/env.example
  [ "$DEMO_DATA" != true ] || known="$known DEMO_DATA"
  if [ -n "$known" ]; then
    echo "ENVIRONMENT is production, and these are still as in .env.example:$known" >&2
    echo "deploy/new-env.sh writes a .env with secrets of your own." >&2
    exit 2
  fi
fi

# The last key by name signs, all of them are good for checking. `umask`: nobody but the services may read it.
keys=/var/lib/shop/jwt-keys
if ! ls "$keys"/*.pem >/dev/null 2>&1; then
  umask 077
  openssl genpkey -algorithm ed25519 -out "$keys/new"
  mv "$keys/new" "$keys/$(date --utc +%Y-%m-%d).pem"
fi
