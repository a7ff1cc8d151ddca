# Everything a person types. `make demo` and `make test` set up what is missing first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
HIRESTREAM := $(VENV)/bin/hirestream
ARGS ?=
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit check format lock bench chaos fuzz truth notebook clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.installed ## the environment, from requirements.lock

$(VENV)/.installed: requirements.lock requirements-bootstrap.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock (once)" >&2
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed; name one with PYTHON=") if not (3, 11) <= sys.version_info[:2] < (3, 14) else 0'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --require-hashes -r requirements.lock
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## the whole system with simulated traffic; ARGS=--exit ends after the table
	@$(HIRESTREAM) demo $(ARGS)

test: setup check ## every check and every test
	@$(VENV)/bin/pytest -n 3 --dist loadfile --durations=25 $(ARGS)

unit: setup ## the tests that need no service, in about a minute
	@$(VENV)/bin/pytest -n 2 -m unit $(ARGS)

check: setup ## format, lint, types, import contracts, generated docs, dependency audit
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(HIRESTREAM) docs --check
	@out=$$($(VENV)/bin/pip-audit --disable-pip --no-deps --progress-spinner off -r requirements.lock 2>&1) \
		&& echo "Dependency audit: nothing known, as far as the registry answered" \
		|| { grep -qi "connection" <<<"$$out" && echo "Dependency audit: no connection, not run"; } \
		|| { echo "$$out"; exit 1; }

format: setup ## rewrite the code and the generated docs as `make check` wants them
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .
	@$(HIRESTREAM) docs

lock: setup ## resolve requirements.lock again from pyproject.toml
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
		--generate-hashes --extra dev --extra notebook pyproject.toml --output-file requirements.lock

bench: setup ## three figures, each with its baseline; writes var/bench.json
	@$(VENV)/bin/python -m tests.bench $(ARGS)

chaos: setup ## every fault while deliveries come in, with exact totals; writes var/chaos.json
	@PROTOCOL_EXAMPLES=40 $(VENV)/bin/pytest -q --timeout 3600 tests/load/test_protocol.py
	@$(VENV)/bin/python -m tests.chaos $(ARGS)

fuzz: setup ## ten thousand mutated payloads of every event; writes var/fuzz.json
	@$(VENV)/bin/python -m tests.fuzz $(ARGS)

truth: setup ## every number of every mart next to the truth of 100,000 simulated journeys
	@$(VENV)/bin/python -m tests.truth $(ARGS)

notebook: setup ## JupyterLab with the notebook, on what the demo left
	@$(VENV)/bin/jupyter lab notebooks/four_questions.ipynb

clean: ## removes what the others made, the environment aside
	@rm -rf var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache models/target models/logs
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
