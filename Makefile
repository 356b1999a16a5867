.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)
# Tests wait for sockets and timers, mostly.
TEST_JOBS ?= $(shell expr 3 \* $(JOBS))
MAKEFLAGS += --no-print-directory

.PHONY: help build run test check bench clean format

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## ?/  make \1\t/' | expand -t 18

build: ## Build everything (build/hearth is the command line)
	@scripts/setup run
	@cmake --preset release >/dev/null
	@cmake --build build --parallel $(JOBS)

run: ## Run the main job: `hearth soak` (URL=https://... soaks that origin instead of the built-in one)
	@scripts/setup run
	@cmake --preset release >/dev/null
	@cmake --build build --parallel $(JOBS) --target hearth_cli
	@build/hearth soak $(if $(URL),"$(URL)")

test: ## Build once, run every test
	@scripts/setup test
	@cmake --preset release -DHEARTH_BUILD_TESTS=ON >/dev/null
	@cmake --build build --parallel $(JOBS)
	@ctest --preset release --parallel $(TEST_JOBS) --progress $(CTEST_FLAGS)

check: ## Everything CI asks beyond the tests: scripts/check [section...] runs parts of it
	@scripts/setup check
	@scripts/check

bench: ## Build and run the benchmarks: about 25 minutes; BENCH_FLAGS=--quick: about 10
	@scripts/setup bench
	@cmake --preset release -DHEARTH_BUILD_BENCH=ON >/dev/null
	@cmake --build build --parallel $(JOBS) --target benchmarks
	@BENCH_FLAGS='$(BENCH_FLAGS)' scripts/bench

format: ## Format the sources
	@scripts/check format --fix

clean: ## Remove everything built
	@rm -rf build
