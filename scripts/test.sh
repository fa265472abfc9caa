#!/usr/bin/env bash
# The test command: installs what is missing, then runs every check of this repository.
#
#   scripts/test.sh              all stages
#   scripts/test.sh unit real    some stages (names as in STAGES below)
#
# Servers run in temporary folders on free ports of 127.0.0.1 and are stopped again; services of this machine are not
# touched. The last line is "RESULT: PASS" or "RESULT: FAIL (stages)".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STAGES=(install format vet lint unit model cli real build cross demo)
cache=$PWD/.cache
mkdir -p "$cache"
work=$(mktemp -d)
made_policy=""
export SYNCAGENT_REQUIRE_SERVERS=1
export SYNCAGENT_ALL_GENERATIONS=1
export GOFLAGS="${GOFLAGS:-} -mod=readonly"
# Proxies of the environment must not come between the tests and 127.0.0.1.
export no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"

current="" # process group of the stage under way

# shellcheck disable=SC2329 # called by the trap
cleanup() {
    if [ -n "$current" ]; then kill -TERM -- "-$current" 2>/dev/null || true; fi
    if [ -n "$made_policy" ]; then as_root rm -f /usr/sbin/policy-rc.d || true; fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# --- stages ---------------------------------------------------------------------------------------------------------

# need COMMAND PACKAGE: adds PACKAGE to the list unless COMMAND is installed, also where servers hide.
missing=()
need() {
    local dir
    for dir in ${PATH//:/ } /usr/sbin /usr/lib/postgresql/*/bin; do
        if [ -x "$dir/$1" ]; then return 0; fi
    done
    missing+=("$2")
}

stage_install() {
    if ! command -v go >/dev/null; then
        echo "Go is missing: install Go 1.26 or newer from https://go.dev/dl/"
        return 1
    fi
    missing=()
    need slapd slapd
    need ldapsearch ldap-utils
    need initdb postgresql
    need mariadbd mariadb-server
    need sqlite3 sqlite3
    need openssl openssl
    need cc "gcc libc6-dev" # the race detector
    if [ ${#missing[@]} -eq 0 ]; then
        echo "nothing is missing"
        return 0
    fi
    echo "missing: ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        echo "This script installs with apt-get only. Please install what is missing by hand."
        return 1
    fi
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        echo "Neither root nor sudo without a password. Please type:"
        echo "    sudo apt-get install -y --no-install-recommends ${missing[*]}"
        return 1
    fi
    # Without this file Debian starts each new server at once, on all addresses.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        made_policy=yes
        printf '#!/bin/sh\nexit 101\n' >"$work/policy-rc.d"
        as_root install -m 755 "$work/policy-rc.d" /usr/sbin/policy-rc.d
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    # shellcheck disable=SC2086 # an item may be two packages
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ${missing[*]}
}

stage_format() {
    local bad
    bad=$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l)
    if [ -n "$bad" ]; then
        printf 'not formatted (make fmt):\n%s\n' "$bad"
        return 1
    fi
    local script
    for script in scripts/*.sh test/bench/*.sh .ci/run; do bash -n "$script"; done
}

stage_vet() {
    go vet ./...
    go vet -tags realservers ./...
}

stage_lint() {
    go -C tools build -o "$cache/golangci-lint" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
    "$cache/golangci-lint" run --allow-parallel-runners ./...
}

# Packages with quick tests; the tests of the commands are the stage cli.
stage_unit() {
    go list ./... | grep -v -e '^syncagent/cmd/' -e '^syncagent/test/' | xargs go test -race -timeout 10m
}

# A million steps of random histories that nobody played before, on all processors. What fails tells how to play it again.
stage_model() {
    # Each commit plays other histories, and the same ones whenever it is tested again.
    local made
    made=$(git log -1 --format=%ct 2>/dev/null || date +%s)
    local seed=${SYNCAGENT_MODEL_SEED:-$((made * 100000))} steps=${SYNCAGENT_MODEL_STEPS:-1000000}
    echo "SYNCAGENT_MODEL_SEED=$seed SYNCAGENT_MODEL_STEPS=$steps"
    SYNCAGENT_MODEL_SEED=$seed SYNCAGENT_MODEL_STEPS=$steps GOGC=400 \
        go test ./internal/reconcile -count 1 -run '^TestMillionSteps$' -v -timeout 25m
}

stage_cli() {
    local packages
    packages=$(go list ./cmd/... ./test/... 2>/dev/null)
    # shellcheck disable=SC2086 # one word each
    go test -timeout 10m $packages
}

# One package after the other, the plain binary: these measure deadlines, and two cores are enough for one server.
stage_real() {
    local dirs
    dirs=$(grep -rl --include='*_test.go' '^//go:build realservers' cmd internal test | xargs -n1 dirname | sort -u | sed 's,^,./,')
    # shellcheck disable=SC2086 # one word each
    go test -p 1 -count 1 -timeout 20m -tags realservers $dirs
}

stage_build() {
    CGO_ENABLED=0 go build -trimpath -o "$work/syncagent" ./cmd/syncagent
    "$work/syncagent" version
}

stage_cross() {
    CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -o "$work/syncagent-arm64" ./cmd/syncagent
}

stage_demo() {
    go run ./cmd/syncagent demo --dir "$work/demo"
}

# full_disks tells whether the tests that fill a small disk could run: a skip would not show otherwise.
full_disks() {
    mkdir "$work/disk"
    if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=64k tmpfs "$work/disk" 2>/dev/null; then
        umount "$work/disk"
        echo "full disks: those tests run here"
    else
        echo "full disks: those tests are SKIPPED here, because small disks can only be mounted by root"
    fi
}

# --- the summary ----------------------------------------------------------------------------------------------------

declare -A limit=([install]=600 [lint]=1200 [unit]=900 [model]=1500 [cli]=600 [real]=1500 [demo]=120)
summary=()
failed=()
# Tests that have something to show append it here (internal/testserver Show); "go test" prints nothing of what passes.
export SYNCAGENT_SHOW="$work/shown.txt"
run_stage() {
    local name=$1 start=$SECONDS status=ok pid
    printf '\n=== %s\n' "$name"
    # A stage runs in its own process group, so that one that hangs can be ended with all its children.
    set -m
    (set -euo pipefail; "stage_$name") </dev/null &
    pid=$!
    current=$pid
    set +m
    (
        trap 'kill "$!" 2>/dev/null; exit' TERM # take the sleep along
        sleep "${limit[$name]:-600}" &
        wait "$!"
        echo "stage $name took longer than ${limit[$name]:-600} s"
        kill -TERM -- "-$pid"
    ) &
    local watch=$!
    if ! wait "$pid"; then
        status=FAIL
        failed+=("$name")
    fi
    current=""
    kill "$watch" 2>/dev/null || true
    wait "$watch" 2>/dev/null || true
    summary+=("$(printf '%-8s %-5s %5d s' "$name" "$status" $((SECONDS - start)))")
}

if [ $# -gt 0 ]; then STAGES=("$@"); fi
for stage in "${STAGES[@]}"; do
    if [ "$(type -t "stage_$stage")" != function ]; then
        echo "unknown stage: $stage" >&2
        exit 64
    fi
done
# What is installed must outlive the stage's subshell, and nothing works without it.
for stage in "${STAGES[@]}"; do
    if [ "$stage" = install ]; then
        printf '=== install\n'
        start=$SECONDS
        if ! stage_install; then
            echo "RESULT: FAIL (install)"
            exit 1
        fi
        summary+=("$(printf '%-8s %-5s %5d s' install ok $((SECONDS - start)))")
        continue
    fi
    run_stage "$stage"
done

if [ -s "$SYNCAGENT_SHOW" ]; then
    printf '\n=== shown\n'
    cat "$SYNCAGENT_SHOW"
fi
printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
printf '%-14s %5d s\n' total "$SECONDS"
full_disks
if [ ${#failed[@]} -gt 0 ]; then
    echo "RESULT: FAIL (${failed[*]})"
    exit 1
fi
echo "RESULT: PASS"
