"""The promoter's pages: what a guest told them, the time that the contract gives, what is owed today, what was answered."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime, now

from encore.accounts.models import Organisation, Post, User
from encore.complaints import operations
from encore.complaints.models import Complaint, Concern
from encore.complaints.operations import Told
from encore.complaints.queries import promoter_channel
from encore.contracts.models import Contract
from encore.contracts.queries import terms_of
from encore.editions import brought
from encore.ledger.late import entered_late
from encore.ledger.models import Clock
from tests.cast import DAY, HOUR, agreed, person, signed_in
from tests.clauses import clause

EDITIONS = dict(brought())
FOURTH = Path(__file__).with_name("fourth.toml").read_bytes()


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITIONS["ktv_b.toml"], zhou, agency, since=now() - 60 * DAY)


@pytest.fixture
def su(agency: Organisation) -> User:
    return person("苏晴", agency, Post.PROMOTER)


@pytest.fixture
def phone(su: User, contract: Contract) -> Client:
    """Her telephone on the floor."""
    return signed_in(su)


def told(client: Client, **more: Any) -> Any:
    page = client.get("/my-day/new/").content.decode()
    found = re.search(r'name="form_key" value="([0-9a-f]{32})"', page)
    assert found
    return client.post("/my-day/new/", {"text": "试喝收了钱", "room": "V1", "form_key": found[1], **more})


@pytest.mark.parametrize(
    ("name", "channel"),
    [("ktv_a.toml", "onsite"), ("ktv_b.toml", "promoter"), ("ktv_c.toml", "onsite"), ("fourth", "runner")],
)
def test_the_way_of_promoters_is_that_of_which_their_duties_speak(
    zhou: User, agency: Organisation, name: str, channel: str
) -> None:
    contract = agreed(EDITIONS.get(name, FOURTH), zhou, agency, since=now() - DAY)
    assert promoter_channel(terms_of(contract)) == channel


@clause("B", "9.1.1", "9.1.2")
def test_a_promoter_reports_what_a_guest_said_by_one_button(phone: Client, su: User) -> None:
    answer = told(phone)
    complaint = Complaint.objects.get()
    assert answer["Location"] == f"/complaints/{complaint.reference}/received/?by=hand-up"
    assert (complaint.channel, complaint.reporter) == ("promoter", su)
    assert complaint.reported_at == complaint.recorded_at
    states = dict(Clock.objects.filter(noun="complaint", noun_id=complaint.pk).values_list("duty", "state"))
    assert (states["record"], states["report"], states["verify-reported"]) == ("fulfilled", "fulfilled", "open")
    assert states["verify"] == "discharged", "from the report on, the time of reported complaints counts"


@clause("B", "9.2.1")
def test_the_day_to_report_is_counted_from_when_the_guest_told_it_and_shown_until_it_is(phone: Client) -> None:
    page = phone.get("/my-day/new/").content.decode()
    assert "within 24 hours of being told" in page
    told_at = (now() - 3 * HOUR).replace(second=0, microsecond=0)
    told(phone, act="note", occurred_at=f"{localtime(told_at):%Y-%m-%d %H:%M}")
    complaint = Complaint.objects.get()
    assert complaint.reported_at is None
    clock = Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="report")
    assert (clock.opened_at, clock.due_at, clock.state) == (told_at, told_at + DAY, "open")
    day = phone.get("/my-day/").content.decode()
    assert complaint.reference in day
    assert "20 h 5" in day, "twenty hours and some minutes are left"
    assert phone.post("/my-day/", {"report": complaint.reference}).status_code == 302
    clock.refresh_from_db()
    assert clock.state == "fulfilled"
    assert "Nothing is owed now" in phone.get("/my-day/").content.decode()
    assert phone.post("/my-day/", {"report": complaint.reference}).status_code == 409


def test_f20_a_report_in_the_last_second_is_in_time_and_the_next_is_late(contract: Contract, su: User) -> None:
    told_at = now() - DAY - HOUR
    states: list[str] = []
    with entered_late("learned_late"):
        for late in (timedelta(0), timedelta(microseconds=1)):
            told = Told("少给了赠品", f"{len(states):032x}")
            one = operations.receive(told, contract=contract, channel="promoter", by=su, at=told_at)
            operations.report(one, by=su, at=told_at + DAY + late)
            states.append(Clock.objects.get(noun="complaint", noun_id=one.pk, duty="report").state)
    assert states == ["fulfilled", "late"]


@clause("B", "9.2.2", "9.2.3")
def test_what_a_promoter_is_answered_stands_on_their_day(
    phone: Client, tang: User, zhou: User, contract: Contract
) -> None:
    told(phone)
    complaint = Complaint.objects.get()
    day = phone.get("/my-day/").content.decode()
    assert "answer the promoter on progress" in day
    operations.answer_promoter(complaint, words="已调账单，明天给结果", by=tang, at=now())
    day = phone.get("/my-day/").content.decode()
    assert "已调账单，明天给结果" in day
    assert "answer the promoter on progress" not in day


def test_a_promoter_sees_what_they_passed_on_and_nothing_of_others(
    phone: Client, agency: Organisation, contract: Contract
) -> None:
    told(phone)
    complaint = Complaint.objects.get()
    other = signed_in(person("梁夏", agency, Post.PROMOTER))
    assert complaint.reference not in other.get("/my-day/").content.decode()
    assert other.post("/my-day/", {"report": complaint.reference}).status_code == 404
    assert other.get(f"/complaints/{complaint.reference}/received/").status_code == 404


def test_where_a_complaint_is_about_oneself_the_day_leads_to_ones_own_page(
    phone: Client, su: User, contract: Contract, zhou: User
) -> None:
    complaint = operations.receive(
        Told("促销员硬推", "c" * 32), contract=contract, channel="phone", by=zhou, at=now() - HOUR
    )
    operations.name_concerned(complaint, person=su, by=zhou, at=now() - HOUR)
    concern = Concern.objects.get()
    assert concern.reference not in phone.get("/my-day/").content.decode(), "not before they are told"
    operations.tell_concerned(concern, by=zhou, at=now())
    day = phone.get("/my-day/").content.decode()
    assert f"/concerns/{concern.reference}/" in day
    assert "促销员硬推" not in day
    assert complaint.reference not in day


def test_a_promoter_solves_on_the_spot_by_their_own_way(phone: Client, su: User) -> None:
    page = phone.get("/complaints/on-the-spot/").content.decode()
    found = re.search(r'name="form_key" value="([0-9a-f]{32})"', page)
    assert found
    sent = {
        "form_key": found[1], "text": "少给一瓶", "category": "promotion", "measures": "补了一瓶", "ago": "0",
        "content": "yes", "is_not_about_me": "on",
    }  # fmt: skip
    assert phone.post("/complaints/on-the-spot/", sent).status_code == 302
    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.responsible, complaint.answer) == ("promoter", su, "confirmed")
    states = dict(Clock.objects.filter(noun="complaint", noun_id=complaint.pk).values_list("duty", "state"))
    assert (states["report"], states["verify-reported"]) == ("fulfilled", "fulfilled"), (
        "what is settled is reported too"
    )
    assert (states["answer-promoter"], states["tell-promoter"]) == ("fulfilled", "fulfilled"), "they know how it ended"
    assert "Nothing is owed now" in phone.get("/my-day/").content.decode()


def test_the_desk_has_no_day_of_a_promoter_and_a_promoter_no_desk(phone: Client, lin: User) -> None:
    assert signed_in(lin).get("/my-day/").status_code == 404
    assert phone.get("/complaints/register/")["Location"] == "/my-day/new/"


def test_the_day_asks_the_same_number_of_questions_however_much_was_passed_on(
    phone: Client, su: User, contract: Contract, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        operations.receive(
            Told(f"第{number}条", f"{number:032x}"), contract=contract, channel="promoter", by=su, at=now() - HOUR
        )
    phone.get("/my-day/")
    with django_assert_max_num_queries(12):
        phone.get("/my-day/")
