#!/bin/sh
# Brings what assets/package-lock.json names, at exactly these versions, and builds the charts. Safe to run again.
set -eu
cd "$(dirname "$0")/.."

if command -v npm >/dev/null 2>&1; then
    npm=npm
else
    # Node and npm as wheels: a machine with Python only needs nothing else.
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/assets.txt
    npm=$PWD/.venv/bin/npm
    PATH=$PWD/.venv/bin:$PATH
fi
cd assets
"$npm" ci --loglevel=error
node_modules/.bin/esbuild charts.js --bundle --minify --format=esm --target=es2022 --legal-comments=eof \
    --log-level=warning --outfile=../src/encore/web/static/encore/built/charts.js
