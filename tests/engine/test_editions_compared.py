"""The three editions on data from elsewhere; the rows in this file are made up."""

import pytest

from encore.engine import Edition, load_edition
from tests.engine.editions_compared import (
    COMPLAINTS,
    NEEDS_DATA,
    PAGE,
    RECEIVED,
    SILENCE,
    Cost,
    all_editions,
    breaches_after,
    complaints,
    costs,
    generously,
    incidents,
    never_assessed,
    page,
    read_complaints,
    total,
    totals,
)
from tests.engine.incidents import DESK, LOG, WHEN_ALL_IS_OVER, desk, read_log, rows_of
from tests.engine.test_incidents import HEADER

needs_data = pytest.mark.skipif(not (LOG.exists() and COMPLAINTS.exists()), reason=NEEDS_DATA)

TWO_INCIDENTS = rows_of(
    HEADER
    + "INC7,New,07-03-2016 09:00,07-03-2016 09:10,3 - Moderate\n"
    + "INC7,Active,07-03-2016 09:00,07-03-2016 10:00,3 - Moderate\n"
    + "INC7,Resolved,07-03-2016 09:00,08-03-2016 08:00,3 - Moderate\n"
    + "INC8,Active,07-03-2016 09:00,08-03-2016 10:00,1 - Critical\n"
    + "INC8,Resolved,07-03-2016 09:00,08-03-2016 18:00,1 - Critical\n"
)


@pytest.fixture
def two_grades() -> Edition:
    text = DESK.replace('key = "minor"', 'key = "least"').replace('"minor"', '"general"')
    return load_edition(
        text.replace('[[severity]]\nkey = "least"', '[[cause]]\nkey = "least"').replace("rank = 1\n", "").encode(),
        "two.toml",
    )


def by_duty(found: list[Cost]) -> dict[str, tuple[int, int, int, int]]:
    return {one.duty.id: (one.clocks, one.met, one.late, one.missed) for one in found}


def test_what_is_done_late_and_what_is_not_done_are_both_breaches() -> None:
    found = costs(desk().terms(), incidents(desk(), TWO_INCIDENTS), WHEN_ALL_IS_OVER)
    assert by_duty(found)["take-up"] == (2, 1, 1, 0)
    assert by_duty(found)["resolve-major"] == (1, 0, 1, 0)
    assert by_duty(found)["resolve-general"] == (1, 1, 0, 0)
    assert by_duty(found)["file"] == (2, 0, 0, 2)
    clocks, met, late, missed, breaches = total(found)
    assert breaches == late + missed
    assert clocks - met - breaches == sum(one.other for one in found)


def test_a_duty_is_shown_only_where_the_data_have_what_it_waits_for() -> None:
    found = costs(desk().terms(), incidents(desk(), TWO_INCIDENTS), WHEN_ALL_IS_OVER)
    assert {one.duty.id for one in found if not one.shown} == {"file", "send-progress", "stay-resolved"}


def test_an_edition_of_fewer_grades_gives_its_least_grave_one_to_the_rest(two_grades: Edition) -> None:
    rows = rows_of(HEADER + "INC7,Active,07-03-2016 09:00,07-03-2016 10:00,4 - Low")
    assert [event["data"] for event in incidents(two_grades, rows)] == [{}, {"severity": "general"}]


def test_the_generous_reading_takes_the_steps_in_the_order_in_which_they_are_taken() -> None:
    told = [event["type"].removeprefix("complaint.") for event in generously(incidents(desk(), TWO_INCIDENTS[:3]))]
    assert told == [
        "received", "recorded", "taken_up", "verified", "assessed", "planned", "started",
        "resolved", "replied", "result_sent", "confirmation_asked",
    ]  # fmt: skip


def test_the_grade_stays_with_the_assessment_alone() -> None:
    found = list(generously(incidents(desk(), TWO_INCIDENTS)))
    assert {event["type"] for event in found if event["data"]} == {"complaint.assessed"}


def test_a_text_is_a_complaint_that_nobody_answers() -> None:
    found = complaints(desk(), [{"row": "1", "text": "酒是温的"}, {"row": "2", "text": "太吵"}])
    assert [(event["type"], event["subject"], event["at"]) for event in found] == [
        ("complaint.received", "complaint:1", RECEIVED.isoformat()),
        ("complaint.received", "complaint:2", RECEIVED.isoformat()),
    ]
    assert "酒" not in str(found)


def test_what_was_never_graded_is_told_from_what_was_graded_too_early() -> None:
    rows = rows_of(
        HEADER
        + "INC1,Resolved,07-03-2016 09:00,07-03-2016 10:00,3 - Moderate\n"
        + "INC2,Active,07-03-2016 09:00,07-03-2016 08:00,3 - Moderate\n"
        + "INC3,Active,07-03-2016 09:00,07-03-2016 10:00,3 - Moderate\n"
    )
    assert never_assessed(incidents(desk(), rows)) == (1, 1)


def test_an_edition_that_the_log_cannot_show_has_no_figure_to_compare() -> None:
    [_, _, line] = totals({"mute": []}, 100)
    assert line.endswith("| 0 | — |")


@needs_data
def test_the_longer_the_silence_the_dearer_under_every_edition() -> None:
    some = read_complaints()[:20]
    for edition in all_editions():
        events = complaints(edition, some)
        after = [breaches_after(edition.terms(), events, silence) for silence in SILENCE.values()]
        assert after == sorted(after)
        assert after[-1] >= len(some)


@needs_data
def test_the_page_in_the_documentation_is_what_comes_out() -> None:
    """`python -m tests.engine.editions_compared` writes it anew."""
    assert PAGE.read_text("utf-8") == page(read_log(), read_complaints())
