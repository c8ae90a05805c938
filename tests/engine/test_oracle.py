"""The oracle against cases worked by hand, each from a sentence of the specification."""

import tomllib
from datetime import datetime
from typing import Any

from hypothesis import given, settings

from tests.engine.generate import Case, case_of, cases, edition_toml, sha256_of, smallest
from tests.engine.oracle import judge

Json = dict[str, Any]

HEAD = """
[edition]
id = "worked"
title = { en = "Worked by hand" }
version = "1"
[[clause]]
number = "1"
text = { en = "What is owed." }
"""
ANSWER = """
[[duty]]
id = "answer"
clause = "1"
when = "complaint.received"
done = "complaint.replied"
cancel = "complaint.withdrawn"
"""
TRAIN = """
[[duty]]
id = "train"
clause = "1"
done = "training.held"
"""
LATER = "2026-12-01T00:00"


def edition(*parts: str) -> Json:
    return tomllib.loads(HEAD + "\n".join(parts))


def event(kind: str, at: str, subject: str = "complaint:1", refs: tuple[str, ...] = (), **more: Any) -> Json:
    happened: Json = {"type": kind, "subject": subject, "at": at + "+08:00", "refs": [*refs], "data": more}
    if "own_id" in more:
        happened["id"] = more.pop("own_id")
    return happened


def received(at: str, **more: Any) -> Json:
    return event("complaint.received", at, **more)


def replied(at: str, **more: Any) -> Json:
    return event("complaint.replied", at, **more)


def effective(at: str, **more: Any) -> Json:
    return event("contract.effective", at, "contract:1", **more)


def held(at: str, **more: Any) -> Json:
    return event("training.held", at, "contract:1", **more)


def declared(at: str, number: int = 1, **more: Any) -> Json:
    return event("force_majeure.declared", at, f"force_majeure:{number}", **more)


def lifted(at: str, number: int = 1) -> Json:
    return event("force_majeure.lifted", at, f"force_majeure:{number}")


def extended(duty: str, at: str, until: str, subject: str = "complaint:1", **more: Any) -> Json:
    return event("duty.extended", at, subject, duty=duty, until=until + "+08:00", **more)


def short(at: str | None) -> str | None:
    return at.removesuffix("+08:00").removesuffix(":00") if at is not None else None


def judged(terms: Json, events: list[Json], now: str = LATER, **more: Any) -> list[Json]:
    clocks = judge(terms, events, datetime.fromisoformat(now + "+08:00"), **more)
    for clock in clocks:
        for key in ("opened", "due", "closed", "first_due"):
            if key in clock:
                clock[key] = short(clock[key])
    return clocks


def column(clocks: list[Json], *keys: str) -> list[Any]:
    return [tuple(clock[key] for key in keys) if len(keys) > 1 else clock[keys[0]] for clock in clocks]


def due_of(within: str, at: str) -> str:
    """Where a deadline falls, with a mark if it is provisional."""
    clock = judged(edition(ANSWER, f'within = "{within}"'), [received(at)], now=at)[0]
    return f"{clock['due']}{' provisional' if clock.get('provisional') else ''}"


# ---- Durations --------------------------------------------------------------------------


def test_hours_run_through_nights_and_holidays() -> None:
    assert due_of("24h", "2026-02-15T10:00") == "2026-02-16T10:00"
    assert due_of("30min", "2026-02-15T23:45") == "2026-02-16T00:15"
    assert due_of("0h", "2026-02-15T23:45") == "2026-02-15T23:45"


def test_five_working_days_count_make_up_days_and_skip_holidays() -> None:
    # 29 and 30 September, 8, 9 and Saturday 10 October.
    assert due_of("5wd", "2026-09-28T15:00") == "2026-10-11T00:00"
    # 13 and Saturday 14 February, 24, 25, 26.
    assert due_of("5wd", "2026-02-12T15:00") == "2026-02-27T00:00"


def test_a_last_day_on_a_holiday_moves_to_the_next_working_day() -> None:
    assert due_of("30d", "2026-09-07T15:00") == "2026-10-09T00:00"  # 7 October → 8 October
    assert due_of("5d", "2026-02-23T15:00") == "2026-03-01T00:00"  # Saturday 28 February is worked
    assert due_of("5d", "2026-03-02T15:00") == "2026-03-10T00:00"  # Saturday 7 March → Monday


def test_months_end_on_the_corresponding_day_or_the_last() -> None:
    assert due_of("1mo", "2026-01-31T10:00") == "2026-03-01T00:00"
    assert due_of("1mo", "2024-01-31T10:00") == "2024-03-01T00:00"
    assert due_of("1y", "2024-02-29T10:00") == "2025-03-01T00:00"
    assert due_of("1q", "2025-11-30T10:00") == "2026-03-01T00:00"


def test_the_day_of_the_start_is_not_counted_even_from_midnight() -> None:
    assert due_of("1d", "2026-03-02T00:00") == "2026-03-04T00:00"
    assert due_of("1d", "2026-03-02T23:59") == "2026-03-04T00:00"


def test_no_day_at_all_is_the_day_of_the_start_or_the_next_working_day() -> None:
    assert due_of("0d", "2026-03-02T10:00") == "2026-03-03T00:00"
    assert due_of("0d", "2026-03-01T10:00") == "2026-03-03T00:00"
    assert due_of("0wd", "2026-03-01T10:00") == "2026-03-03T00:00"


def test_a_deadline_counted_over_an_unpublished_year_is_provisional() -> None:
    # 31 December, 4, 5, 6, 7 January.
    assert due_of("5wd", "2026-12-30T10:00") == "2027-01-08T00:00 provisional"
    assert due_of("1wd", "2026-12-30T10:00") == "2027-01-01T00:00"
    assert due_of("24h", "2027-01-02T10:00") == "2027-01-03T10:00"


def test_a_published_calendar_moves_provisional_clocks_that_run_and_no_others() -> None:
    terms = edition(ANSWER, 'within = "5wd"')
    published = event(
        "calendar.published", "2026-12-31T12:00", "calendar:CN", year=2027, off=["2027-01-01"], work=["2027-01-03"]
    )
    events = [
        received("2026-12-30T10:00"),
        received("2026-12-30T10:00", subject="complaint:2"),
        replied("2026-12-30T11:00", subject="complaint:2"),
        published,
    ]
    first, second = judged(terms, events, now="2027-01-05T00:00")
    assert (first["due"], first["state"]) == ("2027-01-07T00:00", "open")
    assert "provisional" not in first
    assert (second["due"], second["state"], second["provisional"]) == ("2027-01-08T00:00", "fulfilled", True)


def test_times_are_printed_in_the_zone_of_the_edition() -> None:
    terms = edition(ANSWER, 'within = "1d"')
    terms["edition"]["timezone"] = "Europe/Berlin"
    # Already the 3rd in Shanghai, still the 2nd in Berlin.
    [clock] = judge(terms, [received("2026-03-03T02:00")], datetime.fromisoformat("2026-03-03T02:00+08:00"))
    assert (clock["opened"], clock["due"]) == ("2026-03-02T19:00:00+01:00", "2026-03-04T00:00:00+01:00")


# ---- Starting, fulfilling, breaching, discharging ------------------------------------------


def test_at_the_very_second_is_in_time_and_one_second_later_is_late() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    for at, state in [("2026-02-03T10:00", "fulfilled"), ("2026-02-03T10:00:01", "late")]:
        [clock] = judged(terms, [received("2026-02-02T10:00"), replied(at)])
        assert (clock["due"], clock["state"], clock["closed"]) == ("2026-02-03T10:00", state, at)


def test_a_clock_is_open_at_its_due_and_breached_after() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    for now, state in [("2026-02-03T10:00", "open"), ("2026-02-03T10:00:01", "breached")]:
        assert column(judged(terms, [received("2026-02-02T10:00")], now), "state", "closed") == [(state, None)]


def test_no_second_clock_starts_while_one_is_open_or_breached() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [received("2026-02-02T10:00"), received("2026-02-02T11:00"), received("2026-02-05T10:00")]
    assert column(judged(terms, events), "opened") == ["2026-02-02T10:00"]
    events += [replied("2026-02-06T10:00"), received("2026-02-06T10:00")]
    assert column(judged(terms, events, "2026-02-06T10:00"), "index", "state") == [(0, "late"), (1, "open")]


def test_a_cancel_discharges_an_open_clock_and_leaves_a_breached_one() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    withdrawn = event("complaint.withdrawn", "2026-02-03T10:00")
    [clock] = judged(terms, [received("2026-02-02T10:00"), withdrawn, replied("2026-02-03T11:00")])
    assert (clock["state"], clock["closed"]) == ("discharged", "2026-02-03T10:00")
    [clock] = judged(terms, [received("2026-02-02T09:00"), withdrawn])
    assert (clock["state"], clock["closed"]) == ("breached", None)


def test_what_is_done_before_the_start_does_not_count() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [replied("2026-02-02T09:00"), received("2026-02-02T10:00")]
    assert column(judged(terms, events, "2026-02-02T12:00"), "state") == ["open"]


def test_an_event_fulfils_the_clocks_of_all_that_it_concerns_and_starts_one_on_its_subject_only() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00", refs=("complaint:3",)),
        received("2026-02-02T10:00", subject="complaint:2"),
        replied("2026-02-02T11:00", subject="message:1", refs=("complaint:1", "complaint:2")),
    ]
    clocks = judged(terms, events)
    assert column(clocks, "subject", "state") == [("complaint:1", "fulfilled"), ("complaint:2", "fulfilled")]


def test_patterns_match_values_of_the_same_type_and_nothing_that_is_lacking() -> None:
    terms = edition(
        '[[parameter]]\nkey = "grade"\nclause = "1"\ndefault = "a"',
        '[[duty]]\nid = "praise"\nclause = "1"\nwithin = "1d"\ndone = "award.given"',
        'when = { event = "training.held", passed = true, grade = ["$grade", "b"] }',
    )

    def opens(**more: Any) -> bool:
        return bool(judged(terms, [held("2026-02-02T10:00", **more)]))

    assert opens(passed=True, grade="a")
    assert opens(passed=True, grade="b")
    assert not opens(passed=True, grade="$grade")
    assert not opens(passed=1, grade="a")
    assert not opens(passed=True)
    assert judged(terms, [held("2026-02-02T10:00", passed=True, grade="c")], parameters={"grade": "c"})


def test_clocks_are_printed_by_duty_as_in_the_edition_then_by_subject_as_text() -> None:
    terms = edition(ANSWER, 'within = "24h"', TRAIN, 'within = "1d"')
    subjects = ["complaint:2", "complaint:10", "complaint:1"]
    events = [effective("2026-02-02T09:00")]
    events += [received("2026-02-02T10:00", subject=subject) for subject in subjects]
    assert column(judged(terms, events), "duty", "subject") == [
        ("answer", "complaint:1"),
        ("answer", "complaint:10"),
        ("answer", "complaint:2"),
        ("train", "contract:1"),
    ]


# ---- `from` -----------------------------------------------------------------------------

REPLY_TO_MAJOR = """
[[duty]]
id = "reply-major"
clause = "1"
when = { event = "complaint.assessed", severity = "major" }
from = "complaint.received"
within = "24h"
done = "complaint.replied"
cancel = { event = "complaint.assessed", severity = "minor" }
"""


def assessed(at: str, severity: str) -> Json:
    return event("complaint.assessed", at, severity=severity)


def test_a_clock_with_from_runs_from_the_earlier_event() -> None:
    terms = edition(REPLY_TO_MAJOR)
    events = [received("2026-02-02T10:00"), assessed("2026-02-02T20:00", "major")]
    assert column(judged(terms, events, "2026-02-03T10:00"), "opened", "due", "state") == [
        ("2026-02-02T10:00", "2026-02-03T10:00", "open")
    ]
    events = [received("2026-02-02T10:00"), assessed("2026-02-04T20:00", "major"), replied("2026-02-05T10:00")]
    assert column(judged(terms, events), "state", "closed") == [("late", "2026-02-05T10:00")]
    assert column(judged(terms, events[1:2], "2026-02-04T20:00"), "opened") == ["2026-02-04T20:00"]


def test_an_earlier_fulfilment_ends_a_clock_with_from_at_once_and_for_good() -> None:
    terms = edition(REPLY_TO_MAJOR)
    events = [
        received("2026-02-02T10:00"),
        replied("2026-02-02T15:00"),
        assessed("2026-02-02T20:00", "major"),
        assessed("2026-02-02T21:00", "minor"),
        assessed("2026-02-02T22:00", "major"),
    ]
    assert column(judged(terms, events), "index", "state", "closed") == [(0, "fulfilled", "2026-02-02T15:00")]


def test_grading_down_and_up_again_opens_a_second_clock_on_the_same_receipt() -> None:
    terms = edition(REPLY_TO_MAJOR)
    events = [
        received("2026-02-02T10:00"),
        assessed("2026-02-02T20:00", "minor"),  # a cancel before the start
        assessed("2026-02-02T21:00", "major"),
        assessed("2026-02-02T22:00", "minor"),
        assessed("2026-02-02T23:00", "major"),
    ]
    clocks = judged(terms, events, "2026-02-03T00:00")
    assert column(clocks, "index", "opened", "state") == [
        (0, "2026-02-02T10:00", "discharged"),
        (1, "2026-02-02T10:00", "open"),
    ]


def test_suspensions_since_the_opening_count_for_a_clock_with_from() -> None:
    terms = edition(REPLY_TO_MAJOR)
    events = [
        received("2026-02-02T10:00"),
        declared("2026-02-02T12:00"),
        lifted("2026-02-02T18:00"),
        assessed("2026-02-02T20:00", "major"),
    ]
    [clock] = judged(terms, events, "2026-02-02T20:00")
    assert (clock["due"], clock["state"]) == ("2026-02-03T16:00", "open")
    assert "first_due" not in clock
    events = [received("2026-02-02T10:00"), declared("2026-02-04T10:00"), assessed("2026-02-04T11:00", "major")]
    assert column(judged(terms, events), "state") == ["breached"]


# ---- Force majeure ----------------------------------------------------------------------


def test_force_majeure_adds_the_part_that_lies_after_the_opening() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00"),
        declared("2026-02-02T20:00"),
        received("2026-02-02T22:00", subject="complaint:2"),
        declared("2026-02-03T01:00", 2),
        lifted("2026-02-03T08:00:05"),
    ]
    assert column(judged(terms, events, "2026-02-03T09:00"), "due", "state") == [
        ("2026-02-03T22:00:05", "open"),
        ("2026-02-04T08:00:05", "open"),
    ]
    assert column(judged(terms, events, "2026-02-03T08:00"), "due", "state") == [
        ("2026-02-03T10:00", "suspended"),
        ("2026-02-03T22:00", "suspended"),
    ]


def test_a_clock_that_ends_while_suspended_keeps_its_due() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00"),
        declared("2026-02-03T10:00"),  # not before the due
        replied("2026-02-09T10:00"),
        lifted("2026-02-10T10:00"),
    ]
    assert column(judged(terms, events), "due", "state") == [("2026-02-03T10:00", "fulfilled")]
    events[1] = declared("2026-02-03T10:00:01")
    assert column(judged(terms, events), "due", "state") == [("2026-02-03T10:00", "late")]


def test_prohibitions_and_duties_through_force_majeure_are_not_suspended() -> None:
    terms = edition(
        ANSWER,
        'within = "24h"\nthrough_force_majeure = true',
        '[[duty]]\nid = "silence"\nclause = "1"\nwhen = "complaint.received"\nforbid = "secret.disclosed"\nwithin = "24h"',
    )
    events = [received("2026-02-02T10:00"), declared("2026-02-02T12:00")]
    assert column(judged(terms, events), "state", "closed") == [("breached", None), ("fulfilled", "2026-02-03T10:00")]


def test_a_fallen_declaration_was_never_made_and_the_next_one_stands_in_its_place() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [received("2026-02-02T10:00"), declared("2026-02-02T12:00")]
    fallen = event("force_majeure.fallen", "2026-02-20T10:00", "force_majeure:1")
    assert column(judged(terms, [*events, fallen]), "state") == ["breached"]
    events += [declared("2026-02-02T14:00", 2), lifted("2026-02-03T14:00", 2)]
    assert column(judged(terms, events), "due") == ["2026-02-04T12:00"]
    assert column(judged(terms, [*events, fallen]), "due") == ["2026-02-04T10:00"]


# ---- Extension and excuse ---------------------------------------------------------------


def test_an_extension_moves_the_due_only_later_and_keeps_the_first() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [received("2026-02-02T10:00"), extended("answer", "2026-02-02T11:00", "2026-02-03T09:00")]
    assert "first_due" not in judged(terms, events)[0]
    events += [
        extended("answer", "2026-02-02T12:00", "2026-02-05T10:00"),
        extended("answer", "2026-02-02T12:00", "2026-02-07T10:00", subject="complaint:2"),
        extended("answer", "2026-02-02T12:00", "2026-02-07T10:00", index=1),
    ]
    assert column(judged(terms, events, "2026-02-05T10:00"), "due", "first_due", "state") == [
        ("2026-02-05T10:00", "2026-02-03T10:00", "open")
    ]
    too_late = [events[0], extended("answer", "2026-02-03T10:00:01", "2026-02-05T10:00")]
    assert column(judged(terms, too_late), "due", "state") == [("2026-02-03T10:00", "breached")]


def test_lifting_adds_to_an_extended_due() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00"),
        declared("2026-02-02T12:00"),
        extended("answer", "2026-02-02T13:00", "2026-02-05T10:00"),
        lifted("2026-02-02T14:00"),
    ]
    assert column(judged(terms, events, "2026-02-03T00:00"), "due", "first_due") == [
        ("2026-02-05T12:00", "2026-02-03T10:00")
    ]


def test_an_excuse_ends_a_breached_clock_but_a_breached_period_only_by_its_index() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00"),
        event("duty.excused", "2026-02-09T10:00", duty="answer", reason="agreed"),
        replied("2026-02-10T10:00"),
    ]
    assert column(judged(terms, events), "state", "closed") == [("excused", "2026-02-09T10:00")]

    terms = edition(TRAIN, 'every = "1w"')
    excused = event("duty.excused", "2026-02-12T10:00", "contract:1", duty="train", reason="agreed")
    events = [effective("2026-02-02T10:00"), excused]
    assert column(judged(terms, events, "2026-02-13T10:00"), "state") == ["breached", "excused"]
    excused["data"]["index"] = 0
    assert column(judged(terms, events, "2026-02-13T10:00"), "state") == ["excused", "open"]


# ---- Recurring duties -------------------------------------------------------------------


def test_periods_are_counted_from_the_start_and_do_not_drift() -> None:
    terms = edition(TRAIN, 'every = "1mo"')
    clocks = judged(terms, [effective("2026-01-31T10:00")], "2026-05-01T00:00")
    assert column(clocks, "index", "opened", "due", "state") == [
        (0, "2026-01-31T10:00", "2026-03-01T00:00", "breached"),
        (1, "2026-03-01T00:00", "2026-04-01T00:00", "breached"),
        (2, "2026-04-01T00:00", "2026-05-01T00:00", "open"),
        (3, "2026-05-01T00:00", "2026-06-01T00:00", "open"),
    ]


def test_grace_counts_from_the_day_after_the_period_and_moves_for_holidays() -> None:
    events = [effective("2026-01-05T10:00")]

    def dues(grace: str) -> list[str]:
        terms = edition(TRAIN, f'every = "1mo"\nalign = "calendar"\ngrace = "{grace}"')
        return column(judged(terms, events, "2026-03-02T10:00"), "due")

    # The periods end at 24:00 of Saturday 31 January, 28 February, 31 March.
    assert dues("1d") == ["2026-02-03T00:00", "2026-03-03T00:00", "2026-04-02T00:00"]
    assert dues("2wd") == ["2026-02-04T00:00", "2026-03-04T00:00", "2026-04-03T00:00"]
    assert dues("0d") == ["2026-02-03T00:00", "2026-03-01T00:00", "2026-04-01T00:00"]
    assert dues("24h") == ["2026-02-02T00:00", "2026-03-02T00:00", "2026-04-02T00:00"]


def test_calendar_periods_of_several_units_begin_with_what_is_left_of_the_current_one() -> None:
    events = [effective("2026-02-15T10:00")]

    def dues(every: str) -> list[str]:
        terms = edition(TRAIN, f'every = "{every}"\nalign = "calendar"')
        return column(judged(terms, events, "2026-05-15T00:00"), "due")

    assert dues("2mo") == ["2026-03-01T00:00", "2026-05-01T00:00", "2026-07-01T00:00"]
    assert dues("1q") == ["2026-04-01T00:00", "2026-07-01T00:00"]
    assert dues("1y") == ["2027-01-01T00:00"]


def test_an_event_counts_for_the_earliest_period_that_is_open_and_surplus_is_lost() -> None:
    terms = edition(TRAIN, 'every = "1mo"\nalign = "calendar"\ngrace = "5d"\ncount = 2')
    events = [
        effective("2026-03-10T10:00"),
        held("2026-03-11T10:00"),
        held("2026-04-02T10:00"),
        held("2026-04-02T11:00"),
    ]
    clocks = judged(terms, events, "2026-04-10T10:00")
    assert column(clocks, "state", "closed") == [("fulfilled", "2026-04-02T10:00"), ("open", None)]
    clocks = judged(terms, [*events, *events[1:]], "2026-05-20T10:00")
    assert column(clocks, "state", "closed") == [
        ("fulfilled", "2026-03-11T10:00"),
        ("fulfilled", "2026-04-02T10:00"),
        ("open", None),
    ]


def test_a_missed_period_is_never_late() -> None:
    terms = edition(TRAIN, 'every = "1w"')
    events = [effective("2026-03-02T10:00"), held("2026-03-10T10:00")]
    assert column(judged(terms, events, "2026-03-11T00:00"), "state") == ["breached", "fulfilled"]


def test_until_discharges_what_has_not_ended_and_leaves_a_period_in_grace() -> None:
    terms = edition(TRAIN, 'every = "1mo"\nalign = "calendar"\ngrace = "5d"')
    events = [
        effective("2026-03-10T10:00"),
        event("contract.ended", "2026-04-02T10:00", "contract:2"),
        held("2026-04-03T10:00"),
    ]
    assert column(judged(terms, events), "state", "closed") == [
        ("fulfilled", "2026-04-03T10:00"),
        ("discharged", "2026-04-02T10:00"),
    ]


def test_a_later_start_begins_a_new_series_whose_indices_go_on() -> None:
    terms = edition(TRAIN, 'every = "1w"\nwhen = "training.planned"\nuntil = "training.adjusted"')
    events = [
        event("training.planned", "2026-03-02T10:00", "contract:1"),
        event("training.planned", "2026-03-03T10:00", "contract:1"),  # one series runs at a time
        event("training.adjusted", "2026-03-04T10:00", "contract:1"),
        event("training.planned", "2026-03-05T10:00", "contract:1"),
    ]
    assert column(judged(terms, events, "2026-03-06T00:00"), "index", "opened", "due", "state") == [
        (0, "2026-03-02T10:00", "2026-03-10T00:00", "discharged"),
        (1, "2026-03-05T10:00", "2026-03-13T00:00", "open"),
    ]


def test_suspension_moves_the_due_of_a_period_and_not_its_end() -> None:
    terms = edition(TRAIN, 'every = "1w"')
    events = [effective("2026-03-02T10:00"), declared("2026-03-04T00:00"), lifted("2026-03-11T00:00")]
    assert column(judged(terms, events, "2026-03-12T00:00"), "opened", "due", "state") == [
        ("2026-03-02T10:00", "2026-03-17T00:00", "open"),
        ("2026-03-10T00:00", "2026-03-18T00:00", "open"),
    ]


# ---- Prohibitions -----------------------------------------------------------------------


def test_a_prohibition_is_breached_by_the_event_or_fulfilled_when_its_time_passes() -> None:
    terms = edition(
        '[[duty]]\nid = "silence"\nclause = "1"\nwhen = "complaint.received"\nforbid = "secret.disclosed"\nwithin = "24h"'
    )
    for at, state, closed in [
        ("2026-02-03T10:00", "breached", None),
        ("2026-02-03T10:00:01", "fulfilled", "2026-02-03T10:00"),
    ]:
        events = [received("2026-02-02T10:00"), event("secret.disclosed", at)]
        assert column(judged(terms, events), "state", "closed") == [(state, closed)]
    assert column(judged(terms, events, "2026-02-03T10:00"), "state", "closed") == [("open", None)]


# ---- Versions and the end ---------------------------------------------------------------


def test_an_amendment_governs_what_starts_at_or_after_it() -> None:
    terms = edition('[[parameter]]\nkey = "allowed"\nclause = "1"\ndefault = "24h"', ANSWER, 'within = "$allowed"')
    amended = event("contract.amended", "2026-02-02T12:00", "contract:1", parameters={"allowed": "48h", "other": 1})
    events = [
        received("2026-02-02T10:00"),
        received("2026-02-02T12:00", subject="complaint:2"),
        amended,
        received("2026-02-02T12:00", subject="complaint:3"),
    ]
    dues = column(judged(terms, events), "due")
    assert dues == ["2026-02-03T10:00", "2026-02-03T12:00", "2026-02-04T12:00"]
    dues = column(judged(terms, events, parameters={"allowed": "1h"}), "due")
    assert dues == ["2026-02-02T11:00", "2026-02-02T13:00", "2026-02-04T12:00"]


def test_a_new_rhythm_counts_from_where_the_old_period_ends() -> None:
    before, after = edition(TRAIN, 'every = "1w"'), edition(TRAIN, 'every = "2w"\ncount = 2')
    amended = event("contract.amended", "2026-03-10T00:00", "contract:1", edition=sha256_of(after))
    clocks = judged(
        before, [effective("2026-03-02T10:00"), amended], "2026-03-24T00:00", amended={sha256_of(after): after}
    )
    assert column(clocks, "opened", "due") == [
        ("2026-03-02T10:00", "2026-03-10T00:00"),
        ("2026-03-10T00:00", "2026-03-24T00:00"),
        ("2026-03-24T00:00", "2026-04-07T00:00"),
    ]


def test_a_duty_that_an_amendment_leaves_out_runs_on_and_begins_no_more_periods() -> None:
    before, after = edition(TRAIN, 'every = "1w"', ANSWER, 'within = "1w"'), edition()
    amended = event("contract.amended", "2026-03-04T00:00", "contract:1", edition=sha256_of(after))
    events = [effective("2026-03-02T10:00"), received("2026-03-03T10:00"), amended, replied("2026-03-05T10:00")]
    clocks = judged(before, [*events, received("2026-03-06T10:00")], amended={sha256_of(after): after})
    assert column(clocks, "duty", "state") == [("train", "breached"), ("answer", "fulfilled")]


def test_after_the_end_nothing_starts_but_what_survives_and_what_the_end_itself_starts() -> None:
    terms = edition(
        ANSWER,
        'within = "24h"',
        '[[duty]]\nid = "secrecy"\nclause = "1"\nwhen = "complaint.received"\nforbid = "secret.disclosed"\nwithin = "1y"',
        "survives = true",
        '[[duty]]\nid = "hand-over"\nclause = "1"\nwhen = "contract.ended"\ndone = "contract.settled"\nwithin = "1mo"',
    )
    events = [
        event("contract.ended", "2026-02-02T10:00", "contract:1"),
        received("2026-02-02T10:00"),
        event("contract.ended", "2026-02-03T10:00", "contract:2"),
    ]
    assert column(judged(terms, events), "duty", "subject") == [
        ("secrecy", "complaint:1"),
        ("hand-over", "contract:1"),
    ]


# ---- Order, late records, annulments -------------------------------------------------------


def test_events_of_one_moment_keep_the_order_of_the_file_and_late_records_their_place() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    start, reply = received("2026-02-02T10:00"), replied("2026-02-02T10:00")
    assert column(judged(terms, [start, reply]), "state") == ["fulfilled"]
    assert column(judged(terms, [reply, start]), "state") == ["breached"]
    assert column(judged(terms, [replied("2026-02-02T10:01"), start]), "state") == ["fulfilled"]
    assert judged(terms, [start], "2026-02-02T09:59") == []


def test_an_annulled_event_never_happened_unless_the_annulment_is_annulled() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00"),
        replied("2026-02-02T11:00", own_id="reply"),
        event("event.annulled", "2026-02-05T10:00", own_id="first", id="reply"),
        event("event.annulled", "2026-02-06T10:00", own_id="second", id="first"),
    ]
    assert column(judged(terms, events[:2]), "state") == ["fulfilled"]
    assert column(judged(terms, events[:3]), "state") == ["breached"]
    assert column(judged(terms, events), "state") == ["fulfilled"]


def test_a_second_event_of_one_id_is_passed_over() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    events = [
        received("2026-02-02T10:00", own_id="a"),
        replied("2026-02-02T12:00", own_id="b"),
        replied("2026-02-02T11:00", own_id="b"),
        received("2026-02-02T13:00", own_id="a"),
    ]
    assert column(judged(terms, events), "closed") == ["2026-02-02T12:00"]


# ---- The generator ----------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=50)
@given(cases())
def test_a_generated_edition_is_read_back_as_it_was_and_can_be_judged(case: Case) -> None:
    assert tomllib.loads(case.edition_bytes().decode()) == case.edition
    clocks = judge(case.edition, case.events, case.now, case.parameters, case.amended)
    names = [duty["id"] for terms in [case.edition, *case.amended.values()] for duty in terms["duty"]]
    keys = [(names.index(clock["duty"]), clock["subject"], clock["index"]) for clock in clocks]
    assert keys == sorted(set(keys))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(cases(amendments=0))
def test_a_later_look_never_undoes_what_has_ended(case: Case) -> None:
    """As long as nothing more is recorded; `open` and `suspended` may change, nothing else."""
    moments = [datetime.fromisoformat(event["at"]) for event in case.events]
    now = max([case.now, *moments])
    later = {
        (clock["duty"], clock["subject"], clock["index"]): clock
        for clock in judge(case.edition, case.events, now.replace(year=2028), case.parameters)
    }
    for clock in judge(case.edition, case.events, now, case.parameters):
        after = later[clock["duty"], clock["subject"], clock["index"]]
        assert (after["opened"], after["due"]) == (clock["opened"], clock["due"])
        if clock["state"] != "open":
            assert after == clock


def test_the_toml_of_an_edition_is_what_its_hash_names() -> None:
    terms = edition(ANSWER, 'within = "24h"')
    assert tomllib.loads(edition_toml(terms)) == terms
    assert sha256_of(terms) == sha256_of(tomllib.loads(edition_toml(terms)))


def test_a_failing_case_is_made_small() -> None:
    def has_a_late_clock(case: Case) -> bool:
        clocks = judge(case.edition, case.events, case.now, case.parameters, case.amended)
        return any(clock["state"] == "late" for clock in clocks)

    case = next(case for case in map(case_of, range(1000)) if has_a_late_clock(case) and len(case.events) > 10)
    small = smallest(case, has_a_late_clock)
    assert has_a_late_clock(small)
    assert (len(small.events), len(small.edition["duty"])) == (2, 1)
