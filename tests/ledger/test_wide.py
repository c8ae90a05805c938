from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from encore.ledger import judging
from encore.ledger.models import Clock, Event
from encore.ledger.terms import keep_edition
from encore.ledger.tick import tick
from tests.cast import CHINA, DAY, HOUR, RECEIVED, agreed
from tests.ledger.events import EDITION, clock, drafted, happen, rebuilt, stored
from tests.ledger.histories import of_all, something

# Force majeure stops all of this but the proof that is owed for it; a series of its own ends with the contract.
WHOLE = (
    EDITION
    + """
[[duty]]
id = "prove"
clause = "1"
when = "force_majeure.declared"
done = "force_majeure.proved"
within = "2d"
through_force_majeure = true

[[duty]]
id = "watch"
clause = "1"
when = "complaint.planned"
done = "complaint.progress_sent"
every = "2d"
"""
)
SINCE = datetime(2027, 12, 20, tzinfo=CHINA)  # nobody knows yet which days of the next year are worked


@pytest.fixture
def trial(zhou: User, agency: Organisation) -> Contract:
    return agreed(WHOLE.encode(), zhou, agency)


@pytest.fixture
def unknown_year(zhou: User, agency: Organisation) -> Contract:
    return agreed(WHOLE.encode(), zhou, agency, SINCE)


def standing_still(contract: Contract, now: datetime) -> None:
    """The rows are those that the judge finds in the events."""
    tick(now)
    assert stored(contract) == rebuilt(contract, now)


@pytest.mark.parametrize("seed", range(60))
def test_what_happens_to_the_whole_contract_leaves_the_clocks_that_the_judge_finds(
    unknown_year: Contract, seed: int
) -> None:
    chance = Random(seed)
    at, recorded = SINCE + DAY, [0]
    for _ in range(45):
        at += timedelta(
            minutes=chance.randint(0, 60 * 9), seconds=chance.choice([0, 0, 7]), microseconds=chance.choice([0, 0, 13])
        )
        late = timedelta(hours=chance.choice([1, 5, 30, 200])) if chance.random() < 0.15 else timedelta(0)
        moment = max(at - late, SINCE)
        drafts = [something(chance, unknown_year, moment, recorded)]
        if chance.random() < 0.25:
            drafts.append(of_all(chance, unknown_year, moment))
        if chance.random() < 0.1:
            drafts = drafts[1:] or drafts
        recorded += happen(*drafts, now=at)
        if chance.random() < 0.3:
            standing_still(unknown_year, at)
    standing_still(unknown_year, at)


@pytest.mark.parametrize("seed", range(25))
def test_what_happens_to_the_whole_contract_in_order_judges_nothing_again(unknown_year: Contract, seed: int) -> None:
    chance = Random(seed)
    at = SINCE + DAY
    kinds = [
        "force_majeure.declared",
        "force_majeure.lifted",
        "calendar.published",
        "contract.amended",
        "contract.ended",
    ]
    for number in range(40):
        at += timedelta(minutes=chance.randint(1, 60 * 9))
        draft = something(chance, unknown_year, at, [0])
        while draft.type.partition(".")[0] in ("event", "force_majeure", "contract"):
            draft = something(chance, unknown_year, at, [0])
        happen(draft, now=at)
        if chance.random() < 0.2:
            tick(at)
        if chance.random() < 0.25:
            at += timedelta(minutes=chance.randint(1, 60 * 9))
            draft = of_all(chance, unknown_year, at)
            while draft.type not in kinds[: 4 if number < 30 else 5]:
                draft = of_all(chance, unknown_year, at)
            with patch.object(judging, "rejudge", side_effect=AssertionError("judged again from all events")):
                happen(draft, now=at)
    standing_still(unknown_year, at)


def test_force_majeure_is_as_many_statements_for_three_hundred_complaints_as_for_three(trial: Contract) -> None:
    counts: list[tuple[int, int]] = []
    at = RECEIVED
    for number in (1, 3, 300):
        happen(
            *[drafted(trial, "complaint.received", f"complaint:{number}{one:03}", at) for one in range(number)], now=at
        )
        tick(at)
        counts.append(
            (
                _statements(drafted(trial, "force_majeure.declared", "force_majeure:1", at + HOUR), at + HOUR),
                _statements(drafted(trial, "force_majeure.lifted", "force_majeure:1", at + 2 * HOUR), at + 2 * HOUR),
            )
        )
        at += 2 * HOUR
    assert counts[1] == counts[2]
    assert Clock.objects.filter(duty="verify", state="open").count() == 304
    standing_still(trial, at)


def _statements(draft: Any, now: datetime) -> int:
    with CaptureQueriesContext(connection) as queries:
        happen(draft, now=now)
    assert sum(query["sql"].startswith(("UPDATE", "\nUPDATE")) for query in queries) == 1
    return len(queries)


def test_force_majeure_that_is_recorded_late_judges_again_only_what_has_happened_since(trial: Contract) -> None:
    for number in (7, 8):
        happen(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED), now=RECEIVED)
    happen(drafted(trial, "complaint.verified", "complaint:8", RECEIVED + 5 * HOUR), now=RECEIVED + 5 * HOUR)
    declared = drafted(trial, "force_majeure.declared", "force_majeure:1", RECEIVED + 2 * HOUR)
    with patch.object(judging, "rejudge", wraps=judging.rejudge) as again:
        happen(declared, now=RECEIVED + 6 * HOUR)
    assert [{str(key) for key in call.args[1]} for call in again.call_args_list] == [{"complaint:8"}]
    assert clock("verify", "complaint:7").state == "suspended"
    assert clock("verify", "complaint:8").state == "fulfilled"
    standing_still(trial, RECEIVED + 6 * HOUR)


def test_what_is_annulled_is_judged_again_where_it_happened_and_nowhere_else(trial: Contract) -> None:
    for number in (7, 8):
        happen(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED), now=RECEIVED)
    [mistaken] = happen(drafted(trial, "complaint.verified", "complaint:8", RECEIVED + HOUR), now=RECEIVED + HOUR)
    annulled = drafted(trial, "event.annulled", "complaint:8", RECEIVED + 2 * HOUR, id=mistaken)
    with patch.object(judging, "rejudge", wraps=judging.rejudge) as again:
        happen(annulled, now=RECEIVED + 2 * HOUR)
    [call] = again.call_args_list
    assert {str(key) for key in call.args[1]} == {"complaint:8", f"contract:{trial.pk}"}
    assert clock("verify", "complaint:8").state == "open"
    standing_still(trial, RECEIVED + 3 * HOUR)


def test_a_deadline_moves_by_the_very_microseconds_that_force_majeure_lasted(trial: Contract) -> None:
    received = RECEIVED + timedelta(microseconds=1)
    happen(drafted(trial, "complaint.received", "complaint:7", received), now=received)
    declared, lifted = received + HOUR, received + 3 * HOUR + timedelta(seconds=1, microseconds=5)
    happen(drafted(trial, "force_majeure.declared", "force_majeure:1", declared), now=declared)
    happen(drafted(trial, "complaint.received", "complaint:8", declared + HOUR), now=declared + HOUR)
    happen(drafted(trial, "force_majeure.lifted", "force_majeure:1", lifted), now=lifted)
    assert clock("verify", "complaint:7").due_at == received + 24 * HOUR + (lifted - declared)
    assert clock("verify", "complaint:8").due_at == declared + 25 * HOUR + (lifted - declared - HOUR)
    standing_still(trial, lifted)


def test_the_proof_of_force_majeure_is_owed_all_through_it(trial: Contract) -> None:
    happen(drafted(trial, "force_majeure.declared", "force_majeure:1", RECEIVED), now=RECEIVED)
    assert clock("prove", "force_majeure:1").state == "open"
    happen(drafted(trial, "force_majeure.declared", "force_majeure:2", RECEIVED + HOUR), now=RECEIVED + HOUR)
    assert clock("prove", "force_majeure:1").state == "open"
    standing_still(trial, RECEIVED + 5 * DAY)
    assert clock("prove", "force_majeure:1").state == "breached"


def test_the_end_of_a_contract_stops_its_series_and_lets_deadlines_run(trial: Contract) -> None:
    for number in (7, 8):
        happen(drafted(trial, "complaint.planned", f"complaint:{number}", RECEIVED), now=RECEIVED)
        happen(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED), now=RECEIVED)
    happen(drafted(trial, "contract.ended", f"contract:{trial.pk}", RECEIVED + HOUR), now=RECEIVED + HOUR)
    assert [clock("watch", f"complaint:{number}").state for number in (7, 8)] == ["discharged"] * 2
    assert [clock("care", f"complaint:{number}").state for number in (7, 8)] == ["open"] * 2
    assert [clock("verify", f"complaint:{number}").state for number in (7, 8)] == ["open"] * 2
    standing_still(trial, RECEIVED + 9 * DAY)


def test_an_amendment_leaves_the_clocks_that_run_alone(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=RECEIVED)
    tick(RECEIVED)
    before = stored(trial)
    shorter = keep_edition(WHOLE.replace('within = "24h"', 'within = "6h"').encode(), "amended.toml")
    amendment = drafted(trial, "contract.amended", f"contract:{trial.pk}", RECEIVED + HOUR, edition=shorter)
    with patch.object(judging, "rejudge", side_effect=AssertionError):
        happen(amendment, now=RECEIVED + HOUR)
    assert stored(trial) == before
    happen(drafted(trial, "complaint.received", "complaint:8", RECEIVED + 2 * HOUR), now=RECEIVED + 2 * HOUR)
    assert clock("verify", "complaint:8").due_at == RECEIVED + 8 * HOUR
    standing_still(trial, RECEIVED + 2 * HOUR)


def test_an_amendment_that_must_look_back_finds_what_it_looks_for(trial: Contract) -> None:
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED), now=RECEIVED)
    from_elsewhere = keep_edition(
        WHOLE.replace('from = "complaint.received"', 'from = "complaint.verified"').encode(), "x"
    )
    amendment = drafted(trial, "contract.amended", f"contract:{trial.pk}", RECEIVED + HOUR, edition=from_elsewhere)
    happen(amendment, now=RECEIVED + HOUR)
    assessed = drafted(trial, "complaint.assessed", "complaint:7", RECEIVED + 2 * HOUR, severity="major")
    happen(assessed, now=RECEIVED + 2 * HOUR)
    assert clock("reply", "complaint:7").due_at == RECEIVED + 12 * HOUR


def test_days_that_become_known_move_only_what_was_provisional(unknown_year: Contract) -> None:
    at = datetime(2027, 12, 30, 10, tzinfo=CHINA)
    for number in (7, 8):
        happen(drafted(unknown_year, "complaint.assessed", f"complaint:{number}", at, severity="minor"), now=at)
    assert clock("plan", "complaint:7").provisional
    before = clock("plan", "complaint:7").due_at
    days = drafted(
        unknown_year,
        "calendar.published",
        "calendar:1",
        at + HOUR,
        year=2028,
        off=["2028-01-03", "2028-01-04"],
        work=[],
    )
    happen(days, now=at + HOUR)
    assert clock("plan", "complaint:7").due_at > before
    assert clock("plan", "complaint:8").due_at == clock("plan", "complaint:7").due_at
    assert not Event.objects.filter(type="duty.corrected").exists()
    standing_still(unknown_year, at + 2 * HOUR)


def test_what_referred_to_a_subject_before_anything_ran_there_counts_when_that_is_recorded_late(
    trial: Contract,
) -> None:
    """The reference came first into the ledger, though it happened after what it ends."""
    happen(drafted(trial, "complaint.archived", "complaint:8", RECEIVED + HOUR, "complaint:7"), now=RECEIVED + HOUR)
    happen(drafted(trial, "complaint.planned", "complaint:7", RECEIVED), now=RECEIVED + 2 * HOUR)
    assert clock("care", "complaint:7").state == "discharged"
    standing_still(trial, RECEIVED + 2 * HOUR)
