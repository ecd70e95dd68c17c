# Two commands on a fresh machine with Python 3.11+: `make demo` runs the main job, `make test` passes the tests.
# Everything is installed into .venv and .venv-*, from requirements/*.lock.

PYTHON ?= python3
BIN := .venv/bin
DATACONTRACT := .venv-datacontract/bin
# A Python 3.13 that runs, for what goes to Lambda: the first on the path, or of pyenv.
PYTHON313 ?= $(or $(shell for python in python3.13 $(HOME)/.pyenv/versions/3.13.*/bin/python3.13; do \
	$$python -c 'print(__import__("sys").executable)' 2>/dev/null && break; done),\
	$(error Python 3.13 is needed, the version that the function runs: install it, or make PYTHON313=/path/to/python3.13 ...))
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

COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version

# Keeps the versions that are locked. To take newer ones: make lock UPGRADE=--upgrade
lock: .venv/dev.ready
	@$(COMPILE) 3.11 $(UPGRADE) pyproject.toml -o requirements/etl.lock
	@$(COMPILE) 3.11 $(UPGRADE) pyproject.toml --group dev -o requirements/dev.lock
	@echo datacontract-cli | $(COMPILE) 3.11 $(UPGRADE) - -o requirements/datacontract.lock
	@echo aws-sam-cli | $(COMPILE) 3.11 $(UPGRADE) - -o requirements/sam.lock
	@echo checkov | $(COMPILE) 3.11 $(UPGRADE) - -o requirements/checkov.lock
	@printf '%s\n' ministack duckdb aws-sam-translator | $(COMPILE) 3.13 $(UPGRADE) - -o requirements/emulator.lock

clean:
	rm -rf .venv .venv-* .aws-sam $(OUT) build dist *.egg-info

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13 ...")'
	@$(PYTHON) -m venv .venv

.venv/run.ready: requirements/etl.lock pyproject.toml | .venv/bin/pip
	@echo "Installing into .venv (once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/etl.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/dev.ready: requirements/dev.lock pyproject.toml | .venv/bin/pip
	@echo "Installing into .venv (once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

# Tools that pin other versions of what we use get environments of their own: datacontract, sam, checkov, emulator.
.venv-%/ready: requirements/%.lock
	@echo "Installing into .venv-$* (once) ..."
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

.venv-emulator/ready: PYTHON = $(PYTHON313) # its functions run in it
