# make run: an example in your browser.  make test test-slow: everything that CI runs.  make bench: docs/benchmarks.md, measured anew.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APT := $(if $(filter 0,$(shell id -u)),,sudo )apt-get
PROGRAMS := chromium-headless-shell libegl1 libgl1-mesa-dri fonts-liberation firefox-esr xvfb nginx

.PHONY: run test test-slow lint docs unit abuse frontend package browser browser-slow diagonal matrix bench mutation soak release audit protocol check-python check-node programs clean

run: $(VENV)/installed
	$(BIN)/gradio-rerun

test: lint docs unit frontend browser

# Further cases of the same subjects: sizes, load, faults, deployments, versions, whole programs; and what is published.
test-slow: abuse package browser-slow diagonal

lint: $(VENV)/installed-test node_modules/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -f src/gradio_rerun/*.pyi # Gradio writes them, and mypy would check them instead of the sources
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	npx --no-install tsc
	npx --no-install eslint src/gradio_rerun/frontend tests/frontend

unit: $(VENV)/installed-test
	$(BIN)/pytest tests/unit --numprocesses 2 --dist worksteal

# What clients may send, and as often as they can: about a minute.
abuse: $(VENV)/installed-test
	$(BIN)/pytest tests/abuse/test_any_call.py

docs: $(VENV)/installed-docs
	rm -f src/gradio_rerun/*.pyi # Gradio writes them, without our docstrings
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet # into site/; warnings are errors

frontend: check-node
	node --test tests/frontend/*.test.js

# The wheel and the sdist, and what would be wrong with them on PyPI.
package: $(VENV)/installed-release node_modules/installed
	rm -rf dist
	$(BIN)/python -m build --installer uv
	$(BIN)/twine check --strict dist/*
	$(BIN)/pytest tests/package

release: package
	@ls -l dist
	@echo "dist/ is ready. CONTRIBUTING.md says how it comes to PyPI."

# Not a part of test: what is found does not depend on what has changed here.
audit: $(VENV)/installed-release node_modules/installed
	$(BIN)/pytest tests/audit -rs

IN_BROWSERS := $(BIN)/pytest tests/browser tests/programs

browser: $(VENV)/installed-test node_modules/installed programs
	$(IN_BROWSERS) -m "not slow"

browser-slow: $(VENV)/installed-test node_modules/installed programs
	$(IN_BROWSERS) -m slow

# Oldest and newest of Gradio and rerun-sdk together, and commands with some versions between; `make matrix` takes all of them, and an hour.
diagonal: $(VENV)/installed-test programs
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/matrix.py --diagonal

matrix: $(VENV)/installed-test programs
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/matrix.py --write docs/compatibility.md

bench: $(VENV)/installed-bench programs
	$(BIN)/python bench/run.py $(ARGS)

# Not a part of test: it takes an hour, and lists the changes of the code that no quick test notices.
mutation: $(VENV)/installed-test node_modules/installed
	$(BIN)/python tests/mutation/python.py $(ARGS)
	$(if $(ARGS),,node tests/mutation/frontend.mjs)

# Not a part of test: it takes an hour or so. Fewer: make soak SESSIONS=100 KILLS=20
soak: SESSIONS ?= 2000
soak: KILLS ?= 200
soak: $(VENV)/installed-test
	SOAK_SESSIONS=$(SESSIONS) SOAK_KILLS=$(KILLS) $(BIN)/pytest tests/soak tests/abuse/test_as_many_calls.py -s

protocol: $(VENV)/installed-test
	cd src/gradio_rerun/_viewer && $(CURDIR)/$(BIN)/python -m grpc_tools.protoc -I. --descriptor_set_out=viewer_control.binpb viewer_control.proto

$(VENV)/installed: pyproject.toml | check-python
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

$(VENV)/installed-release: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable ".[release]"
	touch $@

$(VENV)/installed-bench: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
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

# What the browser tests run: the browsers, the display that Firefox draws on, and what stands in front of apps.
programs:
	@missing=""; for program in chromium-headless-shell firefox-esr Xvfb nginx; do \
	  PATH="$$PATH:/usr/sbin" command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	test -z "$$missing" || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends $(PROGRAMS); } || \
	  { echo "Missing, and could not be installed:$$missing. Try: sudo apt-get install $(PROGRAMS)"; exit 1; }

clean:
	rm -rf $(VENV) node_modules dist site test-results .mypy_cache .pytest_cache .ruff_cache .hypothesis
