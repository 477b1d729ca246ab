# Everything sets itself up: `make serve` or `make test` on a fresh clone is all there is to know.
# The environment is made once; the stamp says that it is whole and newer than the lock.

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.stamp

# `make PYTHON=python3.12 …` chooses the interpreter, `make CHROMIUM=/path test` the browser of the tests.
.DEFAULT_GOAL := help
.PHONY: help serve setup test lint format types imports notebooks browser pytest unit chaos bench lab lock chromium hooks clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(STAMP) ## open the workbench on http://localhost:5006
	$(BIN)/workbench serve --demo

setup: $(STAMP) ## make .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh

# One after the other, whatever -j says, and each failing the run. The big pytest run is the last,
# so that its closing line is the last thing that the run prints.
test: $(STAMP) ## all checks and all tests
	@$(MAKE) --no-print-directory -j1 lint types imports notebooks browser pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(STAMP)
	$(BIN)/mypy

# Its cache goes by the importing file alone, and does not notice that an imported module has come to exist.
imports: $(STAMP)
	$(BIN)/lint-imports --no-logo --no-cache

# A notebook's cells run in order in one kernel, so notebooks get a run of their own, without xdist.
notebooks: $(STAMP)
	@$(BIN)/pytest --nbval --nbval-sanitize-with tests/notebooks/sanitize.cfg notebooks

# The browser has the machine to itself: beside the other tests its clicks would wait for a processor.
browser: $(STAMP) chromium
	@$(BIN)/pytest tests/browser

pytest: $(STAMP)
	@$(BIN)/pytest -n 2 --dist loadgroup tests --ignore tests/browser

unit: $(STAMP) ## the fast tests only
	@$(BIN)/pytest -n 2 --dist loadgroup tests/unit

# On each of both databases so many; the short run of `make test` has 40 and 20. CHAOS_SEED=… repeats one that failed.
chaos: export CHAOS_KILLS ?= 520
chaos: export CHAOS_PAUSES ?= 500
chaos: export CHAOS_OPERATORS ?= 100
chaos: export CHAOS_MIRROR_SECONDS ?= 300
chaos: $(STAMP) ## kill workers a thousand times and pause them a thousand times
	@$(BIN)/pytest -n 2 -rP -o faulthandler_timeout=1800 tests/chaos

bench: $(STAMP) .venv-bench/.stamp ## measure against the targets (ONLY="mail jobs bulk": some of it)
	$(BIN)/python -m benchmarks $(ONLY)

# What the queue is compared with has an environment of its own: none of it is needed by anything else.
.venv-bench/.stamp: requirements-bench.lock | $(STAMP)
	$(BIN)/python -m venv --clear .venv-bench
	.venv-bench/bin/python -m pip -qq --disable-pip-version-check install --require-hashes -r requirements-bench.lock
	@touch $@

pictures: $(STAMP) chromium ## take the pictures under docs/pictures from a demo
	$(BIN)/python scripts/make_pictures.py

lab: $(STAMP) ## the same components in JupyterLab
	$(BIN)/workbench lab

chromium: $(STAMP)
	@scripts/chromium.sh

hooks: $(STAMP) ## run the checks before each commit
	$(BIN)/pre-commit install

# One version of each package for all Pythons ("fewest"), so that what was tested on one is what runs on another.
# Pins that still fit stay. uv comes from the environment as it is, stale or not: it may be stale for want of this.
lock: | $(BIN)/uv ## pin what pyproject.toml asks for (UPGRADE=1: at its newest)
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile -q --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-annotate --extra dev $(if $(UPGRADE),--upgrade) -o requirements.lock pyproject.toml
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile -q --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-annotate --group pyproject.toml:bench $(if $(UPGRADE),--upgrade) -o requirements-bench.lock
$(BIN)/uv:
	@scripts/setup.sh

clean: ## remove the environment and all caches (not var/, which holds data)
	rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
