"""`@clause("B", "1.2.1")` marks a test that walks these clauses of an edition and asserts their effect.

An edition is named by its id, or by the letter that its id ends with. `--walked FILE` writes down, as JSON, which clauses the
run has walked, each with the tests that passed.
"""

import json
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from encore.editions import brought
from encore.engine import Edition, load_edition

clause: Final = pytest.mark.clause
WALKED: Final = pytest.StashKey[dict[str, dict[str, set[str]]]]()


@cache
def known() -> dict[str, Edition]:
    """The editions that come with the product, by id and by letter."""
    found: dict[str, Edition] = {}
    for name, content in brought():
        edition = load_edition(content, name)
        found |= {edition.id: edition, edition.id.rpartition("-")[2].upper(): edition}
    return found


def content(name: str) -> bytes:
    """The file of an edition, by its id or its letter."""
    return dict(brought())[known()[name].name]


def marked(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """The clauses that a test walks, as the edition's id and the clause's number. `ValueError` for what does not exist."""
    for mark in item.iter_markers("clause"):
        if mark.kwargs or len(mark.args) < 2 or not all(isinstance(one, str) for one in mark.args):
            raise ValueError("a clause is named by its edition and its number")
        name, *numbers = mark.args
        if name not in known():
            raise ValueError(f"there is no edition {name}")
        for number in numbers:
            if number not in known()[name].clauses:
                raise ValueError(f"{known()[name].id} has no clause {number}")
            yield known()[name].id, number


def test_of(item: pytest.Item) -> str:
    """The test's name, without the parameters of this run of it."""
    return item.nodeid.partition("[")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--walked", metavar="FILE", help="write down which clauses were walked")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[WALKED] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    wrong: dict[str, None] = {}
    for item in items:
        try:
            list(marked(item))
        except ValueError as error:
            wrong[f"{test_of(item)}: {error}"] = None
    if wrong:
        raise pytest.UsageError(*wrong)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
        for edition, number in marked(item):
            item.config.stash[WALKED].setdefault(edition, {}).setdefault(number, set()).add(test_of(item))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if file := session.config.getoption("walked"):
        Path(file).write_text(json.dumps(session.config.stash[WALKED], default=sorted), "utf-8")
