#!/usr/bin/env bash
# Resolve the dependencies of pyproject.toml again and write the hashed lock files.
# No address of any package host is written: an install takes the index that the machine names.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() { # lock OUTPUT ARGUMENTS…
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --fork-strategy fewest \
    --no-header --no-annotate --output-file "$@"
}

lock requirements.lock pyproject.toml
lock requirements-dev.lock pyproject.toml --extra dev --constraints requirements.lock
lock requirements-page.lock scripts/page.in
lock requirements-uv.lock scripts/uv.in --constraints requirements-dev.lock
