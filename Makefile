# Every target prepares what it needs: a virtual environment in .venv with the versions of
# constraints.txt. `make` alone explains them.

PYTHON ?= python3
PRESET ?= quick

BIN := .venv/bin
# The versions are pinned, so nothing is built against what pip happens to find that day.
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 \
	NUMBA_NUM_THREADS=1

# Settings of the caller's Python must not leak into the environment.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP
export PYTHONNOUSERSITE := 1

# Tests kill processes, some of them while they save their coverage. `coverage combine` skips a file
# that it cannot open, but fails on one that is torn further down.
define DROP_TORN_DATA
import glob, os, sqlite3
CHECK = "SELECT integrity_check FROM pragma_integrity_check, coverage_schema"
for path in glob.glob(".coverage.*"):
    try:
        usable = sqlite3.connect(path).execute(CHECK).fetchall() == [("ok",)]
    except sqlite3.DatabaseError:
        usable = False
    if not usable:
        print("left out, since its process was killed while it wrote:", path)
        os.remove(path)
endef
export DROP_TORN_DATA

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help test check slow bench study format clean

help:
	@echo 'qentropy: certified entropies of quantum states, and a study of thermalization'
	@echo
	@echo '  make test     format check, lint, types, import contracts, tests with coverage'
	@echo '  make study    run a small study from nothing to figures (PRESET=$(PRESET))'
	@echo
	@echo '  make check    the part of `make test` before the tests'
	@echo '  make slow     the tests that `make test` leaves out because they take long'
	@echo '  make bench    the benchmarks: time and width, beside other programs; half an hour'
	@echo '  make format   rewrite the code in the form that `make test` asks for'
	@echo '  make clean    remove .venv and what the tools leave behind; studies are kept'
	@echo
	@echo 'The first run installs into .venv, which takes minutes and needs the network.'
	@echo 'Another interpreter (3.11 or newer): make test PYTHON=/path/to/python3.12'
	@echo 'One test file: .venv/bin/python -m pytest tests/test_package.py'

test: check
	@echo '==> tests with coverage'
	@$(BIN)/coverage erase
	@$(ONE_THREAD) $(BIN)/coverage run -m pytest -q -n logical --maxprocesses 8 --dist worksteal \
		-p no:benchmark
	@$(BIN)/python -c "$$DROP_TORN_DATA"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --include='qentropy/*' --fail-under=95
	@$(BIN)/coverage report --include='mbl_study/*' --fail-under=90
	@echo '==> all passed'

check: .venv/.ready-dev
	@echo '==> format'
	@$(BIN)/ruff format --check --quiet . || { echo 'Run: make format'; exit 1; }
	@echo '==> lint'
	@$(BIN)/ruff check --quiet .
	@echo '==> types'
	@$(BIN)/mypy --no-error-summary
	@echo '==> import contracts'
	@$(BIN)/lint-imports --no-logo

slow: .venv/.ready-dev
	@$(ONE_THREAD) $(BIN)/python -m pytest -m slow --timeout=1800

bench: .venv/.ready-bench
	@$(ONE_THREAD) $(BIN)/python -m pytest --benchmark-only --timeout=1800 tests/benchmarks

study: .venv/.ready-study
	@$(BIN)/mbl-study run --preset $(PRESET)

format: .venv/.ready-dev
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

clean:
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache .benchmarks build dist
	find qentropy mbl_study tests -type d -name __pycache__ -prune -exec rm -rf {} +

# A stamp is newer than the files that say what is installed.

.venv/.ready-dev: .venv/.created
	@echo '==> installing qentropy, mbl_study and the developer tools into .venv'
	@$(PIP_INSTALL) --no-build-isolation -e '.[study,dev]'
	@touch .venv/.ready-study $@

.venv/.ready-bench: .venv/.ready-dev
	@echo '==> installing what the benchmarks compare with into .venv'
	@$(PIP_INSTALL) --no-build-isolation -e '.[study,dev,bench]'
	@touch $@

.venv/.ready-study: .venv/.created
	@echo '==> installing qentropy and mbl_study into .venv'
	@$(PIP_INSTALL) --no-build-isolation -e '.[study]'
	@touch $@

.venv/.created: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'error: Python 3.11 or newer is needed; "$(PYTHON)" is' \
			"$$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; \
		exit 1; }
	@echo '==> preparing .venv with' "$$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@$(PIP_INSTALL) pip hatchling editables
	@touch $@
