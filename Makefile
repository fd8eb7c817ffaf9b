# `make help` lists the targets. Nothing here needs more than Go, gcc, make and
# git: setup brings what is missing.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD := go build -buildvcs=false -ldflags '-X main.version=$(VERSION)'
FUZZTIME ?= 5s
MINUTES ?= 10
CHAOS_SECONDS ?= 300
SECONDS ?= 5
EXAMPLES ?= 50

.DEFAULT_GOAL := help
.PHONY: help setup build man run test lint format race fuzz conformance bench history chaos faults package-table soak drain generate docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing on this machine for run and test
	@scripts/setup test

build: ## bin/maestro
	@$(BUILD) -o bin/maestro ./cmd/maestro

man: build ## a manual page for each command, in bin/man
	@mkdir -p bin/man
	@bin/maestro man bin/man

run: ## build, start the server on embedded services, load the examples (Ctrl-C stops it)
	@scripts/setup run
	@$(MAKE) --no-print-directory build
	@exec scripts/run

test: setup ## every test, on a real PostgreSQL, Redis and Python
	go test ./...

lint: ## every check of form
	@scripts/lint

format: ## let the formatters write
	@scripts/setup lint
	@gofmt -w $$(git ls-files -co --exclude-standard '*.go')
	@.tools/python/clang_format/data/bin/clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

race: setup ## every test under the race detector, cgo's checks, and the counters of the C border
	GOEXPERIMENT=cgocheck2 go test -race -tags debug_cpython ./...

fuzz: ## each fuzz target for FUZZTIME (5s)
	@scripts/fuzz $(FUZZTIME)

conformance: build ## an independent fuzzer, driven by the served OpenAPI document; EXAMPLES (50) an operation
	@scripts/conformance $(EXAMPLES)

bench: build ## throughput and latency beside the limit, and the queue beside River, in one run; SECONDS (5) a round
	go run ./bench -server bin/maestro -seconds $(SECONDS)

history: ## lists of executions over a long history: each filter beside the first page
	go run ./bench/history

chaos: ## three servers, killed and stopped at random for CHAOS_SECONDS (300) while 2,000 runs are due
	CHAOS_SECONDS=$(CHAOS_SECONDS) go test ./cmd/maestro -run '^TestChaos' -count=1 -v -timeout 60m

faults: build ## PostgreSQL and Redis taken away in 13 ways under 100 orders a second; writes the table in docs/operations.md
	go run ./bench/faults -server bin/maestro -document docs/operations.md

package-table: build ## which of the most used packages work: tries them, and writes the table in docs/packages.md
	go run ./bench/packages -maestro bin/maestro

soak: ## MINUTES (10) of load with everything that can go wrong; RSS and counters at its end
	@$(BUILD) -tags debug_cpython -o bin/maestro-debug ./cmd/maestro
	go run ./bench/soak -server bin/maestro-debug -minutes $(MINUTES)

drain: build ## two servers restarted one after the other behind haproxy and nginx, under 100 calls a second
	go run ./bench/drain -server bin/maestro

generate: ## make the code that is made from SQL
	@scripts/generate

docs: ## check that the documents say what the program does
	go test ./internal/house ./internal/config -run 'Document|Lists|House|Link|State'
