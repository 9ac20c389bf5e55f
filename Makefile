# Needs Python >= 3.11 with venv, and make. Everything else is installed from hash-pinned lock files: into .venv, and
# what comes from npm into contracts/node_modules.
#
#   make demo      a round on a chain of its own: give, reorganise, read, reconcile, settle, publish, pay out, verify
#   make test      the tests, without the slow ones
#   make slow      the properties, with many more examples
#   make check     ruff, mypy --strict, import contracts
#   make format    let ruff format and fix the code
#   make docs      build the documentation into site/
#   make bench     time and memory
#   make bench-api the service with a million donations (about half an hour)
#   make mutants   mutation testing of pool, caps, payouts and mechanisms
#   make lock      bring requirements/*.txt in step with pyproject.toml; UPGRADE=--upgrade takes newer versions too
#   make clean     remove what the other targets made, but .venv

PYTHON ?= python3
WORKERS ?= 2
UPGRADE ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
NODE := contracts/node_modules/.installed
PYTEST := $(BIN)/python -m pytest
COMPILE := $(BIN)/uv pip compile --system-certs --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help demo test slow check format docs bench bench-api mutants lock clean $(VENV)

help:
	@sed -n 's/^#   //p' Makefile

$(VENV): $(INSTALLED)

$(INSTALLED): pyproject.toml requirements/uv.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing), but Python 3.11 or newer is needed;" \
			"say which one to use: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --system-certs --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --system-certs --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# anvil, forge and solc come from npm; where the machine has no npm, from the wheel that carries one.
$(NODE): contracts/package.json contracts/package-lock.json requirements/node.txt | $(INSTALLED)
	command -v npm >/dev/null || $(BIN)/uv pip install --system-certs --quiet --python $(BIN)/python --require-hashes -r requirements/node.txt
	cd contracts && PATH="$$PATH:$(abspath $(BIN))" npm ci --no-audit --no-fund --silent
	@touch $@

demo: $(INSTALLED) $(NODE)
	$(BIN)/python docs/examples/demo.py

test: $(INSTALLED) $(NODE)
	$(PYTEST) -n $(WORKERS) -m "not slow and not benchmarks"

slow: $(INSTALLED) $(NODE)
	$(PYTEST) -n $(WORKERS) --hypothesis-profile=slow -m "(slow or stateful or properties) and not benchmarks"

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(INSTALLED)
	$(BIN)/mkdocs build --strict --quiet

bench: $(INSTALLED) $(NODE)
	mkdir -p out
	$(PYTEST) tests/benchmarks -m benchmarks --benchmark-enable --benchmark-json=out/bench.json
	$(BIN)/python tests/benchmarks/table.py out/bench.json docs/reference/performance.md

bench-api: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks.service.bench docs/reference/service-performance.md

# mutmut runs the tests in a copy of the tree (mutants/), so the shared data must be named.
mutants: export QF_SHARED ?= $(abspath ../shared)
mutants: $(INSTALLED)
	$(BIN)/mutmut run
	$(BIN)/mutmut results

lock: $(INSTALLED)
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) pyproject.toml --extra cli --extra fast --extra plot --extra cluster --extra chain --extra api --extra telemetry --extra simulations --group dev -o requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt pyproject.toml --extra api --extra fast --extra telemetry -o requirements/service.txt

clean:
	rm -rf build dist mutants out site .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
