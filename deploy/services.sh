#!/usr/bin/env bash
# Install and start PostgreSQL and Redis from Debian's packages, without systemd, for development and tests.
# Repeatable. Standard output is two lines to `eval`; all else goes to standard error. A server must not inherit that
# standard output (`3>&-`): it would keep it open, and `$(make -s services)` would wait for the server to end.
set -euo pipefail
exec 3>&1 1>&2

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_postgres() { as_root runuser -u postgres -- "$@"; }
sql() { (cd / && as_postgres psql -p "$port" -qtAX -v ON_ERROR_STOP=1 -d postgres -c "$1"); }

if ! command -v pg_ctlcluster >/dev/null || ! command -v redis-server >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "This needs Debian's apt-get. Elsewhere start PostgreSQL and Redis yourself and export DATABASE_URL and REDIS_URL."
    exit 1
  fi
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql redis-server 3>&-
fi

if [ -z "$(pg_lsclusters -h)" ]; then
  as_root pg_createcluster --locale C.UTF-8 "$(ls /usr/lib/postgresql | sort -V | tail -n 1)" main 3>&-
fi
read -r version cluster port status _ < <(pg_lsclusters -h)
if [ "${status%%,*}" != online ]; then
  as_root pg_ctlcluster "$version" "$cluster" start 3>&-
fi
for _ in $(seq 60); do
  if pg_isready -q -h 127.0.0.1 -p "$port"; then break; fi
  sleep 0.5
done

# The password guards nothing: this server listens on this machine only and holds test data.
if [ "$(sql "SELECT count(*) FROM pg_roles WHERE rolname = 'minshu'")" = 0 ]; then
  sql "CREATE ROLE minshu LOGIN CREATEDB PASSWORD 'minshu'"
fi
sql "ALTER ROLE minshu SET synchronous_commit = off" # a test that commits does not wait for the disk
if [ "$(sql "SELECT count(*) FROM pg_database WHERE datname = 'minshu'")" = 0 ]; then
  sql "CREATE DATABASE minshu OWNER minshu ENCODING 'UTF8' TEMPLATE template0"
fi

if [ "$(redis-cli -h 127.0.0.1 ping 2>/dev/null)" != PONG ]; then
  redis-server --daemonize yes --bind 127.0.0.1 --port 6379 --save "" --dir "$(mktemp -d)" >/dev/null 3>&-
  for _ in $(seq 60); do
    if [ "$(redis-cli -h 127.0.0.1 ping 2>/dev/null)" = PONG ]; then break; fi
    sleep 0.5
  done
fi

echo "export DATABASE_URL=postgres://minshu:minshu@127.0.0.1:$port/minshu" >&3
echo "export REDIS_URL=redis://127.0.0.1:6379/0" >&3
