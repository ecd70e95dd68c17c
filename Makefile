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

.PHONY: demo review test soak lint bench bench-backfill bench-short scale examples build e2e build-EtlFunction build-EtlLibraries lock clean

demo: .venv/run.ready
	@rm -rf $(OUT)
	@PATH="$(CURDIR)/$(BIN):$$PATH" OUT=$(OUT) sh demo.sh

# What the demo left in quarantine, in the browser: it prints a link, and runs until Ctrl-C. PORT=0: any that is free.
PORT ?= 8484
review: .venv/run.ready
	@[ -d $(OUT)/orders_quarantine ] || { echo "There is nothing to review in $(OUT)/ yet: make demo"; exit 2; }
	@$(BIN)/etl review --lake $(OUT)/orders_parquet_datalake --quarantine $(OUT)/orders_quarantine --port $(PORT)

test: .venv/dev.ready .venv-datacontract/ready
	@PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(DATACONTRACT):$$PATH" $(BIN)/python -m pytest -n auto

# The crash and hostile suites of `make test`, for longer; ends with the figures of README's reliability table.
soak: .venv/dev.ready
	@SOAK=1 $(BIN)/python -m pytest -n auto tests/crash tests/hostile

lint: .venv/dev.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy etl handler.py
	@$(BIN)/etl contract lint contracts

# About twenty minutes on two cores, which should have nothing else to do. ORDERS: sizes at which it runs beside DuckDB;
# FULL: the one at which everything runs; RUNS: of which the median is taken.
ORDERS ?= 100000 300000 1000000
FULL ?= 300000
RUNS ?= 3
PROFILED ?= 200000
UPLOADS ?= 1000
bench: .venv/dev.ready .venv-bench/ready
	@$(BIN)/python bench/compare.py --orders $(ORDERS) --full $(FULL) --runs $(RUNS)
	@$(BIN)/python bench/stages.py --orders $(PROFILED)
	@.venv-bench/bin/python bench/plot.py
	@$(BIN)/python bench/small.py --uploads $(UPLOADS)
	@$(BIN)/python bench/imports.py
	@$(BIN)/python bench/cost.py
	@$(MAKE) -s scale

# What a million uploads a day and 10 TB come to, on paper: measures a base, some five minutes on a machine that has nothing
# else to do, and writes bench/results/scale.*. MOST: orders of the largest upload (1,600,000 are 1 GB). README has a part.
MOST ?= 1600000
scale: .venv/dev.ready .venv-bench/ready
	@PYTHONPATH=. $(BIN)/python bench/base.py --most $(MOST)
	@$(BIN)/python bench/scale.py
	@.venv-bench/bin/python bench/plot.py

# A quarter of an hour: 200 uploads by each engine of a backfill, beside each other.
bench-backfill: .venv/dev.ready
	@PYTHONPATH=. $(BIN)/python bench/backfill.py

# A minute or two: the ratios at one small size, and no more.
bench-short: .venv/dev.ready .venv-bench/ready
	@$(BIN)/python bench/compare.py --orders $(SHORT) --full $(SHORT) --runs 1 --results out/bench
SHORT ?= 100000

# Writes the reports in quarantine_examples/ anew, as the pipeline gives them now. Read the difference before you commit it.
examples: .venv/dev.ready
	@$(BIN)/python -m tests.examples

# --- the deployment ---

ARCHITECTURE ?= x86_64
PLATFORM = $(patsubst arm64,aarch64,$*)-manylinux_2_28
LIBRARIES = build/libraries-$(ARCHITECTURE)
SAM = SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam
# Hashes that are not checked: Lambda's loader then never looks for a source. The same sources give the same bytes.
PYC = PYTHONHASHSEED=0 $(PYTHON313) -m compileall -q --invalidation-mode unchecked-hash

# For Graviton: make build ARCHITECTURE=arm64
build: .venv/dev.ready .venv-sam/ready
	@$(BIN)/etl contract lint contracts
	@$(BIN)/etl template
	@ARCHITECTURE=$(ARCHITECTURE) $(SAM) build --parameter-overrides Architecture=$(ARCHITECTURE)
	@# What is built for one architecture is deployed for no other.
	@sed -e '/^    - $(filter-out $(ARCHITECTURE),x86_64 arm64)$$/d' -e 's/^    Default: x86_64$$/    Default: $(ARCHITECTURE)/' \
		.aws-sam/build/template.yaml > .aws-sam/build/one.yaml
	@grep -A 8 '^  Architecture:' .aws-sam/build/one.yaml | grep -q 'Default: $(ARCHITECTURE)'
	@mv .aws-sam/build/one.yaml .aws-sam/build/template.yaml

# Deploys it into an AWS on this machine, and tries it there. The functions run here, so it is built for this machine.
e2e: ARCHITECTURE = $(patsubst aarch64,arm64,$(shell uname -m))
e2e: build build/libraries-x86_64/ready build/libraries-arm64/ready .venv-emulator/ready .venv-checkov/ready
	@ARCHITECTURE=$(ARCHITECTURE) PYTHON313=$(PYTHON313) $(BIN)/python -m pytest -m deployed tests/deployed

# `sam build` calls these two, by the names of the resources in template.yaml.
build-EtlFunction:
	@cp -R handler.py etl "$(ARTIFACTS_DIR)"
	@for room in backfill cli deployment documents infer pages query rejudge replay review web; do rm -r "$(ARTIFACTS_DIR)/etl/$$room"; done  # not the function's
	@find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -r {} +
	@mkdir "$(ARTIFACTS_DIR)/contracts"
	@cp contracts/*.odcs.yaml "$(ARTIFACTS_DIR)/contracts"
	@$(PYC) -s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)"
	@chmod -R a+rX "$(ARTIFACTS_DIR)" # whatever the umask

build-EtlLibraries: $(LIBRARIES)/ready
	@cp -R $(LIBRARIES)/python "$(ARTIFACTS_DIR)"

# Compiled in place of their sources (-b), which would take another 20 MB.
build/libraries-%/ready: requirements/etl.lock requirements/not-in-lambda.txt etl/deployment/layer.py | .venv/dev.ready
	@echo "Putting the libraries for $* into $(@D) ..."
	@rm -rf $(@D)
	@$(BIN)/uv pip install -q --target $(@D)/python --python $(PYTHON313) --python-platform $(PLATFORM) --link-mode copy \
		--only-binary :all: --no-deps --require-hashes --excludes requirements/not-in-lambda.txt -r requirements/etl.lock
	@$(BIN)/python -m etl.deployment.layer $(@D)/python
	@$(PYC) -j 0 -b -s $(@D)/python -p /opt/python $(@D)/python
	@find $(@D)/python -name '*.py' -delete
	@chmod -R a+rX $(@D)/python
	@touch $@

# --- what is installed ---

COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version

# Keeps the versions that are locked. To take newer ones: make lock UPGRADE=--upgrade
lock: .venv/dev.ready
	@$(COMPILE) 3.11 $(UPGRADE) pyproject.toml -o requirements/etl.lock
	@$(COMPILE) 3.11 $(UPGRADE) pyproject.toml --group dev -o requirements/dev.lock
	@echo 'datacontract-cli[duckdb]' | $(COMPILE) 3.11 $(UPGRADE) - -o requirements/datacontract.lock
	@printf '%s\n' aws-sam-cli awscli | $(COMPILE) 3.11 $(UPGRADE) - -o requirements/sam.lock
	@printf '%s\n' dataframely matplotlib polars pyperf | $(COMPILE) 3.11 $(UPGRADE) - -o requirements/bench.lock
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
	@echo "Installing what developing and deploying take into .venv (once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

# Tools that pin other versions of what we use get environments of their own: datacontract, sam, checkov, emulator;
# so do other tools that are measured beside this one: bench.
.venv-%/ready: requirements/%.lock
	@echo "Installing into .venv-$* (once) ..."
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

.venv-emulator/ready: PYTHON = $(PYTHON313) # its functions run in it
