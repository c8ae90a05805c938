#!/bin/sh
# Renews requirements/*.txt from pyproject.toml: every package with its hashes, and no address of any index.
set -eu
cd "$(dirname "$0")/.."

compile() {
    UV_SYSTEM_CERTS=1 .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@"
}

compile pyproject.toml --output-file requirements/base.txt
compile pyproject.toml --group dev --output-file requirements/dev.txt
compile --group installer --output-file requirements/installer.txt
compile --group assets --output-file requirements/assets.txt
