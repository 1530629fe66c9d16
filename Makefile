# Accord. `make demo` sets everything up and shows it; `make test` sets everything up and tests it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Packages of Debian that the targets need, with the program by which each is known.
APT := DEBIAN_FRONTEND=noninteractive apt-get
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# One choice of packages and features for the tests and the program that they drive, so that it is not built twice for them.
EVERYTHING := --workspace --all-features

# Tests that take long wait much of their time for processes, servers and leases.
TEST_THREADS := $(shell echo $$(( $$(nproc) * 3 / 2 )))

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 18

# $(call need,program,package): installs the package when the program is not there.
define need
	@command -v $(1) >/dev/null || { echo "installing $(2) (for $(1))"; $(SUDO) $(APT) update -qq; $(SUDO) $(APT) install -y -qq $(2); }
endef

.PHONY: setup
setup: ## Install what building needs
	$(call need,cc,build-essential)
	$(call need,node,nodejs)
	$(call need,npm,npm)
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs, then run this again"; exit 1; }

.PHONY: setup-test
setup-test: setup ## Install what testing needs besides
	$(call need,chromium,chromium)
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "installing postgresql"; $(SUDO) $(APT) update -qq; $(SUDO) $(APT) install -y -qq postgresql; }
	@cargo nextest --version >/dev/null 2>&1 || { echo "installing cargo-nextest"; cargo install cargo-nextest --locked; }
	@rustup component list --installed 2>/dev/null | grep -q clippy || rustup component add clippy rustfmt

web/node_modules: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

.PHONY: web
web: setup web/node_modules ## Build what browsers load
	cd web && npm run --silent build

.PHONY: build
build: web ## Build the program
	cargo build --locked -p accord

.PHONY: release
release: web ## Build the program for use: target/release/accord
	cargo build --locked --release -p accord

.PHONY: demo
demo: build ## Set up a project over sample invoices, run the whole way, and serve it
	target/debug/accord demo

.PHONY: check
check: web ## Check format, lints and documentation
	cargo fmt --all --check
	cargo clippy --locked $(EVERYTHING) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

.PHONY: test
test: setup-test web check tests/browser/node_modules ## Set everything up and run all checks and tests
	cargo build --locked $(EVERYTHING) --bin accord --tests
	cd web && npm test --silent
	tests/postgres.sh run cargo nextest run --locked $(EVERYTHING) --tests --no-fail-fast --test-threads $(TEST_THREADS)
	cd tests/browser && npm test --silent

.PHONY: test-browser
test-browser: build tests/browser/node_modules ## Drive a real browser through the pages
	cd tests/browser && npm test --silent

tests/browser/node_modules: tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund
	@touch $@

# Data that is not part of this repository, and the Python that has the peers which the statistics are compared with.
ACCORD_SHARED ?= ../shared
ACCORD_AGREEMENT ?= $(ACCORD_SHARED)/data/agreement
PEERS := $(ACCORD_SHARED)/bench/peers_aggregation.py
OWN_PYTHON := target/benchmark/python
ACCORD_BENCH_PYTHON ?= $(OWN_PYTHON)/bin/python
PYTHON_READY := $(if $(filter $(OWN_PYTHON)/%,$(ACCORD_BENCH_PYTHON)),$(OWN_PYTHON)/installed)

$(OWN_PYTHON)/installed: tests/benchmark/requirements.txt
	$(call need,python3,python3)
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "installing python3-venv"; $(SUDO) $(APT) update -qq; $(SUDO) $(APT) install -y -qq python3-venv; }
	python3 -m venv $(OWN_PYTHON)
	$(OWN_PYTHON)/bin/python -m pip install --quiet --requirement tests/benchmark/requirements.txt
	$(OWN_PYTHON)/bin/python -m pip install --quiet --no-deps irrCAC==0.4.4
	@touch $@

.PHONY: llm
llm: ## Serve a small real language model at http://127.0.0.1:8091/v1 (end it: tests/language-model/serve.sh stop)
	$(call need,python3,python3)
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "installing python3-venv"; $(SUDO) $(APT) update -qq; $(SUDO) $(APT) install -y -qq python3-venv; }
	$(call need,curl,curl)
	tests/language-model/serve.sh start

.PHONY: demo-llm
demo-llm: release llm ## Let the small model vote in five ways, and show which way to be sure of its answers serves best
	tests/language-model/demo.sh

.PHONY: reference
reference: setup ## Compare the statistics with other libraries on real votes
	@[ -d "$(ACCORD_AGREEMENT)" ] || { echo "no sets of votes at $(ACCORD_AGREEMENT): name a folder with ACCORD_AGREEMENT"; exit 1; }
	ACCORD_AGREEMENT="$(ACCORD_AGREEMENT)" cargo run --locked --quiet --release -p accord-statistics --example reference

.PHONY: reference-exact
reference-exact: setup $(PYTHON_READY) ## The same, agreement to 1e-9
	$(ACCORD_BENCH_PYTHON) tests/benchmark/exact_agreement.py "$(ACCORD_AGREEMENT)" target/benchmark/exact
	ACCORD_EXACT=target/benchmark/exact $(MAKE) --no-print-directory reference

.PHONY: bench-statistics
bench-statistics: release $(PYTHON_READY) ## Measure the statistics against Python's libraries (OPTIONS=--help)
	$(call need,/usr/bin/time,time)
	@[ -f "$(PEERS)" ] || { echo "no peers at $(PEERS): name the folder of shared data with ACCORD_SHARED"; exit 1; }
	$(ACCORD_BENCH_PYTHON) tests/benchmark/compare.py --program target/release/accord --peers "$(PEERS)" \
		--folder "$${ACCORD_BENCH_DATA:-target/benchmark/data}" $(OPTIONS)

.PHONY: bench-fanout
bench-fanout: setup-test web ## Measure how many calls to models go at the same time, and what they cost (OPTIONS=--help)
	cargo build --locked --release -p accord -p accord-tests --bin accord --example fanout
	tests/postgres.sh run target/release/examples/fanout --database sqlite,postgres $(OPTIONS)

.PHONY: clean
clean: ## Remove what was built and the demonstration
	rm -rf target web/dist web/node_modules tests/browser/node_modules demo
