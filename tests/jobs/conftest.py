import pytest

from encore.jobs import recurring
from tests.cast import agency, complaint, contract, english, he, lin, tang, venue, zhou  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def nothing_recurs(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests count jobs: only theirs."""
    monkeypatch.setattr(recurring, "_RECURRING", {})
