# `make check` sets everything up and runs the main job; `make test` sets everything up and runs the tests.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CHECK_ARGS ?=
PYTEST_ARGS ?=

.PHONY: check test lint benchmarks mutants clean

check: $(VENV)/ready
	$(BIN)/julia-parity check $(CHECK_ARGS)

test: $(VENV)/ready
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -c pyproject.toml --rootdir . tests pyimpl $(PYTEST_ARGS)

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmarks: $(VENV)/ready
	$(BIN)/julia-parity benchmarks

mutants: $(VENV)/ready
	$(BIN)/julia-parity mutants --page pyimpl/parity/mutants/MUTANTS.md

# If a Julia with PythonCall is installed here, juliacall must have PythonCall's version: `doctor --juliacall-pin` names it.
$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,comparisons]'
	pin=$$($(BIN)/julia-parity doctor --juliacall-pin) && if [ -n "$$pin" ]; then $(BIN)/python -m pip install --quiet "$$pin"; fi
	touch $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .ruff_cache .mypy_cache
