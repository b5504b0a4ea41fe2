#!/usr/bin/env bash
# environment.sh LOCK: make .venv and put the packages of the lock file and Tocsin itself into it.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

stop() { echo "make: $*" >&2; exit 1; }
command -v "$python" >/dev/null || stop "Python 3.11 or newer is needed: apt install python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  stop "Python 3.11 or newer is needed, this is $("$python" -V); name another: make PYTHON=…"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
  stop "Python's venv module is missing: apt install python3-venv"

.venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
scripts/install.sh .venv --require-hashes -r "$1"
scripts/install.sh .venv --no-deps --editable .
