#!/bin/sh
# Writes the lock files anew from pyproject.toml and package.json. Versions already locked stay
# unless a pin asks otherwise; `make lock ARGS=--upgrade` moves everything below the pins.
set -eu
cd "$(dirname "$0")/.."

.venv/bin/python -m venv .tools/uv
.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

compile() {
    .tools/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command "make lock" "$@"
}
compile pyproject.toml --group dev --output-file requirements.lock "$@"
compile --group build --output-file tools/build-requirements.lock "$@"
npm install --package-lock-only --ignore-scripts
