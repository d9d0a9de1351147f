#!/bin/sh
# The serving stacks that are too large for `make test`, each in an environment of its own: all, or those named.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- $(basename -s .in requirements/serving/*.in)
for name in "$@"; do
  venv=.venvs/serving-$name
  echo "== $name"
  [ -d "$venv" ] || "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/python" -m pip --disable-pip-version-check -q install --require-hashes -r "requirements/serving/$name.lock"
  "$venv/bin/python" -m pip --disable-pip-version-check -q install --no-build-isolation --no-deps -e instrumentation
  "$venv/bin/python" -m pytest -q -o filterwarnings=default tests/serving -k "$name"
done
