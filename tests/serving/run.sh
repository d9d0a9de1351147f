#!/bin/sh
# Every serving stack over real HTTP: those of `make test` (light), and those too large for it, each in an environment of
# its own; all, or those named. docs/serving.md is made of the results.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- light $(basename -s .in requirements/serving/*.in)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
for name in "$@"; do
  echo "== $name"
  if [ "$name" = light ]; then
    .venv/bin/python -m pytest -q --junitxml="$results/light.xml" tests/serving/test_serving.py || status=1
    continue
  fi
  venv=.venvs/serving-$name
  [ -d "$venv" ] || "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/python" -m pip --disable-pip-version-check -q install --require-hashes -r "requirements/serving/$name.lock"
  "$venv/bin/python" -m pip --disable-pip-version-check -q install --no-build-isolation --no-deps -e instrumentation
  "$venv/bin/python" -m pytest -q -o filterwarnings=default --junitxml="$results/$name.xml" -k "$name" \
    tests/serving/test_serving.py tests/instrumentation/carriers || status=1
done
.venv/bin/python -m docs.generate_serving "$results"/*.xml
exit $status
