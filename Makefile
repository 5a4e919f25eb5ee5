# `make` lists what can be asked for. A machine with make and Python 3.11 or newer needs nothing else.

PYTHON ?= python3
BIN := .venv/bin
COVERED := panzoto/flows/*,panzoto/models/*,panzoto/crypto/*
AUDIT_TOOLS := bandit==1.9.4 pip-audit==2.10.1
SEMGREP := semgrep==1.185.0
INTO_TOOLS = "$$tools/bin/python" -m pip install --quiet --disable-pip-version-check
OURS := panzoto migrations config.py env.py formats.py limits.py providers.py wsgi.py
PIP_TOOLS := pip-tools==7.6.2
COMPILE := pip-compile --quiet --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade)

# Half of a test's time is somebody else's: two of them to a core, each with tests that stand together.
AT_ONCE = -n $(shell $(PYTHON) -c 'import os; print(min(8, 2 * (os.cpu_count() or 1)))') --dist worksteal

COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)

.DEFAULT_GOAL := help
.PHONY: help run test lint format render bench proof audit requirements docker-up setup test-integration .venv .venv-bench

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv ## The backend and all it stands on; PORT, EMULATOR_PORT, PANZOTO_DATA move it, RELOAD=1 reloads code
	@$(BIN)/python -m panzoto.local --with-parent

# A hundred servers of the tests load what the first has compiled.
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv ## The tests; CI=true tries all, COVERAGE=1 and CANARIES=1 ask for more, ARGS="-k word" gives pytest other arguments
ifdef COVERAGE
	@$(BIN)/python -m pytest $(AT_ONCE) --cov --cov-report=
	@$(BIN)/python -m coverage report --include='$(COVERED)' --skip-covered --show-missing --fail-under=100
else
	@$(BIN)/python -m pytest $(or $(ARGS),$(AT_ONCE))
endif

lint: .venv ## What ruff and mypy find in the code
	@$(BIN)/ruff check --no-cache # where an import belongs depends on other files, which the cache does not watch
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: .venv ## The code in its form, as far as ruff can bring it there
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

render: .venv ## The files that are derived from the declarations: policies, variables, pages of docs/
	@FLASK_ENV=development SECRET_KEY=nothing-is-signed-with-this-secret $(BIN)/flask tables render

bench: .venv .venv-bench ## The benchmarks, noted in benchmarks/results.md; ONLY=wire runs one
	@$(BIN)/python -m benchmarks $(ONLY)

docker-up: ## The service, nginx, DynamoDB Local and an embedded AWS as containers
	@$(COMPOSE) up --build --detach

setup: .venv ## The tables in the DynamoDB at DYNAMODB_ENDPOINT, by default the container's
	@./scripts/create-table.sh

test-integration: .venv ## The storage tests on DynamoDB Local, which is started as a container
	@$(COMPOSE) up --detach dynamodb
	@PANZOTO_TEST_ENDPOINT=$(or $(DYNAMODB_ENDPOINT),http://localhost:8000) $(BIN)/python -m pytest -n 2 tests/storage

proof: .venv ## Races, faults, load, requests, parsers and attacks in full, and one page of figures; ONLY=interleavings runs one
	@$(BIN)/python -m tests.proof $(ONLY)

audit: ## Other readers of the code, and known faults of what is pinned; ADVISORIES=required fails where nobody tells them
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PYTHON) -m venv "$$tools" \
	&& $(INTO_TOOLS) $(AUDIT_TOOLS) \
	&& "$$tools/bin/bandit" --quiet --recursive --severity-level medium --skip B104,B701 $(OURS) \
	&& if $(INTO_TOOLS) --only-binary=semgrep $(AUDIT_TOOLS) $(SEMGREP); then \
		PATH="$$tools/bin:$$PATH" "$$tools/bin/python" tests/security/local_rules.py $(OURS) gunicorn.conf.py; else \
		echo "$(SEMGREP) cannot be installed here: the rules of tests/security/rules were NOT looked at."; [ -z "$$CI" ]; fi \
	&& "$$tools/bin/python" tests/security/advisories.py "$$tools/bin/pip-audit" requirements-dev.txt $(ADVISORIES)

requirements: ## The .txt files from the .in files, pinned with hashes; UPGRADE=1 takes newer versions
	@$(PYTHON) -c 'import sys; sys.exit("$@ are compiled with Python 3.11, the oldest that must run them: \
	make $@ PYTHON=python3.11" if sys.version_info[:2] != (3, 11) else 0)'
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PYTHON) -m venv "$$tools" && PATH="$$tools/bin:$$PATH" \
	&& python -m pip install --quiet --disable-pip-version-check $(PIP_TOOLS) \
	&& export CUSTOM_COMPILE_COMMAND="make $@" \
	&& $(COMPILE) --output-file=requirements-dev.txt requirements-dev.in \
	&& for each in requirements-migrate requirements; do \
		cp requirements-dev.txt $$each.txt `# so that it keeps to the same versions`; \
		$(COMPILE) --output-file=$$each.txt $$each.in || exit 1; done \
	&& $(COMPILE) --output-file=requirements-bench.txt requirements-bench.in

.venv:
	@$(PYTHON) panzoto/local/install.py

# What is measured against: packages of others, which `make run` and `make test` never see.
.venv-bench: requirements-bench.txt
	@$(PYTHON) -m venv --clear $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt \
	&& touch $@
