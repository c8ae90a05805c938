"""Events without a feature around them, recorded and judged as an operation does it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from encore.contracts.models import Contract
from encore.ledger.judging import (  # what a rebuild from the events is made of
    _events,
    _judge_anew,
    hold,
    judge,
    standing_of,
)
from encore.ledger.models import Clock
from encore.ledger.nouns import Key
from encore.ledger.stored import clocks_of, values_of
from encore.ledger.writing import Draft, append

EDITION = """
[edition]
id = "trial"
title = { zh-Hans = "试行版" }
version = "1"

[[clause]]
number = "1"
heading = { zh-Hans = "核实" }
text = { zh-Hans = "二十四小时内核实。" }

[[duty]]
id = "verify"
clause = "1"
when = "complaint.received"
done = "complaint.verified"
within = "24h"
cancel = "complaint.withdrawn"

[[duty]]
id = "plan"
clause = "1"
when = "complaint.assessed"
done = "complaint.planned"
within = "5wd"
cancel = "complaint.withdrawn"

[[duty]]
id = "reply"
clause = "1"
when = { event = "complaint.assessed", severity = "major" }
from = "complaint.received"
done = "complaint.replied"
within = "12h"

[[duty]]
id = "silence"
clause = "1"
when = "complaint.verified"
forbid = "complaint.escalated"
within = "48h"

[[duty]]
id = "review"
clause = "1"
done = "complaint.archived"
every = "1w"
count = 2

[[duty]]
id = "care"
clause = "1"
when = "complaint.planned"
done = "complaint.progress_sent"
every = "3d"
until = "complaint.archived"
grace = "12h"
"""


def drafted(contract: Contract, type: str, subject: str, at: datetime, refs: str = "", **data: Any) -> Draft:
    named = {Key.parse(ref) for ref in refs.split()}
    return Draft(type, 1, Key.parse(subject), named, {contract.pk}, "user:1", at, data)


def happen(*drafts: Draft, now: datetime) -> list[int]:
    """Records the events in one transaction; their numbers."""
    with transaction.atomic():
        held = hold(drafts)
        recorded = append(drafts, now)
        judge(recorded, held, now)
    return [event.id for event in recorded]


def clock(duty: str, subject: str, index: int = 0) -> Clock:
    key = Key.parse(subject)
    return Clock.objects.get(duty=duty, noun=key.noun, noun_id=key.id, index=index)


def stored(contract: Contract) -> dict[Any, Any]:
    """The rows of all clocks, by subject, duty and index."""
    keys = {Key(noun, noun_id) for noun, noun_id in Clock.objects.values_list("noun", "noun_id")}
    return {place: row.values for place, row in clocks_of(contract.pk, keys, also_ended=True).items()}


def rebuilt(contract: Contract, now: datetime) -> dict[Any, Any]:
    """The same, from nothing but the events."""
    standing = standing_of(contract.pk, None)
    assert standing is not None
    judge = _judge_anew(standing, _events(standing, None), None, now)
    return {(Key.parse(one.subject), one.duty, one.index): values_of(judge, one) for one in judge.clocks()}
