# Every target does the set-up that it needs. Nothing is installed outside this folder, except
# Debian's chromium for the browser tests of `make test` where it runs as root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PAGE := src/tocsin/serve/page/index.html
WEB := $(shell find web -name node_modules -prune -o -type f -print)
SETUP := pyproject.toml scripts/environment.sh scripts/install.sh requirements-uv.lock
PYTEST := .venv/bin/pytest -n 2 --dist loadfile --durations 10

.PHONY: help demo test test-long lint bench docs page wheel lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## set up, then show a fictional island, its traffic and a raid in the browser
	@echo "[1/3] Python environment" && $(MAKE) -s .venv/.runtime
	@echo "[2/3] web page" && $(MAKE) -s page
	@echo "[3/3] demo" && exec .venv/bin/tocsin demo $(ARGS)

test: ## set up, then lint, check types and run the tests (about ten minutes)
	@echo "[1/5] Python environment" && $(MAKE) -s .venv/.dev
	@echo "[2/5] web page" && $(MAKE) -s page
	@echo "[3/5] browser" && scripts/chromium.sh
	@echo "[4/5] lint and types" && $(MAKE) -s lint
	@echo "[5/5] tests" && scripts/npm.sh test --silent && $(PYTEST)

test-long: .venv/.dev page ## run every test, the long ones too
	@scripts/chromium.sh
	@$(PYTEST) -m "long or not long"

lint: .venv/.dev ## style, format, types and the import rules of the rooms
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

bench: .venv/.dev page ## run the benchmarks
	@.venv/bin/tocsin bench $(ARGS)

docs: .venv/.dev ## build the documentation into build/docs
	@.venv/bin/python scripts/docs.py build/docs

page: $(PAGE) ## build the web page into the package

wheel: .venv/.dev page ## build the wheel, page included, into dist
	@.venv/bin/uv build --quiet --wheel --out-dir dist
	@ls dist/*.whl

lock: .venv/.dev ## resolve the dependencies again into the lock files
	@scripts/lock.sh

clean: ## remove what was built; the environment .venv stays
	rm -rf build dist $(dir $(PAGE)) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(PAGE): $(WEB) scripts/npm.sh requirements-page.lock | .venv/.runtime
	@scripts/npm.sh ci --no-audit --no-fund --loglevel=error
	@scripts/npm.sh run --silent build -- --logLevel warn && touch $@

.venv/.runtime: requirements.lock $(SETUP)
	@scripts/environment.sh requirements.lock && touch $@

.venv/.dev: requirements-dev.lock $(SETUP)
	@scripts/environment.sh requirements-dev.lock && touch $@ .venv/.runtime
