# `make run` and `make test` are all that a new user or contributor needs; each sets itself up.
PYTHON ?= python3
PORT ?= 8501
# For this machine only; HOST=0.0.0.0 opens it to the network, and then it wants a password (README, Who may come in).
HOST ?= localhost
BIN := .venv/bin

.PHONY: run runpod-demo test test-all setup dev check bench lock screenshots clean

run: setup
	$(BIN)/streamlit run app/server.py --server.port $(PORT) --server.address $(HOST)

# The app with an emulated RunPod endpoint and a bucket on this machine: the whole path without an account.
runpod-demo: dev
	$(BIN)/python -m tests.emulator.demo --port $(PORT)

test: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Also those that repeat in another way what quicker tests show, or watch for long.
test-all: dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "slow or not slow"

setup: .venv/.installed
dev: .venv/.installed-dev

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

bench: dev
	$(BIN)/python -m tests.benchmarks

screenshots: dev
	$(BIN)/python -m tests.e2e.screenshots .bench/screenshots

# Resolve the ranges of requirements*.txt anew and write what was found; run it to take in newer releases.
lock:
	rm -rf .lock && $(PYTHON) -m venv .lock
	.lock/bin/python -m pip install --quiet -r requirements.txt
	.lock/bin/python -m pip freeze --all | grep -v '^pip==' > requirements.lock
	.lock/bin/python -m pip install --quiet -r requirements.txt -r requirements-dev.txt
	.lock/bin/python -m pip freeze --all | grep -v '^pip==' > requirements-dev.lock
	rm -rf .lock

clean:
	rm -rf .venv .bench .demo .pytest_cache .mypy_cache .ruff_cache
