#!/usr/bin/env bash
# A run over an unchanged world with 100,000 users in a real slapd, in turn with ldapsearch -E pr=1000/noprompt.
# Prints the medians of wall time, CPU and peak memory of both, and their ratios; then a dry run, a run with 100 renames,
# and the same with SQLite as the source.
#
#   BENCH_USERS=20000 BENCH_ROUNDS=3 test/bench/run.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -trimpath -o "$work/syncagent" ./cmd/syncagent
BENCH_BINARY="$work/syncagent" go test -count 1 -tags bench -timeout 30m -run "${BENCH_RUN:-.}" -skip TestExportOfALargeMailbox -v ./test/bench
