"""Whatever is done with complaints, in whatever order: rows say what the entries say, and clocks what the judge says."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.utils.timezone import now

from encore.accounts.models import Organisation, Post, User
from encore.accounts.rights import NotYours
from encore.complaints import course, operations
from encore.complaints.models import Complaint
from encore.contracts.queries import edition_of
from encore.engine import Edition
from encore.jobs.worker import run_due
from encore.ledger.annulment import can_be_annulled
from encore.ledger.models import Event
from encore.ledger.nouns import key_of
from encore.ledger.operations import annul
from encore.ledger.queries import history
from encore.ledger.rebuild import differences
from encore.ledger.refusal import Refusal
from encore.ledger.tick import tick
from tests.cast import RECEIVED, agreed, complain, person, recording_at
from tests.clauses import content

pytestmark = pytest.mark.once

ACTS = (
    "verify", "assess", "plan", "reply", "resolve", "send_result",
    "take_up", "report", "verify", "assess", "contact", "reply", "send_progress", "start_emergency", "plan", "approve_plan",
    "start", "mediate", "resolve", "send_result", "ask_confirmation", "confirm", "reject", "note_silence", "follow_up",
    "archive", "withdraw", "reopen", "escalate", "answer_promoter", "tell_promoter", "assign", "acknowledge", "merge",
)  # fmt: skip


def said(act: str, chance: Random, edition: Edition, people: list[User], others: list[Complaint]) -> dict[str, Any]:
    """What an act asks for."""
    way = chance.choice(list(edition.vocabulary["channel"]))
    match act:
        case "assess":
            words = {name: chance.choice(list(edition.vocabulary[name])) for name in ("severity", "category")}
            return {**words, "reason": chance.choice(["", "又看了一遍。"])}
        case "contact" | "reply" | "send_progress":
            return {"words": "知道了。", "channel": way}
        case "acknowledge" | "ask_confirmation" | "confirm" | "reject":
            return {"channel": way}
        case "start_emergency":
            return {"done": ["manager"]}
        case "plan":
            return {"plan": "退款。"}
        case "mediate":
            return {"guest_side": "甲说", "house_side": "乙说", "outcome": "agreed", "words": "说好了"}
        case "resolve":
            return {"grounds": "看过账单。"}
        case "send_result":
            return {
                "measures": "核对。", "result": "退了。", "improvement": "双人核对。",
                "channel": way, "oral": chance.random() < 0.3,
            }  # fmt: skip
        case "reopen" | "escalate" | "answer_promoter" | "tell_promoter":
            return {"words": "还有事。"}
        case "assign":
            return {"person": chance.choice(people)}
        case "merge":
            return {"into": chance.choice(others)}
    return {}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_rows_say_what_the_entries_say_whatever_is_done_in_whatever_order(
    zhou: User, he: User, venue: Organisation, agency: Organisation, letter: str, seed: int
) -> None:
    chance = Random(f"{letter}{seed}")
    contract = agreed(content(letter), zhou, agency)
    people = [zhou, he, person("林静", venue, Post.CUSTOMER_SERVICE), person("唐悦", agency, Post.MARKETING)]
    edition = edition_of(contract)
    complaints = [complain(contract, at=RECEIVED + timedelta(minutes=number)) for number in range(3)]
    at, taken = RECEIVED + timedelta(hours=1), 0
    for _ in range(110):
        at += timedelta(hours=chance.choice([1, 1, 2, 5, 30, 100]))
        complaint = chance.choice(complaints)
        act = chance.choice(ACTS)
        with recording_at(at):
            try:
                if chance.random() < 0.08:
                    entry = chance.choice(list(Event.objects.filter(noun="complaint", noun_id=complaint.pk)))
                    if entry.type == "complaint.received" or not can_be_annulled(entry):
                        continue
                    annul(entry, reason="mistyped", by=chance.choice([zhou, he]), at=at)
                else:
                    more = said(act, chance, edition, people, complaints)
                    getattr(operations, act)(complaint, **more, by=chance.choice(people), at=at)
            except (Refusal, NotYours):
                continue
        run_due()
        taken += 1
        for one in Complaint.objects.filter(pk__in=[each.pk for each in complaints]):
            assert standing(one) == told(edition, one), (act, one.reference)
            assert one.responsible_id is not None
    assert taken > 8, "the random courses go somewhere"
    tick()
    assert list(differences(contract.pk, [key_of(one) for one in complaints], now())) == []


def standing(complaint: Complaint) -> dict[str, Any]:
    columns = {*course.REACHED.values(), "stage", "stage_since", "answer"}
    return {name: value for name in columns if (value := getattr(complaint, name)) not in (None, "")}


def told(edition: Edition, complaint: Complaint) -> dict[str, Any]:
    found = course.reached(edition, history(key_of(complaint)))
    return {name: value for name, value in found.items() if value is not None}
