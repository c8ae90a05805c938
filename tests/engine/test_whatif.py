"""What other terms would have made of the same history."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore.engine import Edition, load_edition
from encore.engine.moments import from_datetime
from encore.engine.whatif import (
    Comparison,
    Difference,
    Findings,
    History,
    Variation,
    compare,
    in_one_pass,
    one_by_one,
    vary,
    was_breached,
)
from tests.engine.generate import CHINA, Case, Json, Pick, case_of, cases, chance, edition_toml
from tests.engine.incidents import ktv_b
from tests.engine.judging import editions_of, lines_of, terms_of

NOW = datetime(2026, 3, 10, tzinfo=CHINA)


def duty(id: str, clause: str, **keys: Any) -> Json:
    return {"id": id, "clause": clause, "when": "complaint.received", "done": "complaint.replied", **keys}


INFORM = duty("inform", "3", done="complaint.progress_sent", every="$pace", until="complaint.replied")
ANSWER = duty("answer", "1", within="$time")
VERIFY = duty("verify", "1", done="complaint.verified", within="$time", cancel="complaint.withdrawn")
REPLY = duty("reply", "2", when="complaint.assessed", **{"from": "complaint.received"}, within="$time")
PROVE = duty("prove", "2", when="force_majeure.declared", within="$time", through_force_majeure=True)
PLAN = duty("plan", "3", when="complaint.assessed", done="complaint.planned", within="24h")
QUIET = {key: value for key, value in duty("quiet", "4", within="$time", forbid="complaint.escalated").items() if key != "done"}  # fmt: skip


def edition(*duties: Json, time: str = "24h", pace: str = "24h", id: str = "written") -> Edition:
    written: Json = {
        "edition": {"id": id, "title": {"en": "Written for a test"}, "version": "1"},
        "clause": [{"number": number, "text": {"en": f"What clause {number} lays down."}} for number in "1234"],
        "parameter": [
            {"key": "time", "clause": "1", "kind": "duration", "default": time},
            {"key": "pace", "clause": "3", "kind": "duration", "default": pace},
            {"key": "debtor", "clause": "1", "kind": "text", "default": "venue"},
        ],
        "duty": list(duties),
    }
    return load_edition(edition_toml(written).encode(), f"{id}.toml")


def event(kind: str, at: str, subject: str = "complaint:1", **more: Any) -> Json:
    """`at`: day and hour of March 2026, such as 02T10."""
    return {"type": kind, "subject": subject, "at": f"2026-03-{at}:00:00+08:00", **more}


def history(*events: Json, now: datetime = NOW, heeding: bool = True, **editions: Edition) -> History:
    return History(lines_of(events), from_datetime(now), editions, heeding)


def between(here: Edition, there: Edition, happened: History, **parameters: object) -> Comparison:
    """From one edition to another, or to the same one with parameters."""
    return compare(Findings(happened.under(here.terms())), Findings(happened.under(there.terms(parameters))))


def swept(terms: Edition, key: str, values: Sequence[str], happened: History) -> list[Comparison] | None:
    return in_one_pass(Findings(happened.under(terms.terms())), Variation(terms.terms(), key, values), happened)


def changes(found: list[Comparison] | None) -> list[int]:
    assert found is not None
    return [comparison.total().change for comparison in found]


# ---- Two sides ----------------------------------------------------------------------------------

# Received on Monday 2 March at 10:00, told how it stands on the 4th at 09:00, answered on the 8th at 09:00.
ONE_COMPLAINT = [
    event("complaint.received", "02T10"),
    event("complaint.progress_sent", "04T09"),
    event("complaint.replied", "08T09"),
]


def test_under_a_pace_of_48_hours_the_same_history_would_have_cost_three_breaches_fewer() -> None:
    # Every day: days 1, 3, 4 and 5 pass in silence, the news comes in the second; the sixth is running when the answer comes.
    # Every two days: news in the first; the second ends on the 6th at 10:00 in silence; the third is running at the answer.
    inform = edition(INFORM)
    [found] = between(inform, inform, history(*ONE_COMPLAINT), pace="48h").duties.values()
    assert (found.here, found.there, found.change) == (4, 1, -3)
    # Periods 0, 1 and 2 are on both sides: breached, kept, breached as against kept, breached, discharged.
    assert (found.both, found.both_here, found.more, found.fewer) == (3, 2, 1, 2)
    assert (found.only_here, found.only_here_breached, found.only_there) == (3, 2, 0)


def test_with_36_hours_to_classify_edition_b_would_have_cost_three_breaches_fewer() -> None:
    # Verified at once; assessed after 30, 36 and 35 hours, which are late under its 24, and after 37, which is late anyway.
    events = []
    for number, assessed in enumerate(["03T16", "03T22", "03T21", "03T23"]):
        complaint = f"complaint:{number}"
        events += [event("complaint.received", "02T10", complaint), event("complaint.verified", "02T10", complaint)]
        events.append(event("complaint.assessed", assessed, complaint, data={"severity": "general"}))
    happened = history(*sorted(events, key=lambda one: str(one["at"])))
    found = between(ktv_b(), ktv_b(), happened, classification_time="36h")
    assert found.total().change == -3
    [row] = [row for row in found.by_clause() if row.difference]
    assert (row.here, row.there) == (ktv_b().parameters["classification_time"].clause,) * 2
    assert (row.difference.here, row.difference.there, row.difference.fewer) == (4, 1, 3)
    assert changes(swept(ktv_b(), "classification_time", ["12h", "24h", "30h", "36h", "37h"], happened)) == [
        *(0, 0, -1, -3, -4)
    ]


def test_what_was_late_counts_as_a_breach_and_what_is_still_open_does_not() -> None:
    happened = history(*ONE_COMPLAINT, event("complaint.received", "09T20", "complaint:2"))
    [found] = between(edition(ANSWER), edition(ANSWER), happened, time="143h").duties.values()
    # Answered 143 hours after it came in: late under 24 hours, in time to the very second under 143.
    assert (found.both, found.here, found.there) == (2, 1, 0)
    [found] = between(edition(ANSWER), edition(ANSWER), happened, time="142h").duties.values()
    assert found.there == 1


def test_an_excuse_does_not_undo_a_breach_that_came_before_it() -> None:
    excused = event("duty.excused", "05T10", data={"duty": "answer", "reason": "agreed"})
    happened = history(ONE_COMPLAINT[0], excused)
    [found] = between(edition(ANSWER), edition(ANSWER), happened, time="72h").duties.values()
    assert (found.here, found.there) == (1, 0)  # excused exactly 72 hours after it came in


def test_a_prohibition_that_was_violated_is_a_breach() -> None:
    escalated = history(ONE_COMPLAINT[0], event("complaint.escalated", "04T10"))
    [found] = between(edition(QUIET), edition(QUIET), escalated, time="48h").duties.values()
    assert (found.here, found.there, found.more) == (0, 1, 1)


def test_clocks_that_only_one_edition_knows_are_listed_apart() -> None:
    found = between(edition(ANSWER, INFORM), edition(ANSWER, PLAN), history(*ONE_COMPLAINT)).duties
    assert list(found) == ["answer", "inform", "plan"]
    assert found["answer"] == Difference(both=1, both_here=1)
    assert found["inform"] == Difference(only_here=6, only_here_breached=4)
    assert found["plan"] == Difference()  # nothing was assessed


def test_breaches_are_counted_by_the_clauses_that_a_duty_hangs_on_here_and_there() -> None:
    moved = {**ANSWER, "clause": "4"}
    rows = between(edition(ANSWER, VERIFY, INFORM), edition(moved, VERIFY), history(*ONE_COMPLAINT)).by_clause()
    assert [(row.here, row.there, row.duties, row.difference.change) for row in rows] == [
        ("1", "4", ["answer"], 0),
        ("1", "1", ["verify"], 0),
        ("3", None, ["inform"], -4),
    ]


def test_the_same_terms_differ_in_nothing() -> None:
    for seed in range(60):
        case = case_of(seed)
        happened = history_of(case)
        ours = Findings(happened.under(terms_of(case)))
        assert not compare(ours, Findings(happened.under(terms_of(case)))).total()


def test_what_an_event_says_of_the_terms_holds_on_both_sides_unless_it_is_passed_over() -> None:
    in_force = event("contract.effective", "01T00", "contract:1", data={"parameters": {"time": "36h"}})
    both = history(in_force, *ONE_COMPLAINT[:1], event("complaint.replied", "04T00"))
    [found] = between(edition(ANSWER), edition(ANSWER), both, time="48h").duties.values()
    assert (found.here, found.there) == (1, 1)  # 38 hours, 36 allowed
    passed_over = History(both.source, both.now, {}, heeding=False)
    [found] = between(edition(ANSWER), edition(ANSWER), passed_over, time="48h").duties.values()
    assert (found.here, found.there) == (1, 0)


@given(cases(), cases())
def test_a_comparison_counts_every_clock_of_either_side_once(case: Case, other: Case) -> None:
    happened = history_of(case, other)
    ours, theirs = happened.under(terms_of(case)), happened.under(terms_of(other))
    here = {(clock.duty, clock.subject, clock.index): was_breached(clock) for clock in ours.clocks()}
    there = {(clock.duty, clock.subject, clock.index): was_breached(clock) for clock in theirs.clocks()}
    found = compare(Findings(ours), Findings(theirs)).total()
    assert found == Difference(
        both=len(here.keys() & there.keys()),
        both_here=sum(here[key] for key in here.keys() & there.keys()),
        more=sum(there[key] > here[key] for key in here.keys() & there.keys()),
        fewer=sum(here[key] > there[key] for key in here.keys() & there.keys()),
        only_here=len(here.keys() - there.keys()),
        only_here_breached=sum(here[key] for key in here.keys() - there.keys()),
        only_there=len(there.keys() - here.keys()),
        only_there_breached=sum(there[key] for key in there.keys() - here.keys()),
    )
    assert (found.here, found.there) == (sum(here.values()), sum(there.values()))


def history_of(case: Case, *others: Case) -> History:
    """The case's events, which may name an edition of any of the cases."""
    editions = {sha: one for each in (case, *others) for sha, one in editions_of(each).items()}
    return History(lines_of(case.events), from_datetime(case.now), editions)


# ---- Many values in one pass --------------------------------------------------------------------

DECLARED = event("force_majeure.declared", "03T10", "force_majeure:1")
LIFTED = event("force_majeure.lifted", "05T10", "force_majeure:1")


def test_a_deadline_is_swept_in_one_pass() -> None:
    happened = history(*ONE_COMPLAINT, event("complaint.received", "09T00", "complaint:2"))
    # The first was answered after 143 hours, the second has been waiting for 24.
    assert changes(swept(edition(ANSWER, time="48h"), "time", ["23h", "24h", "142h", "143h"], happened)) == [
        1,
        0,
        0,
        -1,
    ]


def test_time_that_stood_still_is_left_out_of_the_sweep() -> None:
    # 143 hours, of which 48 of force majeure.
    happened = history(ONE_COMPLAINT[0], DECLARED, LIFTED, ONE_COMPLAINT[2])
    values = ["23h", "24h", "94h", "95h"]
    assert changes(swept(edition(ANSWER, time="1h"), "time", values, happened)) == [0, 0, 0, -1]
    # Still in force: 24 hours ran before it.
    assert changes(swept(edition(ANSWER, time="1h"), "time", values, history(ONE_COMPLAINT[0], DECLARED))) == [
        *(0, -1, -1, -1)
    ]


def test_days_are_counted_by_the_calendar_for_every_value() -> None:
    # Thursday 5 March; answered on Monday at 09:00: after 1d (Friday), within 2wd (Monday) and 2d (Saturday, so Monday).
    happened = history(event("complaint.received", "05T10"), event("complaint.replied", "09T09"))
    assert changes(swept(edition(ANSWER, time="1d"), "time", ["1d", "2d", "3d"], happened)) == [0, -1, -1]
    assert changes(swept(edition(ANSWER, time="1d"), "time", ["0wd", "1wd", "2wd"], happened)) == [0, 0, -1]


def test_a_withdrawal_hides_no_breach_from_the_sweep() -> None:
    # Withdrawn after 30 hours: a breach under 29 hours, none under 30 and more.
    happened = history(event("complaint.received", "02T10"), event("complaint.withdrawn", "03T16"))
    assert changes(swept(edition(VERIFY, time="1h"), "time", ["29h", "30h", "31h"], happened)) == [0, -1, -1]
    # The other way round: what the first side counts as a breach, longer values do not.
    assert changes(swept(edition(VERIFY, time="48h"), "time", ["29h", "48h"], happened)) == [1, 0]


def test_a_parameter_that_moves_no_clock_is_swept_in_one_pass() -> None:
    owed = edition({**ANSWER, "owed_by": "$debtor"}, VERIFY)
    assert changes(swept(owed, "debtor", ["venue", "agency"], history(*ONE_COMPLAINT))) == [0, 0]


AGAIN = [
    event("complaint.received", "02T10"),
    event("complaint.withdrawn", "03T16"),
    event("complaint.received", "04T10"),
]
EXTENDED = event("duty.extended", "02T11", data={"duty": "answer", "until": "2026-03-20T10:00:00+08:00"})
SET = event("contract.amended", "05T00", "contract:1", data={"parameters": {"time": "1h"}})
PUBLISHED = event("calendar.published", "02T11", "calendar:CN", data={"year": 2026, "off": ["2026-03-05"]})


@pytest.mark.parametrize(
    ("duties", "values", "events"),
    [
        pytest.param([INFORM, {**ANSWER, "within": "$pace"}], ["24h", "48h"], ONE_COMPLAINT, id="periods"),
        pytest.param([QUIET], ["24h", "48h"], ONE_COMPLAINT, id="prohibitions"),
        pytest.param([ANSWER], ["24h", "1d"], ONE_COMPLAINT, id="hours and days"),
        pytest.param([ANSWER], ["24h", "48h"], [*ONE_COMPLAINT[:1], EXTENDED], id="an extension"),
        pytest.param([ANSWER], ["24h", "48h"], [*ONE_COMPLAINT, SET], id="an amendment that sets it"),
        pytest.param([ANSWER], ["3wd", "4wd"], [ONE_COMPLAINT[0], PUBLISHED], id="a published calendar"),
        pytest.param([VERIFY], ["29h", "48h"], AGAIN, id="a start that a breach would have kept away"),
    ],
)
def test_what_one_pass_cannot_say_is_judged_again(duties: list[Json], values: list[str], events: list[Json]) -> None:
    terms, happened = edition(*duties), history(*events)
    key = "pace" if INFORM in duties else "time"
    here = Findings(happened.under(terms.terms()))
    variation = Variation(terms.terms(), key, values)
    assert in_one_pass(here, variation, happened) is None
    assert vary(here, variation, happened) == [between(terms, terms, happened, **{key: value}) for value in values]


def test_where_every_value_would_have_let_it_start_a_second_start_is_no_obstacle() -> None:
    assert changes(swept(edition(VERIFY, time="30h"), "time", ["30h", "48h"], history(*AGAIN))) == [0, 0]


def test_an_amendment_that_leaves_the_parameter_alone_is_no_obstacle() -> None:
    amended = edition(ANSWER, id="amended")
    events = [
        event("contract.effective", "01T00", "contract:1", data={"edition": "sha", "parameters": {"pace": "36h"}}),
        *ONE_COMPLAINT,
    ]
    assert changes(swept(edition(ANSWER), "time", ["24h", "143h"], history(*events, sha=amended))) == [0, -1]


# ---- One pass against judging each value alone ----------------------------------------------------

HOURS = ["0h", "30min", "6h", "12h", "18h", "24h", "36h", "48h", "72h", "96h"]
LENGTHS = [HOURS, ["0d", "1d", "2d", "3d", "5d"], ["0wd", "1wd", "2wd", "3wd"], ["1w", "2w"], ["24h", "1d", "1wd"]]
READERS = [ANSWER, VERIFY, REPLY, PROVE, {**VERIFY, "id": "verify-again", "when": ["complaint.received", "complaint.replied"]}]  # fmt: skip
USUAL = [
    *("complaint.received", "complaint.received", "complaint.assessed", "complaint.replied", "complaint.verified"),
    "complaint.replied",
]
UNUSUAL = [
    *("force_majeure.declared", "force_majeure.lifted", "force_majeure.fallen", "duty.excused", "duty.excused"),
    *(
        "complaint.withdrawn",
        "complaint.withdrawn",
        "event.annulled",
        "contract.amended",
        "contract.ended",
        "complaint.escalated",
    ),
]
OBSTACLES = ["duty.extended", "contract.amended", "calendar.published"]


def varied(pick: Pick) -> tuple[Edition, History, list[str]]:
    """An edition with duties that read `time`, a history, and values for it."""
    duties = [one for one in READERS if chance(pick, 2)] or [ANSWER]
    more = [one for one in (PLAN, INFORM, QUIET) if chance(pick, 6)]
    lengths = pick([HOURS, HOURS, *LENGTHS])
    values = list(dict.fromkeys(pick(lengths) for _ in range(4)))
    first = datetime(2026, 2, 11, tzinfo=CHINA)  # Spring Festival is the week after
    subjects = pick([["complaint:1"], ["complaint:1", "complaint:2", "complaint:3"]])
    with_obstacles = chance(pick, 4)
    events: list[Json] = []
    for hour in range(0, 14 * 24, 6):
        for _ in range(pick([0, 1, 1, 2])):
            kind = pick(pick([USUAL, USUAL, USUAL, UNUSUAL]))
            if with_obstacles and chance(pick, 6):
                kind = pick(OBSTACLES)
            one: Json = {"type": kind, "subject": pick(subjects), "at": (first + timedelta(hours=hour)).isoformat()}
            if chance(pick, 3):
                one["id"] = pick(["a", "b", "c", "d"])
            if kind in ("duty.excused", "duty.extended"):
                one["data"] = {"duty": pick(duties)["id"], "until": "2026-02-20T00:00:00+08:00"}
            elif kind == "event.annulled":
                one["data"] = {"id": pick(["a", "b", "c", "d"])}
            elif kind == "calendar.published":
                one["data"] = {"year": 2026, "off": ["2026-02-12"], "work": []}
            elif kind == "contract.amended":
                one["data"] = {"parameters": {pick(["time", "pace"] if with_obstacles else ["pace"]): "24h"}}
            elif kind == "contract.ended" and not chance(pick, 4):
                continue
            events.append(one)
    now = first + timedelta(hours=pick([150, 336, 600]))
    return edition(*duties, *more, time=pick(lengths)), history(*events, now=now), values


def one_pass_and_one_by_one(pick: Pick) -> tuple[list[Comparison] | None, list[Comparison]]:
    terms, happened, values = varied(pick)
    here = Findings(happened.under(terms.terms()))
    variation = Variation(terms.terms(), "time", values)
    return in_one_pass(here, variation, happened), one_by_one(here, variation, happened)


@given(st.data())
def test_one_pass_says_what_judging_each_value_alone_says(data: st.DataObject) -> None:
    found, alone = one_pass_and_one_by_one(lambda options: data.draw(st.sampled_from(options)))
    assert found in (None, alone)


def test_one_pass_says_the_same_of_hundreds_of_histories_and_many_can_be_swept() -> None:
    told: Counter[str] = Counter()
    for seed in range(400):
        found, alone = one_pass_and_one_by_one(random.Random(seed).choice)
        if found is not None:
            assert found == alone, seed
            told["swept"] += 1
            told["of which values differ"] += any(one != alone[0] for one in alone)
        else:
            told["judged again"] += 1
    assert told["swept"] > 150, told
    assert told["of which values differ"] > 90, told
    assert told["judged again"] > 90, told


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("allowed", HOURS),
        ("allowed", ["0d", "1d", "3d"]),
        ("allowed", ["0wd", "1wd", "5wd"]),
        ("pace", ["24h", "36h"]),
        ("gravest", ["minor", "major"]),
    ],
)
def test_one_pass_says_the_same_under_editions_that_know_every_kind_of_duty(key: str, values: list[str]) -> None:
    for seed in range(100):
        case = case_of(seed)
        happened, variation = history_of(case), Variation(terms_of(case), key, values)
        here = Findings(happened.under(terms_of(case)))
        assert in_one_pass(here, variation, happened) in (None, one_by_one(here, variation, happened)), seed
