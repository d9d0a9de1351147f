# Two commands matter: `make demo` and `make test`. They install into .venv and assume Python 3.11 with venv, no more;
# `make test` also installs Debian packages, if it is run by root. Environments of the other commands are in .venvs/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests run in random order; in CI in the same one each time, so that a red run can be seen again.
PYTEST_ARGS ?= $(if $(CI),--randomly-seed=1)
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: demo test test-oldest test-frameworks test-serving torture lint bench trust docs venv lock test-packages clean

demo: $(VENV)/demo.stamp
	$(BIN)/miops-collector demo $(DEMO_ARGS)

test: $(VENV)/test.stamp test-packages
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# The oldest versions the two pyproject.toml promise, in an environment of its own.
test-oldest: .venvs/oldest/test.stamp
	.venvs/oldest/bin/python -m pytest -o filterwarnings=default $(PYTEST_ARGS) tests/collector tests/instrumentation tests/e2e/test_demo.py

# The serving stacks, those too large for `make test` (BentoML, LitServe, MLServer, Ray Serve) each in an environment of its
# own; docs/serving.md is made of the results.
test-serving: $(VENV)/test.stamp
	PYTHON=$(PYTHON) tests/serving/run.sh

# Kills the collector over fifty times under load; whether every acknowledged row is there once is in torture.json.
torture: $(VENV)/test.stamp test-packages
	$(BIN)/python -m tests.torture $(TORTURE_ARGS)

# The conformance suite on every framework, the heavy ones (requirements/frameworks) each in an environment of its own;
# docs/frameworks.md is made of the results. FRAMEWORKS="torch keras" runs only these.
test-frameworks: $(VENV)/test.stamp
	$(BIN)/python -m tests.instrumentation.frameworks.environments $(FRAMEWORKS)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/test.stamp
	$(BIN)/python -m tests.benchmarks

# Our alarms beside those of other tools on the same streams: an hour and a half of CPU time; TRUST_ARGS=--long takes a day.
# The environments of the others are made in .venvs/ by the first run.
trust: $(VENV)/test.stamp
	$(BIN)/python -m tests.trust $(TRUST_ARGS)

# What is generated from code and registry. The pages of frameworks, serving, conformance, benchmarks and trust are made of
# results, by `make test-frameworks`, `make test-serving`, `python -m tests.otlp_conformance.compare`, `make bench` and `make trust`.
docs: $(VENV)/test.stamp
	$(BIN)/python -m docs.generate_reference
	$(BIN)/python -m dashboards.generate

venv: $(VENV)/test.stamp

# Debian's Prometheus and Chromium and the JavaScript exporters, which the end-to-end tests drive; without root, or npm,
# they are skipped with a reason.
test-packages:
	@sh tests/install_debian_packages.sh
	@sh tests/install_javascript_packages.sh

$(VENV)/demo.stamp: requirements/demo.lock instrumentation/pyproject.toml collector/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/demo.lock
	$(PIP) install --no-build-isolation --no-deps -e instrumentation -e collector
	touch $@

$(VENV)/test.stamp: requirements/test.lock instrumentation/pyproject.toml collector/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/test.lock
	$(PIP) install --no-build-isolation --no-deps -e instrumentation -e collector
	touch $@ $(VENV)/demo.stamp

.venvs/oldest/test.stamp: requirements/oldest.lock instrumentation/pyproject.toml collector/pyproject.toml
	$(PYTHON) -m venv .venvs/oldest
	.venvs/oldest/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r requirements/oldest.lock
	.venvs/oldest/bin/python -m pip --disable-pip-version-check -q install --no-build-isolation --no-deps -e instrumentation -e collector
	touch $@

# The lock files name versions and hashes, never an index. Needs uv (pip install uv), and PyTorch's CPU build, for Linux, in
# a folder that UV_FIND_LINKS names: without it the lock takes the one with several GB of CUDA.
LOCK := uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11
lock:
	for f in $(patsubst %.in,%,$(filter-out requirements/oldest.in,$(wildcard requirements/*.in requirements/*/*.in))); do \
	  $(LOCK) $$f.in -o $$f.lock || exit 1; done
	$(LOCK) --resolution lowest-direct requirements/oldest.in -o requirements/oldest.lock

clean:
	rm -rf $(VENV) .venvs miops-data .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache
