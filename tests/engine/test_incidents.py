"""The log of a service desk, converted and judged; the rows in this file are made up."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from encore.cli.main import main
from tests.engine import oracle
from tests.engine.generate import Json
from tests.engine.incidents import (
    DESK,
    KTV_B,
    LOG,
    NEEDS_LOG,
    TABLE,
    WHEN_ALL_IS_OVER,
    counts,
    desk,
    events_of,
    ktv_b,
    page,
    read_log,
    rows_of,
    severities,
)
from tests.engine.judging import judged

needs_log = pytest.mark.skipif(not LOG.exists(), reason=NEEDS_LOG)

HEADER = "number,incident_state,opened_at,sys_updated_at,priority\n"


def events(*rows: str) -> list[Json]:
    return events_of(rows_of(HEADER + "\n".join(rows)), ["major", "general", "minor"])


def told(happened: list[Json]) -> list[tuple[str, str]]:
    return [(event["type"].removeprefix("complaint."), event["at"].removesuffix(":00+08:00")) for event in happened]


def test_an_incident_is_received_when_it_was_opened_and_only_changes_of_its_state_are_events() -> None:
    found = events(
        "INC7,New,05-03-2016 09:00,05-03-2016 09:10,3 - Moderate",
        "INC7,New,05-03-2016 09:00,05-03-2016 09:20,3 - Moderate",
        "INC7,Active,05-03-2016 09:00,05-03-2016 10:00,3 - Moderate",
        "INC7,Active,05-03-2016 09:00,05-03-2016 11:00,3 - Moderate",
        "INC7,Awaiting User Info,05-03-2016 09:00,05-03-2016 12:00,3 - Moderate",
        "INC7,Awaiting Vendor,05-03-2016 09:00,05-03-2016 13:00,3 - Moderate",
        "INC7,Active,05-03-2016 09:00,05-03-2016 14:00,2 - High",
        "INC7,Resolved,05-03-2016 09:00,06-03-2016 08:00,2 - High",
        "INC7,Closed,05-03-2016 09:00,11-03-2016 08:00,2 - High",
    )
    assert told(found) == [
        ("received", "2016-03-05T09:00"),
        ("assessed", "2016-03-05T10:00"),
        ("progress_sent", "2016-03-05T12:00"),
        ("assessed", "2016-03-05T14:00"),
        ("resolved", "2016-03-06T08:00"),
        ("archived", "2016-03-11T08:00"),
    ]
    assert {event["subject"] for event in found} == {"complaint:7"}
    assert [event["data"] for event in found if event["data"]] == [{"severity": "general"}, {"severity": "major"}]


def test_the_first_state_that_the_log_knows_is_a_change_too_unless_it_is_new() -> None:
    assert told(events("INC7,Resolved,05-03-2016 09:00,05-03-2016 10:00,3 - Moderate")) == [
        ("received", "2016-03-05T09:00"),
        ("resolved", "2016-03-05T10:00"),
    ]
    for state in ("New", "Awaiting Problem", "Awaiting Vendor", "Awaiting Evidence"):
        assert told(events(f"INC7,{state},05-03-2016 09:00,05-03-2016 10:00,3 - Moderate")) == [
            ("received", "2016-03-05T09:00")
        ]


@pytest.mark.parametrize(
    ("priority", "severity"),
    [("1 - Critical", "one"), ("2 - High", "one"), ("3 - Moderate", "two"), ("4 - Low", "three")],
)
def test_a_priority_becomes_one_of_the_severities_of_the_edition(priority: str, severity: str) -> None:
    row = f"INC7,Active,05-03-2016 09:00,05-03-2016 10:00,{priority}"
    [_, assessed] = events_of(rows_of(HEADER + row), severities(ktv_b()))
    assert assessed["data"] == {"severity": severity}


def test_incidents_are_told_in_order_of_time() -> None:
    found = events(
        "INC7,Active,05-03-2016 09:00,05-03-2016 18:00,3 - Moderate",
        "INC8,Active,05-03-2016 10:00,05-03-2016 09:30,3 - Moderate",  # graded before it was opened
    )
    assert [event["subject"][-1] for event in found] == ["7", "8", "8", "7"]
    assert told(found)[1:3] == [("assessed", "2016-03-05T09:30"), ("received", "2016-03-05T10:00")]


@needs_log
def test_every_incident_is_received_once_and_those_it_is_counted_for_are_all_there() -> None:
    rows = read_log()
    found = events_of(rows, severities(desk()))
    received = [event["subject"] for event in found if event["type"] == "complaint.received"]
    assert len(received) == len(set(received)) == len({row["number"] for row in rows}) == 890
    by_duty = counts(desk(), rows)
    assert sum(by_duty["take-up"]) == 890
    graded = {event["subject"] for event in found if event["type"] == "complaint.assessed"}
    assert sum(sum(by_duty[duty]) for duty in by_duty if duty.startswith("resolve-")) >= len(graded)


@needs_log
def test_the_oracle_finds_the_same_of_the_first_incidents() -> None:
    found = events_of(read_log(), severities(desk()))
    first = set(list(dict.fromkeys(event["subject"] for event in found))[:25])
    some = [event for event in found if event["subject"] in first]
    assert judged(DESK, some, WHEN_ALL_IS_OVER) == oracle.judge(tomllib.loads(DESK), some, WHEN_ALL_IS_OVER)


@needs_log
def test_the_command_judges_the_log_and_counts_what_the_table_says(tmp_path: Path) -> None:
    log = tmp_path / "incidents.jsonl"
    rows = read_log()
    log.write_text("".join(json.dumps(event) + "\n" for event in events_of(rows, severities(ktv_b()))), "utf-8")
    told = CliRunner().invoke(main, ["judge", str(KTV_B), str(log), "--now", WHEN_ALL_IS_OVER.isoformat(), "--summary"])
    assert told.exit_code == 0, told.output
    counted = {line.pop("duty"): line for line in map(json.loads, told.stdout.splitlines())}
    assert {duty: list(states.values())[1:] for duty, states in counted.items()} == counts(ktv_b(), rows)


@needs_log
def test_the_table_in_the_documentation_is_what_comes_out() -> None:
    """`python -m tests.engine.incidents` writes it anew."""
    assert TABLE.read_text("utf-8") == page(read_log())
