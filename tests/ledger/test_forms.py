"""When something happened, as people write it into a form."""

from contextvars import Context
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.utils.timezone import localtime, now

from encore.accounts.models import Organisation, User
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.ledger.models import Event
from tests.cast import DAY, EDITION, HOUR, agreed, complain, signed_in


@pytest.fixture
def complaint(zhou: User, agency: Organisation) -> Complaint:
    contract: Contract = agreed(EDITION, zhou, agency, since=now() - 10 * DAY)
    return complain(contract, at=now() - 3 * DAY)


def verify(complaint: Complaint, **fields: str) -> HttpResponse:
    """As somebody at the machine does, for whom nobody else has given a reason."""
    desk = signed_in(User.objects.get(name="周敏"))
    found: Any = Context().run(desk.post, f"/complaints/{complaint.reference}/verify/", fields)
    assert isinstance(found, HttpResponse)
    return found


def minutes(at: datetime) -> str:
    """As a browser sends it."""
    return f"{localtime(at):%Y-%m-%dT%H:%M}"


def recorded() -> Event | None:
    return Event.objects.filter(type="complaint.verified").first()


def test_an_act_without_a_time_happened_now(complaint: Complaint) -> None:
    assert verify(complaint).status_code == 302
    event = recorded()
    assert event is not None
    assert event.recorded_at - event.occurred_at < timedelta(minutes=1)


def test_what_happened_a_while_ago_is_recorded_with_its_own_time(complaint: Complaint) -> None:
    then = (now() - 5 * HOUR).replace(second=0, microsecond=0)
    assert verify(complaint, occurred_at=minutes(then)).status_code == 302
    event = recorded()
    assert event is not None
    assert event.occurred_at == then
    assert "reason" not in orjson.loads(bytes(event.body))


def test_beyond_a_day_the_form_asks_why_and_keeps_what_was_filled_in(complaint: Complaint, zhou: User) -> None:
    then = minutes(now() - 30 * HOUR)
    answer = verify(complaint, occurred_at=then)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "say why it is recorded only now" in page
    assert f'value="{then}"' in page
    assert recorded() is None
    assert verify(complaint, occurred_at=then, late_reason="on_paper").status_code == 302
    event = recorded()
    assert event is not None
    assert orjson.loads(bytes(event.body))["reason"] == "on_paper"
    page = signed_in(zhou).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "recorded 1 day 6 h late · first written down on paper" in page


def test_a_reason_of_the_machine_is_not_for_people(complaint: Complaint) -> None:
    then = minutes(now() - 30 * HOUR)
    assert verify(complaint, occurred_at=then, late_reason="imported").status_code == 422
    assert recorded() is None


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (lambda: minutes(now() + HOUR), "still to come"),
        (lambda: minutes(now() - 4 * DAY), "when it began"),
        (lambda: "yesterday", "Write the day and the time"),
    ],
)
def test_a_time_that_cannot_be_is_said_to_be_none(complaint: Complaint, when: Any, said: str) -> None:
    answer = verify(complaint, occurred_at=when(), late_reason="on_paper")
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert recorded() is None


def test_the_minute_of_its_beginning_is_not_before_it(complaint: Complaint) -> None:
    assert verify(complaint, occurred_at=minutes(complaint.received_at), late_reason="learned_late").status_code == 302
    event = recorded()
    assert event is not None
    assert event.occurred_at == complaint.received_at
