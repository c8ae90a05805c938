from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from django.db import connection

from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from encore.ledger.models import Clock, Event, Memo
from encore.ledger.nouns import Key
from encore.ledger.tick import tick
from encore.ledger.writing import Draft
from tests.cast import DAY, EFFECTIVE, HOUR, RECEIVED, agreed
from tests.ledger.events import EDITION, clock, drafted, happen, rebuilt, stored
from tests.ledger.histories import of_all, something


@pytest.fixture
def trial(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITION.encode(), zhou, agency)


def receive(trial: Contract, number: int = 7, at: datetime = RECEIVED) -> None:
    happen(drafted(trial, "complaint.received", f"complaint:{number}", at), now=at)


def warnings(subject: str = "complaint:7", duty: str = "verify") -> list[tuple[str, datetime]]:
    noun, _, number = subject.partition(":")
    found = Event.objects.filter(type="duty.warned", noun=noun, noun_id=number).order_by("seq")
    told = [(orjson.loads(bytes(one.body))["data"], one.occurred_at) for one in found]
    return [(data["share"], at) for data, at in told if data["duty"] == duty]


def test_one_is_warned_as_the_time_allowed_is_used_up(trial: Contract) -> None:
    receive(trial)
    tick(RECEIVED + 12 * HOUR)
    assert warnings() == [], "at the moment itself it is not yet over"
    tick(RECEIVED + 12 * HOUR + timedelta(seconds=1))
    assert warnings() == [("0.5", RECEIVED + 12 * HOUR)]
    tick(RECEIVED + 23 * HOUR)
    tick(RECEIVED + 23 * HOUR)
    assert warnings() == [("0.5", RECEIVED + 12 * HOUR), ("0.8", RECEIVED + 19 * HOUR + timedelta(minutes=12))]
    assert clock("verify", "complaint:7").warns_at is None


def test_who_looks_days_late_finds_the_warnings_at_their_moments_and_before_the_breach(trial: Contract) -> None:
    receive(trial)
    tick(RECEIVED + 3 * DAY)
    found = Event.objects.filter(noun="complaint", type__startswith="duty.").order_by("seq")
    assert [(one.type, one.occurred_at - RECEIVED) for one in found] == [
        ("duty.warned", 12 * HOUR),
        ("duty.warned", timedelta(hours=19, minutes=12)),
        ("duty.breached", 24 * HOUR),
    ]


def test_what_was_done_early_needs_no_warning(trial: Contract) -> None:
    receive(trial)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + HOUR), now=RECEIVED + HOUR)
    tick(RECEIVED + 3 * DAY)
    assert warnings() == []


def test_a_warning_that_was_due_before_the_act_is_told_with_it(trial: Contract) -> None:
    receive(trial)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + 20 * HOUR), now=RECEIVED + 20 * HOUR)
    assert [share for share, _ in warnings()] == ["0.5", "0.8"]


def test_nobody_is_warned_of_a_prohibition(trial: Contract) -> None:
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED), now=RECEIVED)
    assert clock("silence", "complaint:7").warns_at is None
    tick(RECEIVED + 5 * DAY)
    assert warnings(duty="silence") == []


def test_force_majeure_moves_what_has_not_been_warned_of_yet(trial: Contract) -> None:
    receive(trial)
    for name, hours in (("declared", 13), ("lifted", 23)):
        at = RECEIVED + hours * HOUR
        happen(drafted(trial, f"force_majeure.{name}", "force_majeure:1", at), now=at)
        tick(at + HOUR)
    assert [share for share, _ in warnings()] == ["0.5"]
    tick(RECEIVED + 33 * HOUR)
    assert warnings()[1] == ("0.8", RECEIVED + timedelta(hours=29, minutes=12))
    tick(RECEIVED + 35 * HOUR)
    assert clock("verify", "complaint:7").breached_at == RECEIVED + 34 * HOUR


def test_an_extension_moves_the_next_warning_and_repeats_none(trial: Contract) -> None:
    receive(trial)
    tick(RECEIVED + 13 * HOUR)
    until = (RECEIVED + 100 * HOUR).isoformat()
    extended = drafted(trial, "duty.extended", "complaint:7", RECEIVED + 14 * HOUR, duty="verify", until=until)
    happen(extended, now=RECEIVED + 14 * HOUR)
    tick(RECEIVED + 79 * HOUR)
    assert [share for share, _ in warnings()] == ["0.5"]
    tick(RECEIVED + 81 * HOUR)
    assert warnings()[1:] == [("0.8", RECEIVED + 80 * HOUR)]


def test_each_period_is_warned_of(trial: Contract) -> None:
    tick(EFFECTIVE + 12 * DAY)
    found = warnings(f"contract:{trial.pk}", "review")
    assert [(share, at - EFFECTIVE) for share, at in found] == [
        ("0.5", 4 * DAY),
        ("0.8", timedelta(days=6, hours=9, minutes=36)),
        ("0.5", timedelta(days=11, hours=12)),
    ]


NEVER = ("event", "force_majeure", "contract")


def history(seed: int, trial: Contract, *, on_time: bool) -> tuple[datetime, dict[str, Any]]:
    """Everything is recorded as it happens; the tick comes every three hours, or three days after all is over."""
    chance, at, names, apart = Random(seed), EFFECTIVE, dict[int, int](), 100 if on_time else 0
    for number in range(40):
        step = timedelta(minutes=chance.randint(1, 60 * 10), seconds=chance.randint(0, 59))
        if on_time:
            for hours in range(1, int(step / (3 * HOUR)) + 1):
                tick(at + hours * 3 * HOUR)
        at += step
        draft = something(chance, trial, at, [0])
        while draft.type.partition(".")[0] in NEVER:
            draft = something(chance, trial, at, [0])
        if chance.random() < 0.15:
            draft = of_all(chance, trial, at)
        if draft.type == "contract.ended" and number < 35:
            continue
        if on_time:
            tick(at)
        for id in happen(_elsewhere(draft, apart), now=at):
            names[id] = number
    end = at + 3 * DAY
    while on_time and at < end:
        tick(at)
        at += 3 * HOUR
    tick(end)
    assert stored(trial) == rebuilt(trial, end)
    return end, left(trial, names)


def _elsewhere(draft: Draft, apart: int) -> Draft:
    """The same on subjects of its own, for two contracts never share a complaint."""
    subject, *refs = [
        key if key.noun == "contract" else Key(key.noun, key.id + apart) for key in (draft.subject, *draft.refs)
    ]
    return replace(draft, subject=subject, refs=set(refs))


def left(contract: Contract, names: dict[int, int]) -> dict[str, Any]:
    """All rows, with events named as they were told rather than by their numbers."""
    first = Event.objects.get(type="contract.effective", noun_id=contract.pk).pk
    names[first] = -1

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(one) for key, one in value.items()}
        if isinstance(value, list):
            return [named(one) for one in value]
        if isinstance(value, str) and ":1" in value:
            return value.replace(":10", ":")
        return f"event {names[value]}" if isinstance(value, int) and value in names else value

    clocks = Clock.objects.filter(contract=contract.pk).order_by("noun", "noun_id", "duty", "index")
    memos = Memo.objects.filter(contract=contract.pk).order_by("noun", "noun_id")
    found = Event.objects.filter(
        type__startswith="duty.", actor="ledger", concern__noun="contract", concern__noun_id=contract.pk
    )
    return {
        "clocks": [
            {
                **{name: value for name, value in row.items() if name not in ("id", "contract", "noun_id", "index")},
                "place": (_subject(row), row["index"]),
                "started_by": names[row["started_by"]],
                "closed_by": named(row["closed_by"]),
                "memo": named(row["memo"]),
            }
            for row in clocks.values()
        ],
        "memos": [
            {
                **{name: value for name, value in row.items() if name not in ("id", "contract", "noun_id")},
                "subject": _subject(row),
                "body": named(row["body"]),
            }
            for row in memos.values()
        ],
        "findings": sorted(
            (one.type, _subject(vars(one)), one.occurred_at, str(orjson.loads(bytes(one.body))["data"]))
            for one in found
        ),
    }


def _subject(row: Mapping[str, Any]) -> str:
    return row["noun"] if row["noun"] == "contract" else f"{row['noun']}:{row['noun_id'] % 100}"


def number_events_from(first: int) -> None:
    """So that no other number could be taken for an event's."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = 'ledger_event'", [first])
        else:
            sequence = "pg_get_serial_sequence('ledger_event', 'id')"
            cursor.execute(f"SELECT setval({sequence}, GREATEST(nextval({sequence}), %s))", [first])


@pytest.mark.parametrize("seed", range(30))
def test_a_tick_three_days_late_leaves_the_rows_that_ticks_on_time_leave(
    zhou: User, agency: Organisation, seed: int
) -> None:
    agreed(EDITION.encode(), zhou, agency)
    number_events_from(10**9)
    late_end, late = history(seed, agreed(EDITION.encode(), zhou, agency), on_time=False)
    end, on_time = history(seed, agreed(EDITION.encode(), zhou, agency), on_time=True)
    assert late_end == end
    for rows in ("clocks", "memos", "findings"):
        assert late[rows] == on_time[rows]
    assert late["findings"]
