#!/usr/bin/env bash
# PostgreSQL's logical replication (pgoutput, PostgreSQL 15 of Debian 12) sends values as text by the settings of the role that reads: with another
# datestyle, intervalstyle, timezone, bytea_output and extra_float_digits of the role, the same row comes as 02.01.2026 in place of 2026-01-02, in
# another form of interval and bytea, in another zone, and a double precision loses digits for good. Nothing in the stream says which it was.
#
# Who meets it: readers of changes that speak the protocol themselves (libraries in Go, Rust, Python) and parse dates as ISO, on a server where an
# administrator gave a role its local datestyle, or extra_float_digits for prettier reports. PostgreSQL's own subscriber sets three of these when it
# connects; whoever writes a reader has to do the same in its connection's options.
#
# Guessed before: that replication has one form of its own, as pg_dump does.
#
# Needs Debian's package postgresql-15: installed by root, used in a folder and on a socket of its own.
set -euo pipefail
bin=/usr/lib/postgresql/15/bin
[ -x "$bin/initdb" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-15 >/dev/null; }
dir=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$dir"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
cd "$dir"
trap '"${as[@]}" "$bin/pg_ctl" -D "$dir/data" stop -m immediate >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
"${as[@]}" "$bin/initdb" -D "$dir/data" -A trust -U postgres >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "-k $dir -c listen_addresses= -c wal_level=logical" start >/dev/null
sql() { psql -h "$dir" -U postgres -X -q -t -A -v ON_ERROR_STOP=1; }
sql <<'E'
SELECT version();
CREATE TABLE t (d date, ts timestamptz, i interval, f double precision, b bytea);
CREATE PUBLICATION p FOR TABLE t;
CREATE ROLE plain LOGIN REPLICATION SUPERUSER;
CREATE ROLE local LOGIN REPLICATION SUPERUSER;
ALTER ROLE plain SET timezone = 'UTC';
ALTER ROLE local SET datestyle = 'German, DMY';
ALTER ROLE local SET intervalstyle = 'iso_8601';
ALTER ROLE local SET timezone = 'America/New_York';
ALTER ROLE local SET bytea_output = 'escape';
ALTER ROLE local SET extra_float_digits = -5;
SELECT 'slot ' || slot_name FROM pg_create_logical_replication_slot('plain', 'pgoutput'), LATERAL (SELECT pg_create_logical_replication_slot('local', 'pgoutput')) AS other;
INSERT INTO t VALUES ('2026-01-02', '2026-01-02 03:04:05+00', '1 year 2 days 03:04:05', 0.1234567890123456, '\xff00');
E
end=$(echo 'SELECT pg_current_wal_lsn();' | sql)
for role in plain local; do
  "$bin/pg_recvlogical" -h "$dir" -U "$role" -d postgres --slot "$role" --start --endpos "$end" -o proto_version=1 -o publication_names=p -f - -n 2>/dev/null >"$role.bin"
  # A row of pgoutput has before each value a 't' and four bytes of length: what is left between is the texts.
  echo "$role: $(LC_ALL=C tr -c '[:print:]' '\n' <"$role.bin" | LC_ALL=C grep -aE '^(.*[0-9].*)t?$' | grep -avE '^(public|ts2)' | LC_ALL=C sed 's/t$//' | awk 'length > 4' | paste -sd'|')"
done | tee out
diff out - <<'E' || { echo "this has changed"; exit 1; }
plain: 2026-01-02|2026-01-02 03:04:05+00|1 year 2 days 03:04:05|0.1234567890123456|\xff00
local: 02.01.2026|01.01.2026 22:04:05 EST|P1Y2DT3H4M5S|0.123456789|\377\000
E
