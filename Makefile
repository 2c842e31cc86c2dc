# The two commands a newcomer needs are `make up` and `make test`; the others serve those who change the code.
PYTHON  ?= python3
# Processes of the test run; each has database and Temporal servers of its own.
WORKERS ?= 2
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
PIP     := $(BIN)/pip --disable-pip-version-check --no-input
ALERTS  := $(wildcard ops/prometheus/*.rules.yml)
OURS    := activities api bench catalogue cli domain migrations runtime store tests web workers workflows

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

# Quiet when all goes well, everything pip said when it does not.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "motcua needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "installing into $(VENV) (once; a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@{ $(PIP) install --require-hashes --requirement requirements.lock && \
	   $(PIP) install --no-deps --no-build-isolation --editable . ; } > $(VENV)/install.log 2>&1 || \
	  { cat $(VENV)/install.log >&2; echo "the installation failed; its words are above and in $(VENV)/install.log" >&2; exit 1; }
	@touch $@

.PHONY: venv
venv: $(STAMP) ## create .venv from the hash-pinned requirements.lock

.PHONY: up
up: $(STAMP) ## the whole system, live, with data to click on
	@$(BIN)/motcua up

.PHONY: test
test: $(STAMP) ## all tests that CI runs
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --ignore tests/browser
	@# By themselves: the browser's driver keeps an event loop running in its process, which other tests cannot share.
	@$(BIN)/pytest tests/browser

.PHONY: chaos
chaos: $(STAMP) ## kill worker, PostgreSQL and Temporal again and again under fifty dossiers
	@MOTCUA_CHAOS=full $(BIN)/pytest tests/chaos

.PHONY: chaos-post
chaos-post: $(STAMP) ## 10,000 callbacks for 500 parcels while everything is killed in turn
	@MOTCUA_CHAOS_CALLBACKS=10000 $(BIN)/pytest tests/post/test_nothing_is_lost.py

.PHONY: soak
soak: $(STAMP) ## twenty minutes of steady load, a part killed every minute; the plot goes to docs/soak.svg
	@MOTCUA_SOAK_SECONDS=1200 $(BIN)/pytest tests/soak

.PHONY: drill
drill: $(STAMP) ## lose Temporal's data under 300 open dossiers; the rest of their lives is that of others left alone
	@MOTCUA_DRILL=300 $(BIN)/pytest tests/drill

.PHONY: check
check: format lint types imports dependencies dead-code migrations openapi asyncapi alerts operations ## everything that is checked without running the system

.PHONY: format
format: $(STAMP)
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "not formatted; run 'make fmt'" >&2; exit 1; }

.PHONY: lint
lint: $(STAMP)
	@$(BIN)/ruff check --quiet .

.PHONY: types
types: $(STAMP)
	@$(BIN)/mypy --no-error-summary

.PHONY: imports
imports: $(STAMP)
	@$(BIN)/lint-imports > $(VENV)/imports.log || { cat $(VENV)/imports.log >&2; exit 1; }

.PHONY: dependencies
dependencies: $(STAMP)
	@$(BIN)/deptry $(filter-out tests bench,$(OURS)) > $(VENV)/deptry.log 2>&1 || { cat $(VENV)/deptry.log >&2; exit 1; }

.PHONY: dead-code
dead-code: $(STAMP)
	@$(BIN)/python -m tests.support.dead_code

.PHONY: migrations
migrations: $(STAMP)
	@$(BIN)/python -m tests.support.migration_sql build/migrations
	@$(BIN)/squawk --config .squawk.toml build/migrations/*.sql > $(VENV)/squawk.log 2>&1 || { cat $(VENV)/squawk.log >&2; exit 1; }

.PHONY: openapi
openapi: $(STAMP)
	@mkdir -p build
	@$(BIN)/python -m api.schema build/openapi.json
	@$(BIN)/openapi-spec-validator build/openapi.json > $(VENV)/openapi.log 2>&1 || { cat $(VENV)/openapi.log >&2; exit 1; }

# The parser of the specification's makers runs on node; package-lock.json pins it by hash.
node_modules/.package-lock.json: package-lock.json
	@npm ci --no-audit --no-fund --silent && touch $@

.PHONY: asyncapi
asyncapi:
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory node_modules/.package-lock.json && \
	   node tests/support/asyncapi.mjs docs/asyncapi.yaml; \
	 else echo "NOT CHECKED: docs/asyncapi.yaml (no npm here; Debian has it in the packages 'nodejs' and 'npm')" >&2; fi

.PHONY: alerts
alerts:
ifneq ($(ALERTS),)
	@if command -v promtool > /dev/null; then promtool check rules $(ALERTS) && promtool test rules ops/prometheus/*.test.yml; \
	 else echo "NOT CHECKED: alert rules (no promtool here; Debian has it in the package 'prometheus')" >&2; fi
endif

# Dashboards, alarms, manifests: everything about them that can be told without running the system.
.PHONY: operations
operations: $(STAMP)
	@$(BIN)/pytest tests/ops --ignore tests/ops/test_prometheus.py --quiet > $(VENV)/operations.log 2>&1 || { cat $(VENV)/operations.log >&2; exit 1; }
	@grep "NOT TESTED HERE" $(VENV)/operations.log >&2 || true

.PHONY: audit
audit: $(STAMP) ## known vulnerabilities of the locked packages (asks the network)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements.lock

.PHONY: bench
bench: $(STAMP) ## the benchmarks: a table and bench/results/*.json
	@$(BIN)/python -m bench

.PHONY: screenshots
screenshots: $(STAMP) ## pictures of the main pages, in build/screenshots (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots build/screenshots

.PHONY: fmt
fmt: $(STAMP) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

.PHONY: lock
lock: ## refresh requirements.lock (pins and hashes only, no host names)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --extra dev pyproject.toml --output-file requirements.lock

.PHONY: clean
clean: ## remove what was built; the system's state in .motcua stays
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
