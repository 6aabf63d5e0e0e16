# Everything a developer runs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

WORLD ?= local
SUITE ?=
ENGINE ?=
N ?= 10
FUZZTIME ?= 60s

# The race detector is linked with C.
RACE := $(if $(shell command -v $${CC:-cc}),-race)

# The suites of the claims. Whether checks can fail is asked by one more, selftest.
CLAIMS := cascade replay costs coupling delivery scaling sourcing

# Those that make test performs in containers, where all of them take too long for it.
CONTAINED := cascade replay

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  WORLD=local|docker   where make chaos runs (default local; local,docker: both, into one report)'
	@echo '  SUITE=replay         only one suite'
	@echo '  ENGINE=install       make test installs what it needs, as root on Debian or Ubuntu'

.PHONY: demo
demo: ## a first look: a synchronous chain fails in a cascade, a killed consumer replays
	@go run ./cmd/breakwater run --focus 'fails where nothing was wrong|it is killed while its commit is on the way' cascade replay

.PHONY: chaos
chaos: ## run the suites, show what happens, end with the claims and the report
	@go run ./cmd/breakwater run --world $(WORLD) $(or $(SUITE),$(CLAIMS))

.PHONY: test
test: ## all tests; those that need a container engine run where one answers
ifeq ($(ENGINE),install)
	fixtures/images/engine.sh
	fixtures/images/tools.sh
	go run ./cmd/breakwater images
endif
	go vet ./...
	@$(if $(RACE),,echo 'no C compiler: tests run without the race detector; install one, such as gcc')
	go test $(RACE) -short -timeout 5m ./...
	go test -count=1 -p 1 -timeout 15m ./fixtures/...
	$(MAKE) platforms outside
	go run ./cmd/breakwater run --world local $(or $(SUITE),$(CLAIMS) selftest)
	go run ./cmd/breakwater run --world docker $(if $(filter install,$(ENGINE)),,--or-skip) $(or $(SUITE),$(CONTAINED))

ifeq ($(ENGINE),install)
# Where everything is installed nothing may be skipped for the lack of it.
test: export BREAKWATER_PYTHON = /usr/bin/python3
test: export BREAKWATER_NO_SKIP = 1
endif

.PHONY: platforms
platforms: ## everything compiles and vets where it is not run
	GOOS=linux GOARCH=arm64 go vet ./...
	GOOS=darwin GOARCH=arm64 go vet ./...

.PHONY: outside
outside: ## a module of somebody else's uses the kit, with a replace and nothing else
	cd suites/outside && go vet ./... && go test -count=1 ./...

.PHONY: repeat
repeat: ## the suites N times in a row into one report, until one is red
	@go run ./cmd/breakwater run --world $(WORLD) --repeat $(N) $(or $(SUITE),$(CLAIMS))

.PHONY: soak
soak: ## at least N trials of right systems: nothing may be found broken (N=200 takes about 14 minutes)
	@go run ./cmd/breakwater run --world $(WORLD) --repeat $$(( ($(N) + 11) / 12 )) --focus 'A right system' selftest

# What takes too long, or too many means, for every change. KILLS and CONTAINER_KILLS
# are how many runs are killed.
.PHONY: nightly
nightly: ## runs that are killed at random instants leave nothing (about 20 minutes)
	go test -tags nightly -count=1 -v -timeout 90m -run '^TestKilledRuns$$' ./cmd/breakwater -kills.local $(or $(KILLS),24) -kills.docker $(or $(CONTAINER_KILLS),10)

.PHONY: bench
bench: ## what edges, recorder, histories and checks cost, in one table
	go test -run '^$$' -bench . -benchtime 9x -timeout 30m ./bench

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (60s)
	@go list -f '{{.ImportPath}}' ./... | while read -r package; do \
		go test -list '^Fuzz' "$$package" 2>/dev/null | { grep '^Fuzz' || true; } | while read -r target; do \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

.PHONY: lint
lint: ## vet, formatting and the arrows between packages
	go vet ./...
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0 run

.PHONY: clean
clean: ## remove what dead runs left, and out/
	go run ./cmd/breakwater clean
	rm -rf out
