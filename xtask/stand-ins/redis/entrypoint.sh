#!/bin/sh
set -eu
case "${1:-}" in -*) set -- redis-server "$@" ;; esac
chown --recursive redis /data
exec setpriv --reuid=redis --regid=redis --clear-groups "$@" --protected-mode no
