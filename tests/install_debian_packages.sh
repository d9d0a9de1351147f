#!/bin/sh
# Installs what the end-to-end tests drive and PyPI does not have. Never fails: a test without its program skips.
set -u
missing=""
command -v prometheus >/dev/null 2>&1 || missing="$missing prometheus"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium fonts-dejavu-core"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "not installed:$missing (needs root and apt-get: 'apt-get install$missing'); the tests that drive them will skip"
  exit 0
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 2>&1
# Debian starts Prometheus as a service on its own port; the tests start their own.
apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || echo "apt-get could not install$missing; the tests that drive them will skip"
command -v systemctl >/dev/null 2>&1 && systemctl disable --now prometheus >/dev/null 2>&1
exit 0
