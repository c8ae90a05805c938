"""Clauses that the judge alone makes true."""

from collections.abc import Mapping
from datetime import datetime

import orjson
import pytest

from encore.engine.batch import Lines, Sheet, judge_all
from encore.engine.moments import from_datetime
from tests.clauses import clause, known

Event = Mapping[str, object]


def clocks(edition: str, parameters: dict[str, object], now: str, *events: Event) -> dict[str, tuple[str, str]]:
    """For each duty on the contract its state and its deadline."""
    lines = [orjson.dumps({"subject": "contract:1", **event}) for event in events]
    judged = judge_all(
        known()[edition].terms(parameters), Lines(lambda: lines), from_datetime(datetime.fromisoformat(now))
    )
    sheet = Sheet(judged)
    return {clock.duty: (clock.name, sheet.zone.text(clock.due)) for clock in sheet.clocks()}


@clause("A", "14.3.1")
@pytest.mark.parametrize(("tail", "last"), [("3y", "2030-03-02T00:00:00+08:00"), ("5y", "2032-03-02T00:00:00+08:00")])
def test_secrets_are_kept_from_the_signing_until_the_years_agreed_after_the_end(tail: str, last: str) -> None:
    signed = {"type": "contract.signed", "at": "2026-03-01T10:00:00+08:00"}
    effective = {"type": "contract.effective", "at": "2026-03-02T00:00:00+08:00"}
    ended = {"type": "contract.ended", "at": "2027-03-01T10:00:00+08:00"}

    def told(at: str) -> Event:
        return {"type": "secret.disclosed", "at": at, "data": {"by": "agency"}}

    def found(now: str, *events: Event) -> dict[str, str]:
        judged = clocks("A", {"confidentiality_tail": tail}, now, *events)
        return {duty: state for duty, (state, _) in judged.items() if duty.startswith("keep-secret")}

    between = found("2026-03-01T12:00:00+08:00", signed, told("2026-03-01T11:00:00+08:00"))
    assert between["keep-secret"] == "breached"
    kept = clocks("A", {"confidentiality_tail": tail}, "2029-01-01T00:00:00+08:00", signed, effective, ended)
    assert kept["keep-secret"][0] == "discharged"
    assert kept["keep-secret-after-end"] == ("open", last)
    day_before = last.replace("-02T", "-01T")
    assert found(last, signed, effective, ended, told(day_before))["keep-secret-after-end"] == "breached"
    day_after = last.replace("-02T", "-03T")
    assert found(day_after, signed, effective, ended, told(day_after))["keep-secret-after-end"] == "fulfilled"
