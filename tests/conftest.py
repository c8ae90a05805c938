"""The base of all tests: the settings in a home of their own, and Chromium as Debian has it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest

from encore.ledger.late import entered_late
from tests import guards

pytest_plugins = ["pytester", "tests.clauses", "tests.skips"]

_home = tempfile.TemporaryDirectory(prefix="encore-test-")
os.environ["ENCORE_HOME"] = _home.name
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the thread of the tests
os.environ["DJANGO_SETTINGS_MODULE"] = "encore.config.settings"
django.setup()  # before any other conftest.py imports a model
guards.let_flush()

# The same examples on every run; `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, max_examples=50, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile("same")


@pytest.fixture(autouse=True)
def by_import() -> Iterator[None]:
    """The moments of the cast lie far back: what tests record of them is entered as an import would enter it."""
    with entered_late("imported"):
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=8, help="How many processes tests/jobs/test_crash.py kills.")


def pytest_unconfigure() -> None:
    _home.cleanup()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --disable-dev-shm-usage"
    )
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(chromium).exists():
        pytest.skip(f"there is no browser at {chromium}; on Debian: apt-get install chromium fonts-noto-cjk")
    return {**browser_type_launch_args, "executable_path": chromium, "args": flags.split()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
