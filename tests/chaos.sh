#!/bin/sh
# Kills workers and server at random while items come in and are voted on, and checks that nothing is lost and nothing is
# done twice. On both databases; prints the figures.
#
#   tests/chaos.sh [ITEMS]        2000 items when not given
set -eu
cd "$(dirname "$0")/.."
ACCORD_KILL_ITEMS=${1:-2000}
export ACCORD_KILL_ITEMS
cargo build -p accord
exec tests/postgres.sh run cargo test -p accord-tests --test it -- killing --nocapture --test-threads 1
