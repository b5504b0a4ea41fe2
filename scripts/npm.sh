#!/usr/bin/env bash
# npm.sh ARGUMENTS…: run npm in web/, with the machine's Node when it is new enough for the page's
# tools, else with the one from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."

new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
           process.exit(a > 22 || (a === 22 && b >= 12) ? 0 : 1)' 2>/dev/null
}
if ! { new_enough node && command -v npm >/dev/null; }; then
  new_enough .venv/bin/node || scripts/install.sh .venv --require-hashes -r requirements-page.lock
  PATH=$PWD/.venv/bin:$PATH
fi
cd web
export NODE_USE_SYSTEM_CA=1 # the machine's own certificate authorities count for npm too
exec npm "$@" </dev/null
