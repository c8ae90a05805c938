#!/bin/sh
# Makes .venv with exactly the locked packages, and this project in it. Safe to run again.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
quiet="--quiet --disable-pip-version-check"

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "需要 Python 3.11 或更新的版本。可用 PYTHON=/path/to/python3 指定。" \
        "Python 3.11 or later is needed. Name one with PYTHON=/path/to/python3."

if ! .venv/bin/python -c '' 2>/dev/null; then
    rm -rf .venv
    "$python" -m venv .venv ||
        die "这个 Python 不能建立虚拟环境。在 Debian 上：apt-get install python3-venv" \
            "This Python cannot make a virtual environment. On Debian: apt-get install python3-venv"
fi

# uv is quick; it does not read pip's configuration, so where only pip is set up, pip does the work.
export UV_SYSTEM_CERTS=1
if .venv/bin/pip install $quiet --require-hashes -r requirements/installer.txt &&
    .venv/bin/uv pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements/dev.txt; then
    .venv/bin/uv pip install --quiet --python .venv/bin/python --offline --no-deps --no-build-isolation --editable .
else
    .venv/bin/pip install $quiet --require-hashes -r requirements/dev.txt
    .venv/bin/pip install $quiet --no-index --no-deps --no-build-isolation --editable .
fi
