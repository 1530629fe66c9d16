#!/bin/sh
# A PostgreSQL server for tests: its own cluster in a temporary folder, reached only through a socket in that folder.
#
#   tests/postgres.sh start            starts one and prints its address
#   tests/postgres.sh stop ADDRESS     stops it and removes its folder
#   tests/postgres.sh run COMMAND...   starts one, runs the command with ACCORD_TEST_POSTGRES_URL set, stops it whatever happens
#
# The server is found on the PATH or under /usr/lib/postgresql; version 15 or later. When ACCORD_TEST_POSTGRES_URL is set
# already, `run` uses that server (its user must be allowed to create databases) and leaves it alone.
set -eu

fail() {
    echo "tests/postgres.sh: $1" >&2
    exit 1
}

# Prints the folder of the server's programs, the newest version first.
find_programs() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5 -n -r) \
        "$(dirname "$(readlink -f "$(command -v initdb || echo /nonexistent/initdb)")")"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then
            echo "$folder"
            return
        fi
    done
    fail "no PostgreSQL server found: install it (Debian: apt-get install postgresql) or set ACCORD_TEST_POSTGRES_URL"
}

# The server refuses to run as root: prints the user to run it as.
find_user() {
    [ "$(id -u)" = 0 ] || { id -un; return; }
    for user in postgres nobody; do
        if id -u "$user" >/dev/null 2>&1; then
            echo "$user"
            return
        fi
    done
    fail "PostgreSQL does not run as root, and there is no user postgres or nobody"
}

# Runs a command as the server's user: as_user USER COMMAND...
as_user() {
    user=$1
    shift
    if [ "$(id -un)" = "$user" ]; then
        "$@"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups "$@"
    elif command -v runuser >/dev/null; then
        runuser -u "$user" -- "$@"
    else
        fail "cannot become user $user: neither setpriv nor runuser is there"
    fi
}

start() {
    programs=$(find_programs)
    user=$(find_user)
    folder=$(mktemp -d "${TMPDIR:-/tmp}/accord-postgres.XXXXXX")
    chown "$user" "$folder"
    (
        cd "$folder"
        # C.UTF-8 sorts alike everywhere. Nothing here has to survive a crash of the machine.
        as_user "$user" "$programs/initdb" --pgdata="$folder/data" --username=accord --auth=trust \
            --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 ||
            fail "initdb failed: $(cat "$folder/initdb.log")"
        as_user "$user" tee -a "$folder/data/postgresql.conf" >/dev/null <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
SETTINGS
        as_user "$user" "$programs/pg_ctl" --pgdata="$folder/data" --log="$folder/server.log" --wait --timeout=60 start \
            >/dev/null 2>&1 || fail "the server did not start: $(tail -n 20 "$folder/server.log")"
    )
    echo "postgres://accord@localhost/postgres?host=$folder"
}

stop() {
    folder=${1##*host=}
    case $folder in
    */accord-postgres.*) ;;
    *) fail "$1 was not started by this script" ;;
    esac
    [ -d "$folder/data" ] || fail "there is no server in $folder"
    (
        cd "$folder"
        as_user "$(stat -c %U "$folder/data")" "$(find_programs)/pg_ctl" --pgdata="$folder/data" --mode=immediate \
            --wait stop >/dev/null 2>&1 || true
    )
    rm -rf "$folder"
}

run() {
    if [ -n "${ACCORD_TEST_POSTGRES_URL:-}" ]; then
        exec "$@"
    fi
    ACCORD_TEST_POSTGRES_URL=$(start)
    export ACCORD_TEST_POSTGRES_URL
    trap 'stop "$ACCORD_TEST_POSTGRES_URL"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    "$@"
}

case ${1:-} in
start) start ;;
stop) stop "${2:?which one: give the address that start printed}" ;;
run)
    shift
    [ $# -gt 0 ] || fail "run what?"
    run "$@"
    ;;
*) fail "use: start, stop ADDRESS, or run COMMAND..." ;;
esac
