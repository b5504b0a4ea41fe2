#!/usr/bin/env bash
# install.sh ENVIRONMENT PIP-ARGUMENTS…: install into a virtual environment.
# A machine that names its own package index for pip gets pip, which knows all of pip's settings.
# Elsewhere uv does the same in a tenth of the time, and pip steps in should uv find no way out.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1
shift
# The machine's own certificate authorities count for uv too.
[[ -e /etc/ssl/certs/ca-certificates.crt ]] && export UV_SYSTEM_CERTS=true

with_pip() { "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
with_uv() { .venv/bin/uv pip install --quiet --python "$environment/bin/python" "$@"; }

if .venv/bin/python -m pip config list | grep -qE '[.](index-url|no-index|proxy|client-cert)='; then
  with_pip "$@"
else
  [[ -x .venv/bin/uv ]] || .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements-uv.lock
  with_uv "$@" || with_pip "$@"
fi
