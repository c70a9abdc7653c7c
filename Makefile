# Targets for everyday work; `make` lists them. What CI runs is .ci/run.

export CGO_ENABLED ?= 0

GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
KSQL_CASES   ?= $(WEIR_KSQL_CASES)
FUZZTIME     ?= 10s
CRASH_DIR    ?= crash
CHAINS_DIR   ?= chains
HOSTILE_DIR  ?= hostile

.DEFAULT_GOAL := help
.PHONY: help build test race poison lint bench e2e crash crash-long chains hostile faults kafka-up kafka-down ksql fuzz examples release

help: ## lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

build: ## builds ./weir, one static binary
	go build -trimpath -o weir .

test: ## all tests
	go test ./...

race: ## the concurrent packages under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -short ./parser ./exec/... ./engine ./connectors/... ./kafka/... ./registry ./server/...

poison: ## tests with fetch buffers overwritten on return: finds values that outlive their record
	go test -tags poison -short ./exec/... ./engine ./conformance/...

lint: ## gofmt, go vet and golangci-lint, of which staticcheck is a part
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	$(GOLANGCI_LINT) run ./...

bench: ## microbenchmarks, with allocations, and what compares times: leave the machine alone
	go test -count=1 -run 'Cost|Guard' ./bench/micro -alone -guard
	go test -run '^$$' -bench . ./bench/micro

e2e: ## a query from end to end on the embedded broker, with 1,000 and with 1,000,000 keys
	go run ./bench/e2e -keys 1000
	go run ./bench/e2e -keys 1000000

crash: ## 30 kills of a windowed count on each kind of broker; WEIR_TEST_KAFKA names the real one
	go test -count=1 -timeout 30m -run '^TestCrash' ./engine -crash.kills 30

crash-long: ## a thousand kills on each kind of broker, kept in CRASH_DIR; goes on where it was stopped
	scripts/crash "$(CRASH_DIR)"

chains: ## 200 random pipelines against a batch computation, and 200 out of order, kept in CHAINS_DIR; goes on where it was stopped
	scripts/chains "$(CHAINS_DIR)"

hostile: ## an hour of statements and records that ask for too much, on a server with a gigabyte, kept in HOSTILE_DIR; goes on where it was stopped
	scripts/hostile "$(HOSTILE_DIR)"

faults: ## every request of a running pipeline, spoilt in every way, from every step of a commit on: half an hour
	go test -count=1 -timeout 3h -run '^TestFaults$$' ./engine -faults.all

kafka-up: ## starts an Apache Kafka on this machine for tests and prints WEIR_TEST_KAFKA=...
	@scripts/kafka up

kafka-down: ## stops it and removes its data
	@scripts/kafka down

ksql: ## runs ksqlDB's own cases: make ksql KSQL_CASES=DIR
	@test -n "$(KSQL_CASES)" || { echo "make ksql KSQL_CASES=DIR: the folder that holds query/ and sql/"; exit 2; }
	go run ./conformance/ksql "$(KSQL_CASES)"

fuzz: ## every fuzz target for FUZZTIME, 10s unless told
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "== $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

examples: ## runs the examples as a user would
	go run . run examples/ten-records/orders.sql
	go run . run examples/clicks-per-minute/clicks.sql
	go run . run examples/cheapest-flight/flights.sql
	go run . run examples/visitors/visitors.sql
	go run . run examples/clicks/clicks.sql
	go run . run examples/clickstream/clickstream.sql
	go run . run examples/stories/stories.sql

release: ## archives, .debs and SHA256SUMS in dist/: make release VERSION=0.2.0
	@test -n "$(VERSION)" || { echo "make release VERSION=0.2.0"; exit 2; }
	scripts/release "$(VERSION)" dist
