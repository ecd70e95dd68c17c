# Two commands on a fresh machine with Python 3.11+: `make demo` runs the main job, `make test` passes the tests.
# Everything is installed into .venv (and .venv-datacontract), from the locked requirements.

PYTHON ?= python3
BIN := .venv/bin
DATACONTRACT := .venv-datacontract/bin
OUT ?= out

.PHONY: demo test lint bench examples lock clean

demo: .venv/run.ready
	@rm -rf $(OUT)
	@PATH="$(CURDIR)/$(BIN):$$PATH" OUT=$(OUT) sh demo.sh

test: .venv/dev.ready .venv-datacontract/ready
	@PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(DATACONTRACT):$$PATH" $(BIN)/python -m pytest -n auto

lint: .venv/dev.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy etl handler.py
	@$(BIN)/etl contract lint contracts

bench: .venv/dev.ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python bench/compare.py

# Writes the reports in quarantine_examples/ anew, as the pipeline gives them now. Read the difference before you commit it.
examples: .venv/dev.ready
	@$(BIN)/python -m tests.examples

lock: .venv/dev.ready
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		pyproject.toml --group dev -o requirements-dev.lock
	@echo 'datacontract-cli' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header - -o requirements-datacontract.lock

clean:
	rm -rf .venv .venv-datacontract $(OUT) build dist *.egg-info

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13 ...")'
	@$(PYTHON) -m venv .venv

.venv/run.ready: requirements.lock pyproject.toml | .venv/bin/pip
	@echo "Installing into .venv (once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/dev.ready: requirements-dev.lock pyproject.toml | .venv/bin/pip
	@echo "Installing into .venv (once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

# datacontract-cli pins other versions of what we use: it gets an environment of its own.
.venv-datacontract/ready: requirements-datacontract.lock
	@echo "Installing datacontract-cli into .venv-datacontract (once) ..."
	@$(PYTHON) -m venv .venv-datacontract
	@$(DATACONTRACT)/pip install -q --disable-pip-version-check --require-hashes -r requirements-datacontract.lock
	@touch $@
