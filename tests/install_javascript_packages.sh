#!/bin/sh
# The OpenTelemetry JavaScript exporters that tests/e2e/test_exporters_under_overload.py drives; without npm, or when
# they cannot be had, those tests are skipped with a reason.
cd "$(dirname "$0")/e2e/otel_js" || exit 1
[ node_modules/.package-lock.json -nt package-lock.json ] && exit 0
command -v npm >/dev/null || exit 0
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error || echo "npm ci failed: the JavaScript exporters are not tested"
exit 0
