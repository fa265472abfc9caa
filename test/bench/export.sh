#!/usr/bin/env bash
# Exports a mailbox of 100,000 messages from the built-in simulator into an archive, then verifies and restores it.
# Prints messages a second and the peak memory of the exporting process, which is not that of the simulator.
#
#   BENCH_MESSAGES=20000 test/bench/export.sh
#   BENCH_GENERATION=0.15.5 BENCH_SEALED=1 test/bench/export.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
CGO_ENABLED=0 go test -count 1 -tags bench -timeout 60m -run TestExportOfALargeMailbox -v ./test/bench
