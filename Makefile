# `make help` lists the targets. Go, gcc, make and git must be installed; each
# target has scripts/setup install what else it needs, or name it.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
BUILD := go build -buildvcs=false -ldflags '-X main.version=$(VERSION) -X main.commit=$(COMMIT)'
FUZZTIME ?= 5s
MINUTES ?= 10
CHAOS_SECONDS ?= 300
CRASHES ?= 100
SECONDS ?= 5
BLIND ?=
EXAMPLES ?= 50
PACKAGES ?= all
TESTS ?= ./...

.DEFAULT_GOAL := help
.PHONY: help setup build man run test test-browser console kit test-kit lint format race fuzz conformance bench history chaos crashes faults bounds packages package-table soak deploy-check image-test compose-test proxies-test replicas-test growth sizing dist dist-test systemd-test generate docs newcomer-test reference

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what build, run and test need and this machine lacks
	@scripts/setup test

build: ## build bin/maestro
	@$(BUILD) -o bin/maestro ./cmd/maestro

man: build ## write a manual page for each command, in bin/man
	@mkdir -p bin/man
	@bin/maestro man bin/man

run: ## build, start the server on embedded services and load the examples; Ctrl-C stops it
	@scripts/setup run
	@$(MAKE) --no-print-directory build
	@exec scripts/run

test: setup ## every test but the browser's (or those of the packages TESTS), on a real PostgreSQL, Redis and Python
	go test -vet=off -timeout 30m $(TESTS)

kit: ## make another CPython 3.14 than the bundled one, from the newest in Debian (docs/python.md)
	@scripts/kit

test-kit: ## the tests of the border, the host and the kit on the Python in the folder KIT
	@test -n '$(KIT)' || { echo 'give the folder of a CPython 3.14: make test-kit KIT=/opt/python' >&2; exit 2; }
	MAESTRO_PYTHON_HOME='$(KIT)' go test ./cpython ./embed

test-browser: build ## the pages and the console in a real Chromium; installs Chromium, Node.js and Playwright
	@scripts/setup browser
	go test -tags browser -count=1 -run '^TestPagesInABrowser$$' ./cmd/maestro
	@scripts/console test

console: ## build the console from web/console/src into web/console/dist; installs Node.js
	@scripts/setup console
	@scripts/console build

lint: ## formatters, linters, go vet (which make test leaves out), go mod tidy, generated code up to date
	@scripts/lint

format: ## format Go and C files in place
	@scripts/setup generate
	@gofmt -w $$(git ls-files -co --exclude-standard '*.go')
	@.tools/python/clang_format/data/bin/clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

race: setup ## every test with the race detector, cgo's pointer checks and the C border's counters
	GOEXPERIMENT=cgocheck2 go test -race -tags debug_cpython ./...

fuzz: ## run each fuzz target for FUZZTIME (5s); BLIND=blind without the builds that guide it
	@scripts/fuzz $(FUZZTIME) $(BLIND)

conformance: build ## schemathesis against the served OpenAPI document, EXAMPLES (50) per operation
	@scripts/conformance $(EXAMPLES)

bench: build ## throughput and latency against the limit, the queue against River; SECONDS (5) per round
	go run ./bench -server bin/maestro -seconds $(SECONDS)

history: ## time of each filter of GET /executions over a long history
	go run ./bench/history

chaos: ## kill and stop three servers at random for CHAOS_SECONDS (300) while 2,000 runs are due
	CHAOS_SECONDS=$(CHAOS_SECONDS) go test ./cmd/maestro -run '^TestChaos' -count=1 -v -timeout 60m

crashes: ## crash the server CRASHES (100) times under load, which it must survive
	CRASHES=$(CRASHES) go test ./cmd/maestro -run '^Test(Crashes|Culprits)UnderLoad$$' -parallel 1 -count=1 -v -timeout 60m

faults: build ## fail PostgreSQL and Redis in 13 ways under load; writes the table in docs/operations.md
	go run ./bench/faults -server bin/maestro -document docs/operations.md

bounds: build ## run the programs that a function should not harm a server with, in both lanes; writes the tables in docs/bounds.md
	go run ./bench/bounds -server bin/maestro -document docs/bounds.md
	go run ./bench/bounds -server bin/maestro -lane process -document docs/bounds.md

packages: ## install numpy, pandas, openai and others from the index and use them; PACKAGES (all) names some
	PACKAGES=$(PACKAGES) go test ./cmd/maestro -run '^TestPackagesThat(RefuseSubInterpreters|FallBack)$$' -count=1 -v -timeout 60m

package-table: build ## install the most used packages; writes the table in docs/packages.md
	go run ./bench/packages -maestro bin/maestro

soak: ## MINUTES (10) of load with faults; prints memory and counters at the end
	@$(BUILD) -tags debug_cpython -o bin/maestro-debug ./cmd/maestro
	go run ./bench/soak -server bin/maestro-debug -minutes $(MINUTES)

deploy-check: ## read deploy/ with Docker Compose's loader and the types of Kubernetes' API
	@go run -C tools/deploy . '$(CURDIR)/deploy'

image-test: ## build the container image with buildah, without Docker, and try it with podman; needs root
	@scripts/image-test

compose-test: ## start deploy/compose with podman-compose, with the image of image-test, and replace its servers under load; needs root
	@scripts/compose_verify

proxies-test: build ## restart and upgrade two servers behind haproxy, nginx and Caddy (deploy/proxies), under load
	@scripts/setup proxies
	@go build -buildvcs=false -ldflags '-X main.version=$(VERSION)-next' -o bin/maestro-next ./cmd/maestro
	go run ./bench/proxies -server bin/maestro -next bin/maestro-next

replicas-test: build ## take two servers behind haproxy from nothing to a restore, also into a later PostgreSQL
	@scripts/replicas_verify

growth: build ## live 16 days of history, packages, spool and live logs, and 7 of a server's memory; fails if any grows
	go run ./bench/growth -days 16
	go run ./bench/sizing -server bin/maestro -days 7 -calls 20000

sizing: build ## processor time of a call and memory of a subtenant; writes the table in docs/operations.md
	go run ./bench/sizing -server bin/maestro -document docs/operations.md

dist: ## build the release: tarballs for amd64 and arm64, lists of contents, checksums, in dist/
	@scripts/dist

dist-test: ## build the release twice and compare; run it on the oldest glibc and on arm64 (emulated)
	@scripts/dist_verify

systemd-test: build ## install the service in a Debian with systemd and take it from nothing to a restore
	@scripts/systemd_verify

generate: ## generate repo/dbsqlc from repo/queries
	go generate ./repo

reference: ## write docs/api.md and docs/cli.md from the program
	go test ./handlers -run '^TestReferenceOfTheAPI$$' -update
	go test ./cmd/maestro -run '^TestReferenceOfTheCommandLine$$' -update

newcomer-test: ## a newcomer's path in a clean Debian, from a fresh clone to a restore; needs root
	@scripts/newcomer_verify

docs: ## run the tests that compare the documents with the program
	go test ./internal/house ./internal/config -run 'Document|Lists|House|Link|State'
