# `make help` lists the targets. Go, gcc, make and git are enough to start;
# `make setup` installs the other requirements.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD := go build -buildvcs=false -ldflags '-X main.version=$(VERSION)'
FUZZTIME ?= 5s
MINUTES ?= 10
CHAOS_SECONDS ?= 300
SECONDS ?= 5
EXAMPLES ?= 50

.DEFAULT_GOAL := help
.PHONY: help setup build run test lint format race fuzz conformance bench history chaos faults package-table soak drain generate docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the missing requirements of run and test
	@scripts/setup test

build: ## build bin/maestro
	@$(BUILD) -o bin/maestro ./cmd/maestro

run: ## build, start the server on embedded services, load the examples (Ctrl-C stops it)
	@scripts/setup run
	@$(MAKE) --no-print-directory build
	@exec scripts/run

test: setup ## run every test, on a real PostgreSQL, Redis and Python
	go test ./...

lint: ## check formatting, style, go.mod and generated code
	@scripts/lint

format: ## format the Go and C files
	@scripts/setup lint
	@gofmt -w $$(git ls-files -co --exclude-standard '*.go')
	@.tools/python/clang_format/data/bin/clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

race: setup ## run every test under the race detector, with cgo's checks and the counters of the C border
	GOEXPERIMENT=cgocheck2 go test -race -tags debug_cpython ./...

fuzz: ## run each fuzz target for FUZZTIME (5s)
	@scripts/fuzz $(FUZZTIME)

conformance: build ## test the API against its OpenAPI document with an independent fuzzer; EXAMPLES (50) per operation
	@scripts/conformance $(EXAMPLES)

bench: build ## measure throughput and latency against the limit, and the queue against River; SECONDS (5) per round
	go run ./bench -server bin/maestro -seconds $(SECONDS)

history: ## measure the lists of executions over a long history, each filter against the first page
	go run ./bench/history

chaos: ## kill and stop three servers at random for CHAOS_SECONDS (300) while 2,000 runs are due
	CHAOS_SECONDS=$(CHAOS_SECONDS) go test ./cmd/maestro -run '^TestChaos' -count=1 -v -timeout 60m

faults: build ## interrupt PostgreSQL and Redis in 13 ways at 100 requests/s; writes the table in docs/operations.md
	go run ./bench/faults -server bin/maestro -document docs/operations.md

package-table: build ## try the most used packages; writes the table in docs/packages.md
	go run ./bench/packages -maestro bin/maestro

soak: ## run a load with every kind of failure for MINUTES (10); prints memory and counters at the end
	@$(BUILD) -tags debug_cpython -o bin/maestro-debug ./cmd/maestro
	go run ./bench/soak -server bin/maestro-debug -minutes $(MINUTES)

drain: build ## restart two servers in turn behind haproxy and nginx, at 100 requests/s
	go run ./bench/drain -server bin/maestro

generate: ## generate the Go code of the SQL queries
	@scripts/generate

docs: ## check that the documents say what the program does
	go test ./internal/house ./internal/config -run 'Document|Lists|House|Link|State'
