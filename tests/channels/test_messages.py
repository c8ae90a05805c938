from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.utils.timezone import localtime, now
from hypothesis import given
from hypothesis import strategies as st

from encore.accounts.models import User
from encore.channels import drafts, operations, queries
from encore.channels.drafts import Postponed, Refused
from encore.channels.models import Limits, Message, OptOut, State
from encore.channels.transports import Parcel, Simulated
from encore.channels.wordings import LANGUAGES, NotAValue, wordings
from encore.complaints.models import Complaint
from encore.jobs import NothingWentOut
from encore.jobs.models import Job
from encore.jobs.models import State as JobState
from encore.jobs.worker import run_due
from encore.ledger.models import Event
from tests.cast import CHINA, DAY, HOUR
from tests.channels.house import invited, queued

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 11, 12, tzinfo=CHINA)
NIGHT = datetime(2026, 3, 11, 23, 30, tzinfo=CHINA)


@pytest.fixture
def reader(lin: User) -> User:
    lin.phone, lin.email = "138 0013 8000", "lin@example.com"
    lin.save()
    return lin


@pytest.fixture(autouse=True)
def at_any_hour() -> Iterator[None]:
    """Jobs run now, and now may be night: only tests about quiet hours have them."""
    begins, ends = Limits._meta.get_field("quiet_from"), Limits._meta.get_field("quiet_to")
    with patch.object(begins, "default", time(3)), patch.object(ends, "default", time(3)):
        yield


def told(type: str) -> list[int]:
    return list(Event.objects.filter(type=type).values_list("noun_id", flat=True))


def test_what_an_act_queues_goes_out_once_and_says_so(reader: User, complaint: Complaint) -> None:
    message = queued(reader, complaint)
    run_due()
    message.refresh_from_db()
    assert message.state == State.SENT
    assert complaint.reference in message.text
    assert message.text.startswith("【星河里】")
    assert (told("message.queued"), told("message.sent")) == ([message.pk], [message.pk])
    run_due()
    assert told("message.sent") == [message.pk]


def test_an_act_that_does_not_happen_sends_nothing(reader: User, complaint: Complaint) -> None:
    with pytest.raises(NotAValue):
        queued(reader, complaint, reference="快来看")
    run_due()
    assert not Message.objects.exists()


def test_the_same_key_is_one_message(reader: User, complaint: Complaint) -> None:
    first = queued(reader, complaint, key="once")
    from encore.ledger.record import NothingRecorded

    with pytest.raises(NothingRecorded):
        queued(reader, complaint, key="once")
    assert list(Message.objects.values_list("pk", flat=True)) == [first.pk]


def test_no_address_stands_in_message_event_or_job(reader: User, complaint: Complaint) -> None:
    message = queued(reader, complaint)
    run_due()
    message.refresh_from_db()
    assert message.masked == "138****8000"
    kept = [str(list(Message.objects.values())), str(list(Job.objects.values()))]
    kept += [bytes(event.body).decode() for event in Event.objects.all()]
    assert not any("13800138000" in one.replace(" ", "") for one in kept)


@pytest.mark.parametrize(
    "value", ["酒是温的", "https://evil.example/", "//evil.example", "C-26-000001\nBcc: x", "/t/ 点我"]
)
def test_no_words_of_others_get_into_a_message(reader: User, complaint: Complaint, value: str) -> None:
    for field in ("reference", "link"):
        if field == "link" and value.startswith("//"):
            continue  # it would still be a path of ours, behind our own address
        told: dict[str, Any] = {field: value}
        with pytest.raises(NotAValue):
            queued(reader, complaint, **told)


def test_every_wording_can_be_said_in_every_language_and_commercial_ones_tell_how_to_refuse() -> None:
    samples = {
        "reference": "C-26-000017",
        "link": "/t/abc/",
        "day": "2026-03-05",
        "moment": "2026-03-05 21:40",
        "amount": "1234.50",
        "number": "3",
    }
    for wording in wordings().values():
        values = wording.written({name: samples[kind] for name, kind in wording.fields.items()})
        for language in LANGUAGES:
            subject, body = wording.rendered(values, language)
            assert "{" not in subject + body
            assert 0 < len(subject) <= 120
            if wording.is_commercial:
                assert {"zh-Hans": "拒收请回R", "zh-Hant": "拒收請回R", "en": "Reply R"}[language] in body


# --- quiet hours, limits, ceilings ------------------------------------------------------------------------------------


def allowed(message: Message, at: datetime) -> object:
    return drafts.take(message.pk, message.attempt, at)


@pytest.fixture
def usual(complaint: Complaint) -> Limits:
    return Limits.objects.create(
        owner=complaint.owner, transport="sms", price=Decimal("0.05"), quiet_from=time(22), quiet_to=time(8)
    )


def test_commercial_messages_wait_for_the_morning_and_handling_ones_go(
    reader: User, complaint: Complaint, usual: Limits
) -> None:
    commercial, handling = invited(reader, complaint, at=NIGHT), queued(reader, complaint, at=NIGHT)
    morning = datetime(2026, 3, 12, 8, tzinfo=CHINA)
    assert commercial.send_at == morning
    assert allowed(commercial, NIGHT) == Postponed(morning)
    assert isinstance(allowed(handling, NIGHT), Parcel)
    assert isinstance(allowed(commercial, morning), Parcel)


def test_what_would_come_too_late_after_the_quiet_hours_is_not_sent(
    reader: User, complaint: Complaint, usual: Limits
) -> None:
    message = invited(reader, complaint, at=NIGHT, good_until=NIGHT + HOUR)
    assert allowed(message, NIGHT) == Refused("quiet_hours")
    assert allowed(message, NIGHT + 2 * HOUR) == Refused("too_late")


@given(at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), begins=st.times(), ends=st.times())  # noqa: DTZ001
def test_quiet_hours_end_within_a_day_and_only_where_they_have_begun(at: datetime, begins: time, ends: time) -> None:
    limits = Limits(quiet_from=begins, quiet_to=ends)
    moment = at.replace(tzinfo=CHINA)
    until = queries.quiet_until(limits, moment)
    clock = localtime(moment).time()
    if until is None:
        assert not (begins <= clock < ends)
    else:
        assert timedelta() < until - moment <= DAY
        assert localtime(until).time() == ends
        assert queries.quiet_until(limits, until) is None


def test_one_recipient_gets_no_more_than_the_limits_of_hour_and_day(
    reader: User, complaint: Complaint, usual: Limits
) -> None:
    usual.per_hour, usual.per_day = 2, 3
    usual.save()
    taken = []
    for minutes in (0, 5, 10, 70, 80):
        message = queued(reader, complaint, at=NOON)
        taken.append(allowed(message, NOON + timedelta(minutes=minutes)))
    assert [one.reason if isinstance(one, Refused) else "" for one in taken] == [
        "", "", "recipient_limit", "", "recipient_limit",
    ]  # fmt: skip


def test_the_limit_is_the_recipients_whoever_sends(reader: User, complaint: Complaint, usual: Limits) -> None:
    usual.per_hour = 1
    usual.save()
    agency = complaint.contract.agency
    Limits.objects.create(owner=agency, transport="sms", per_hour=1)
    assert isinstance(allowed(queued(reader, complaint, at=NOON), NOON), Parcel)
    assert allowed(queued(reader, complaint, owner=agency, at=NOON), NOON) == Refused("recipient_limit")


def test_a_days_messages_cost_no_more_than_the_ceiling(reader: User, complaint: Complaint, usual: Limits) -> None:
    usual.ceiling, usual.per_hour, usual.per_day = Decimal("0.10"), 100, 100
    usual.save()
    taken = [allowed(queued(reader, complaint, at=NOON), NOON) for _ in range(3)]
    assert taken[2] == Refused("ceiling")
    assert queries.spent(complaint.owner_id, "sms", NOON) == Decimal("0.10")
    assert isinstance(allowed(queued(reader, complaint, at=NOON + DAY), NOON + DAY), Parcel), "a day later"


def test_a_long_text_message_costs_as_many_parts_as_it_has() -> None:
    sms = Simulated("sms", "")
    assert [sms.parts("字" * n) for n in (1, 70, 71, 134, 135, 201)] == [1, 1, 2, 2, 3, 3]
    assert Simulated("wechat", "").parts("字" * 500) == 1


def test_whoever_has_no_address_is_sent_nothing_and_it_is_said_why(lin: User, complaint: Complaint) -> None:
    message = queued(lin, complaint)
    run_due()
    message.refresh_from_db()
    assert (message.state, message.reason, message.cost) == (State.REFUSED, "no_address", Decimal("0.00"))
    assert told("message.refused") == [message.pk]


# --- what comes back --------------------------------------------------------------------------------------------------


def incoming(text: str, id: str = "1", sender: str = "13800138000") -> Message:
    return operations.receive(operations.Received("sms", sender, text, id), by=None, at=now())


@pytest.mark.parametrize("word", ["R", " r ", "TD", "退订", "拒收"])
def test_who_refuses_gets_no_commercial_message_more_but_hears_of_their_complaint(
    reader: User, complaint: Complaint, word: str
) -> None:
    invitation = invited(reader, complaint)
    run_due()
    answer = incoming(word)
    assert answer.answer_to == invitation
    assert told("message.opted_out") == [answer.pk]
    assert allowed(invited(reader, complaint), now()) == Refused("opted_out")
    assert isinstance(allowed(queued(reader, complaint), now()), Parcel)


def test_who_wants_nothing_at_all_gets_nothing(reader: User, complaint: Complaint, zhou: User) -> None:
    message = queued(reader, complaint)
    run_due()
    operations.opt_out(message, is_everything=True, by=zhou, at=now())
    assert allowed(queued(reader, complaint), now()) == Refused("opted_out")
    counts = queries.counts(zhou, "sms", now() - DAY, now())
    assert counts.opted_out == 1


def test_other_words_refuse_nothing(reader: User, complaint: Complaint) -> None:
    incoming("什么R？")
    assert not OptOut.objects.exists()


def test_two_machines_that_answer_each_other_stop_at_once(reader: User, complaint: Complaint) -> None:
    """Nothing that comes in is ever answered."""
    queued(reader, complaint)
    run_due()
    for number in range(5):
        incoming("自动回复：我在休假", id=str(number))
        run_due()
    assert Message.objects.exclude(state=State.RECEIVED).count() == 1


def test_what_a_provider_brings_twice_is_one_message(reader: User, complaint: Complaint) -> None:
    incoming("你好")
    with pytest.raises(operations.AlreadyReceived):
        incoming("你好")
    assert Message.objects.count() == 1


def test_a_reference_in_what_comes_in_changes_nothing_of_what_it_names(reader: User, complaint: Complaint) -> None:
    before = Complaint.objects.values().get()
    answer = incoming(f"请撤销 {complaint.reference}", sender="13911112222")
    assert Complaint.objects.values().get() == before
    assert answer.noun_id is None, "a stranger's message hangs on nothing"


def test_delivery_moves_forward_only(reader: User, complaint: Complaint) -> None:
    message = queued(reader, complaint)
    with pytest.raises(operations.CannotDeliver):
        operations.deliver(message, by=None, at=now())
    run_due()
    operations.read(message, by=None, at=now())
    for late in (operations.deliver, lambda *a, **k: operations.fail(*a, reason="provider", **k)):
        with pytest.raises(operations.CannotDeliver):
            late(message, by=None, at=now())
    message.refresh_from_db()
    assert message.state == State.READ


# --- what goes wrong --------------------------------------------------------------------------------------------------


def failing(error: Exception) -> AbstractContextManager[object]:
    class Failing(Simulated):
        def send(self, parcel: Parcel) -> str:
            raise error

    return patch("encore.channels.tasks.transports", return_value={"sms": Failing("sms", "")})


def test_where_nothing_went_out_it_is_tried_again_and_the_next_message_is_not_held_up(
    reader: User, complaint: Complaint
) -> None:
    first = queued(reader, complaint)
    with failing(NothingWentOut("ConnectionRefusedError")):
        run_due()
    first.refresh_from_db()
    assert (first.state, first.cost, first.taken_at) == (State.QUEUED, Decimal("0.00"), None)
    second = queued(reader, complaint)
    run_due()
    second.refresh_from_db()
    assert second.state == State.SENT


def test_what_cannot_be_reached_however_often_fails_and_somebody_is_told(
    reader: User, complaint: Complaint, zhou: User
) -> None:
    message = queued(reader, complaint)
    with failing(NothingWentOut("ConnectionRefusedError")):
        for _ in range(10):
            run_due()
            Job.objects.filter(state=JobState.READY).update(run_at=now() - HOUR)
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.FAILED, "not_reached")
    run_due()
    assert queries.inbox(zhou).filter(kind="message.failed", noun_id=message.pk).count() == 1


def test_what_the_other_side_will_not_have_is_not_tried_again(reader: User, complaint: Complaint) -> None:
    message = queued(reader, complaint)
    with failing(NothingWentOut("550", final=True)):
        run_due()
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.FAILED, "not_taken")
    assert not Job.objects.filter(state=JobState.READY).exists()


@pytest.fixture
def unclear(reader: User, complaint: Complaint) -> Message:
    message = queued(reader, complaint)
    with failing(TimeoutError()):
        run_due()
    message.refresh_from_db()
    return message


def test_where_nobody_knows_whether_it_went_out_it_is_unclear_and_is_not_sent_again(unclear: Message) -> None:
    assert unclear.state == State.UNCLEAR
    run_due()
    unclear.refresh_from_db()
    assert unclear.state == State.UNCLEAR
    assert unclear.job
    assert Job.objects.get(pk=unclear.job).state == JobState.UNCLEAR


@pytest.mark.parametrize(("went_out", "state"), [(True, State.SENT), (False, State.FAILED)])
def test_somebody_says_what_became_of_an_unclear_message_and_its_job_is_decided_with_it(
    unclear: Message, zhou: User, went_out: bool, state: State
) -> None:
    operations.settle(unclear, went_out=went_out, by=zhou, at=now())
    unclear.refresh_from_db()
    assert unclear.state == state
    assert unclear.job
    assert Job.objects.get(pk=unclear.job).settled_by == zhou
    with pytest.raises(operations.CannotSettle):
        operations.settle(unclear, went_out=went_out, by=zhou, at=now())


def test_what_did_not_go_out_is_sent_again_by_hand_once(unclear: Message, zhou: User) -> None:
    with pytest.raises(operations.CannotTryAgain):
        operations.try_again(unclear, by=zhou, at=now())
    operations.settle(unclear, went_out=False, by=zhou, at=now())
    operations.try_again(unclear, by=zhou, at=now())
    run_due()
    unclear.refresh_from_db()
    assert (unclear.state, unclear.attempt) == (State.SENT, 2)
    assert told("message.sent") == [unclear.pk]


def test_a_message_whose_worker_was_lost_is_unclear_after_ten_minutes(reader: User, complaint: Complaint) -> None:
    message = queued(reader, complaint, at=NOON)
    drafts.take(message.pk, message.attempt, NOON)
    message.refresh_from_db()
    assert not message.is_unclear(NOON + timedelta(minutes=9))
    assert message.is_unclear(NOON + timedelta(minutes=11))
