# Every target is a thin name for one command. "make" alone lists them.
.DEFAULT_GOAL := help

.PHONY: help demo test unit real lint fmt build vuln bench

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## show the main job on a simulated mail server
	go run ./cmd/syncagent demo

test: ## everything: install what is missing, then all checks and tests
	scripts/test.sh

unit: ## quick tests only
	go test ./...

real: ## tests against real slapd, PostgreSQL and MariaDB
	scripts/test.sh install real

lint: ## golangci-lint
	scripts/test.sh lint

fmt: ## format the code
	go -C tools build -o ../.cache/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	.cache/golangci-lint fmt ./...

build: ## bin/syncagent, static
	CGO_ENABLED=0 go build -trimpath -o bin/syncagent ./cmd/syncagent

vuln: ## known vulnerabilities in what we call (asks vuln.go.dev)
	go -C tools build -o ../.cache/govulncheck golang.org/x/vuln/cmd/govulncheck
	.cache/govulncheck ./...

bench: ## reading 100,000 users from slapd, compared with ldapsearch
	test/bench/run.sh
