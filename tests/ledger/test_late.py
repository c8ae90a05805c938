"""Entries that come long after what they tell."""

from contextvars import Context
from datetime import timedelta

import orjson
import pytest

from encore.accounts.models import User
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.ledger.late import LIMIT, NeedsReason, entered_late
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from tests.cast import HOUR, RECEIVED, recording_at


def body_of(type: str) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(bytes(Event.objects.get(type=type).body))
    return found


def verify(complaint: Complaint, by: User) -> None:
    """As somebody does who gives no reason."""
    Context().run(complaints.verify, complaint, by=by, at=RECEIVED + HOUR)


def test_what_happened_long_ago_is_not_recorded_without_a_reason(complaint: Complaint, tang: User) -> None:
    with recording_at(RECEIVED + HOUR + LIMIT + timedelta(seconds=1)), pytest.raises(NeedsReason):
        verify(complaint, tang)
    complaint.refresh_from_db()
    assert complaint.verified_at is None
    assert not Event.objects.filter(type="complaint.verified").exists()
    assert Clock.objects.get(noun="complaint").closed_at is None


def test_within_a_day_nobody_is_asked_why(complaint: Complaint, tang: User) -> None:
    with recording_at(RECEIVED + HOUR + LIMIT):
        verify(complaint, tang)
    assert "reason" not in body_of("complaint.verified")


def test_the_reason_stays_with_the_entry_and_is_shown(complaint: Complaint, tang: User, english: None) -> None:
    with entered_late("on_paper"):
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    assert body_of("complaint.verified")["reason"] == "on_paper"
    entry = next(entry for entry in history(key_of(complaint)) if entry.type == "complaint.verified")
    assert (entry.is_late, entry.reason) == (True, "first written down on paper")


def test_what_is_recorded_in_time_keeps_no_reason_though_one_was_given(complaint: Complaint, tang: User) -> None:
    with recording_at(RECEIVED + 2 * HOUR), entered_late("on_paper"):
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    assert "reason" not in body_of("complaint.verified")


def test_a_reason_that_has_no_name_is_none() -> None:
    with pytest.raises(KeyError), entered_late("because"):
        pass
