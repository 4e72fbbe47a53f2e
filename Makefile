# make run: an example in your browser.  make test: everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APT := $(if $(filter 0,$(shell id -u)),,sudo )apt-get

.PHONY: run test lint unit frontend browser protocol check-python check-node chromium clean

run: $(VENV)/installed
	$(BIN)/gradio-rerun

test: lint unit frontend browser

lint: $(VENV)/installed-test node_modules/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -f src/gradio_rerun/*.pyi # Gradio writes them, and mypy would check them instead of the sources
	$(BIN)/mypy
	npx --no-install tsc

unit: $(VENV)/installed-test
	$(BIN)/pytest tests/unit

frontend: check-node
	node --test tests/frontend/

browser: $(VENV)/installed-test chromium
	$(BIN)/pytest tests/browser --reruns 1 -rR # a machine may stall for a while; whatever ran twice is listed

protocol: $(VENV)/installed-test
	cd src/gradio_rerun && $(CURDIR)/$(BIN)/python -m grpc_tools.protoc -I. --descriptor_set_out=viewer_control.binpb viewer_control.proto

$(VENV)/installed: pyproject.toml | check-python
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

node_modules/installed: package.json package-lock.json | check-node
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "Python 3.10 or newer is missing: install it, or name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv is missing: sudo apt-get install python3-venv"; exit 1; }

check-node:
	@command -v node >/dev/null && command -v npm >/dev/null || \
	  { echo "Node.js 20 or newer with npm is missing: sudo apt-get install nodejs npm"; exit 1; }

chromium:
	@command -v chromium >/dev/null || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends chromium fonts-liberation; } || \
	  { echo "Chromium is missing, and could not be installed: sudo apt-get install chromium"; exit 1; }

clean:
	rm -rf $(VENV) node_modules dist test-results .mypy_cache .pytest_cache .ruff_cache .hypothesis
