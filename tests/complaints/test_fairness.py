"""Whoever a complaint is about neither handles it nor learns who complained; nobody lowers a grade or judges alone."""

import inspect
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils.timezone import now

from encore.accounts.models import AccessLog, Organisation, Post, User
from encore.channels.models import Inbox, Message
from encore.complaints import operations, queries
from encore.complaints.models import Complaint, Concern, Statement
from encore.contracts.models import Contract
from encore.customers.operations import Consented, Known
from encore.jobs.worker import run_due
from encore.ledger.models import Clock, Event
from encore.ledger.refusal import Refusal
from encore.ledger.verification import Tally, verify
from encore.search.queries import having
from tests.cast import HOUR, RECEIVED, agreed, complain, person, signed_in
from tests.clauses import content

SAID = "B08 的客人张女士 13800001234 说酒是温的"


@pytest.fixture
def complaint(contract: Contract) -> Complaint:
    told = operations.Told(SAID, "fair-form", "B08")
    reached = operations.Reached(Known(phone="13911112222"), Consented(["complaint"], "同意", "web"))
    return operations.receive(told, contract=contract, channel="web", by=None, at=now() - 5 * HOUR, reached=reached)


@pytest.fixture
def song(agency: Organisation) -> User:
    return person("宋佳", agency, Post.PROMOTION)


@pytest.fixture
def concern(complaint: Complaint, song: User, zhou: User) -> Concern:
    operations.name_concerned(complaint, person=song, by=zhou, at=now() - 4 * HOUR)
    return complaint.concerns.get()


# What each act asks for besides the complaint, so that none is refused for its arguments.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "acknowledge": {"channel": "web"},
    "add": {"words": "还有"},
    "add_evidence": {"evidence": ()},
    "answer_promoter": {"words": "在办"},
    "ask_confirmation": {"channel": "web"},
    "ask_lower": {"severity": "two", "reason": "轻"},
    "assess": {"severity": "one", "category": "product"},
    "confirm": {"channel": "web"},
    "contact": {"words": "谈过", "channel": "web"},
    "escalate": {"words": "上报"},
    "mediate": {"guest_side": "一", "house_side": "二", "outcome": "agreed", "words": "三"},
    "offer": {"kind": "none", "words": "", "amount": None},
    "plan": {"plan": "道歉"},
    "put_back": {"entry": 1},
    "rate": {"rating": 5, "words": ""},
    "reject": {"channel": "web"},
    "reopen": {"words": "没好"},
    "reply": {"words": "您好", "channel": "web"},
    "send_progress": {"words": "在办", "channel": "web"},
    "send_result": {"measures": "一", "result": "二", "improvement": "三"},
    "start_emergency": {"done": ()},
    "tell_promoter": {"words": "办好"},
}


def acts_on_complaints() -> list[str]:
    """Every operation whose first argument is the complaint."""
    found = []
    for name in operations.__all__:
        act = getattr(operations, name)
        if inspect.isfunction(act) and next(iter(inspect.signature(act).parameters), "") == "complaint":
            found.append(name)
    return sorted(found)


@pytest.mark.parametrize("name", acts_on_complaints())
def test_whoever_it_is_about_can_take_no_step(
    concern: Concern, complaint: Complaint, song: User, zhou: User, name: str
) -> None:
    more = dict(ARGUMENTS.get(name, {}))
    if name in ("assign", "name_concerned"):
        more["person"] = zhou
    if name == "merge":
        more["into"] = complain(complaint.contract, at=now() - HOUR)
    if name == "send_again":
        more |= {"message": Message(), "channel": "web"}
    before = Event.objects.count()
    with pytest.raises((Refusal, PermissionDenied)):
        getattr(operations, name)(complaint, **more, by=song, at=now())
    assert Event.objects.count() == before


def test_the_acts_are_all_of_them() -> None:
    assert len(acts_on_complaints()) > 30


def test_whoever_it_is_about_finds_neither_its_page_nor_its_words_nor_its_files(
    concern: Concern, complaint: Complaint, song: User
) -> None:
    client = signed_in(song, "zh-CN")
    for address in (
        f"/complaints/{complaint.reference}/",
        f"/complaints/{complaint.reference}/evidence/",
        f"/documents/complaint/{complaint.reference}/",
        f"/files/of/complaint/{complaint.reference}/",
    ):
        assert client.get(address).status_code == 404, address
    assert client.post(f"/complaints/{complaint.reference}/guest/", {"reason": "complaint"}).status_code == 404
    for address in ("/complaints/", "/complaints/all/", "/search/?q=张女士", "/complaints/review/"):
        page = client.get(address).content.decode()
        assert complaint.reference not in page, address
        assert "13911112222" not in page, address
    assert not queries.visible_to(song).filter(having("客人", song, "complaint")).exists()


def test_a_promoter_sees_what_they_passed_on_and_nothing_else(contract: Contract, agency: Organisation) -> None:
    promoter, other = (person(name, agency, Post.PROMOTER) for name in ("小丁", "小卫"))
    told = operations.Told("客人说酒太贵", "promoter-form")
    passed_on = operations.receive(told, contract=contract, channel="elsewhere", by=promoter, at=now() - HOUR)
    complain(contract, at=now() - HOUR)
    assert list(queries.visible_to(promoter)) == [passed_on]
    assert not queries.visible_to(other).exists()


# --- the people concerned ---------------------------------------------------------------------------------------------


def test_the_person_concerned_is_told_heard_told_the_result_and_may_appeal(
    concern: Concern, complaint: Complaint, song: User, zhou: User, he: User, tang: User
) -> None:
    desk, own = signed_in(zhou, "zh-CN"), signed_in(song, "zh-CN")
    address, page_of = f"/complaints/{complaint.reference}", f"/concerns/{concern.reference}/"
    assert own.get(page_of).status_code == 404  # nobody has told them yet
    assert desk.post(f"{address}/concerned/{concern.pk}/", {"words": ""}).status_code == 422
    assert desk.post(f"{address}/concerned/{concern.pk}/", {"words": "有客人说酒没有冰"}).status_code == 302
    run_due()
    assert Inbox.objects.filter(person=song, kind="complaint.concerned_told", noun="concern").count() == 1

    page = own.get(page_of).content.decode()
    assert "有客人说酒没有冰" in page
    for secret in (SAID, "13911112222", "139****2222", "张女士", "B08", complaint.reference):
        assert secret not in page
    assert own.get("/concerns/").content.decode().count(concern.reference) >= 1
    assert own.post(page_of, {"words": "  "}).status_code == 422
    assert own.post(page_of, {"words": "冰桶是服务员收走的"}).status_code == 302
    assert own.post(page_of, {"words": "再说一次"}).status_code == 409
    assert "冰桶是服务员收走的" in desk.get(f"{address}/").content.decode()

    at = now()
    operations.verify(complaint, by=tang, at=at)
    operations.assess(complaint, severity="one", category="product", by=tang, at=at)
    operations.plan(complaint, plan="换酒", by=zhou, at=at)
    operations.start(complaint, by=zhou, at=at)
    operations.resolve(complaint, grounds="监控", by=zhou, at=at)
    assert (
        desk.post(f"{address}/concerned/{concern.pk}/", {"words": "与您无关，不处理", "about": "finding"}).status_code
        == 302
    )
    assert "与您无关" in own.get(page_of).content.decode()
    assert own.post(page_of, {"words": "我要求写明", "says": "appeal"}).status_code == 302
    run_due()
    told = Inbox.objects.filter(kind="complaint.concerned_appealed")
    assert set(told.values_list("person__name", flat=True)) == {"周敏", "何伟"}
    assert "我要求写明" in desk.get(f"{address}/").content.decode()


def test_the_page_of_a_person_concerned_is_theirs_alone(concern: Concern, zhou: User, he: User, lin: User) -> None:
    operations.tell_concerned(concern, words="有客人说", by=zhou, at=now())
    for other in (zhou, he, lin):
        assert signed_in(other).get(f"/concerns/{concern.reference}/").status_code == 404


def test_of_two_people_concerned_neither_reads_what_the_other_was_told_or_said(
    concern: Concern, complaint: Complaint, agency: Organisation, zhou: User, song: User
) -> None:
    other = person("小卫", agency, Post.PROMOTER)
    operations.name_concerned(complaint, person=other, by=zhou, at=now())
    second = complaint.concerns.get(person=other)
    for one, words in ((concern, "只给宋佳"), (second, "只给小卫")):
        operations.tell_concerned(one, words=words, by=zhou, at=now())
    operations.state(second, words="小卫的话", by=other, at=now())
    page = signed_in(song).get(f"/concerns/{concern.reference}/").content.decode()
    assert "只给宋佳" in page
    assert "只给小卫" not in page
    assert "小卫的话" not in page


# --- how the guest is reached -----------------------------------------------------------------------------------------


def test_the_venue_sees_a_masked_number_and_all_of_it_only_for_a_reason_that_is_noted(
    complaint: Complaint, lin: User
) -> None:
    desk, address = signed_in(lin, "zh-CN"), f"/complaints/{complaint.reference}/"
    page = desk.get(address).content.decode()
    assert "139****2222" in page
    assert "13911112222" not in page
    assert desk.post(f"{address}guest/", {}).status_code == 422
    assert not AccessLog.objects.filter(act="revealed").exists()
    answer = desk.post(f"{address}guest/", {"reason": "complaint"})
    assert "13911112222" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    look = AccessLog.objects.get(act="revealed")
    assert (look.user, look.reason, look.noun, look.noun_id) == (lin, "complaint", "customer", complaint.contact_id)


def test_a4_the_agency_never_sees_how_the_guest_is_reached(complaint: Complaint, he: User) -> None:
    desk, address = signed_in(he, "zh-CN"), f"/complaints/{complaint.reference}/"
    page = desk.get(address).content.decode()
    assert "139****2222" not in page
    assert desk.post(f"{address}guest/", {"reason": "complaint"}).status_code == 403


# --- the level ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def grave(contract: Contract, tang: User) -> Complaint:
    complaint = complain(contract, at=now() - 3 * HOUR)
    operations.verify(complaint, by=tang, at=now() - 2 * HOUR)
    return operations.assess(complaint, severity="one", category="product", by=tang, at=now() - HOUR)


def test_a23_a_lower_level_takes_a_second_person(grave: Complaint, tang: User, zhou: User) -> None:
    agency, venue = signed_in(tang, "zh-CN"), signed_in(zhou, "zh-CN")
    address = f"/complaints/{grave.reference}"
    with pytest.raises(operations.CannotAssess):
        operations.assess(grave, severity="two", category="product", reason="轻", by=tang, at=now())
    assert 'value="two"' not in agency.get(f"{address}/?act=assess").content.decode()
    assert agency.post(f"{address}/ask-lower/", {"severity": "two", "reason": "其实没事"}).status_code == 302
    asked = grave.regradings.get()
    assert 'name="agrees"' not in agency.get(f"{address}/").content.decode()
    own = agency.post(f"{address}/level/", {"asked": asked.pk, "agrees": "yes"})
    assert (own.status_code, Complaint.objects.get(pk=grave.pk).severity) == (409, "one")
    run_due()
    assert Inbox.objects.filter(person=zhou, kind="complaint.regrading_asked").exists()
    assert "其实没事" in venue.get(f"{address}/").content.decode()
    assert venue.post(f"{address}/level/", {"asked": asked.pk, "agrees": "yes"}).status_code == 302
    assert Complaint.objects.get(pk=grave.pk).severity == "two"
    assert venue.post(f"{address}/level/", {"asked": asked.pk, "agrees": "no"}).status_code == 409


def test_a23_a_lower_level_that_is_refused_changes_nothing(grave: Complaint, tang: User, zhou: User) -> None:
    asked = operations.ask_lower(grave, severity="two", reason="轻", by=tang, at=now())
    signed_in(zhou).post(f"/complaints/{grave.reference}/level/", {"asked": asked.pk, "agrees": "no"})
    assert Complaint.objects.get(pk=grave.pk).severity == "one"
    assert Event.objects.filter(type="complaint.regrading_refused").count() == 1


def test_a23_what_was_recorded_is_not_edited_and_what_is_changed_behind_its_back_is_found(
    grave: Complaint, zhou: User
) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(noun="complaint").update(occurred_at=now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(noun="complaint").delete()


def test_a23_an_act_is_not_dated_before_the_complaint_came_nor_into_the_future(grave: Complaint, tang: User) -> None:
    desk = signed_in(tang, "en")
    for moment in (now() - timedelta(days=2), now() + timedelta(hours=3)):
        answer = desk.post(
            f"/complaints/{grave.reference}/plan/",
            {"plan": "道歉", "occurred_at": f"{moment:%Y-%m-%d %H:%M}", "late_reason": "on_paper"},
        )
        assert answer.status_code == 422
    assert Complaint.objects.get(pk=grave.pk).planned_at is None


def test_f10_a_new_level_while_the_plan_is_due_asks_for_a_new_plan_on_a_new_clock(
    zhou: User, tang: User, agency: Organisation
) -> None:
    contract = agreed(content("B"), zhou, agency)
    complaint = complain(contract)
    operations.verify(complaint, by=zhou, at=RECEIVED + HOUR)
    operations.assess(complaint, severity="two", category="product", by=zhou, at=RECEIVED + 2 * HOUR)
    operations.plan(complaint, plan="道歉", by=zhou, at=RECEIVED + 3 * HOUR)
    operations.assess(complaint, severity="one", category="product", reason="有人受伤", by=zhou, at=RECEIVED + 4 * HOUR)
    plans = Clock.objects.filter(noun="complaint", noun_id=complaint.pk, duty="plan").order_by("pk")
    assert [clock.state for clock in plans] == ["fulfilled", "open"]
    changed = operations.plan(complaint, plan="道歉并赔偿", by=zhou, at=RECEIVED + 5 * HOUR)
    assert (changed.plan, changed.started_at) == ("道歉并赔偿", None)


# --- by points ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def scored(zhou: User, agency: Organisation) -> Complaint:
    complaint = complain(agreed(content("B"), zhou, agency), at=now() - 3 * HOUR)
    operations.verify(complaint, by=zhou, at=now() - 2 * HOUR)
    return complaint


def test_the_points_propose_a_level_before_anything_is_taken(scored: Complaint, zhou: User) -> None:
    desk, address = signed_in(zhou, "en"), f"/complaints/{scored.reference}"
    answer = desk.post(f"{address}/assess/", {"traits": ["forced_sale"], "category": "product", "propose": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert '<option value="two" selected>' in page
    assert "50 of 100 points" in page
    assert 'value="forced_sale" checked' in page
    assert Complaint.objects.get(pk=scored.pk).assessed_at is None


def test_a_level_left_open_is_what_the_points_come_to(scored: Complaint, zhou: User) -> None:
    signed_in(zhou).post(f"/complaints/{scored.reference}/assess/", {"traits": ["forced_sale"], "category": "product"})
    scored.refresh_from_db()
    assert (scored.severity, scored.score) == ("two", 50)


def test_another_level_than_the_points_come_to_takes_a_reason(scored: Complaint, zhou: User) -> None:
    desk, address = signed_in(zhou, "en"), f"/complaints/{scored.reference}/assess/"
    fields = {"traits": ["forced_sale"], "severity": "three", "category": "product"}
    answer = desk.post(address, fields)
    assert (answer.status_code, 'id="id_reason-error"' in answer.content.decode()) == (422, True)
    assert desk.post(address, {**fields, "reason": "客人说是误会"}).status_code == 302
    assert Statement.objects.filter(kind="reason", words="客人说是误会").exists()


def test_a_trait_that_alarms_leads_to_the_emergency_list_at_once(scored: Complaint, zhou: User) -> None:
    desk, address = signed_in(zhou, "en"), f"/complaints/{scored.reference}"
    looked_at = desk.post(f"{address}/assess/", {"traits": ["injury"], "category": "product", "propose": "1"})
    assert "is an emergency" in looked_at.content.decode()
    answer = desk.post(f"{address}/assess/", {"traits": ["injury"], "category": "product"})
    assert answer["Location"] == f"{address}/?act=start-emergency#next"
    assert "120" in desk.get(f"{address}/?act=start-emergency").content.decode()


def test_the_ledger_is_whole_after_all_of_it(concern: Concern, complaint: Complaint, song: User, zhou: User) -> None:
    operations.tell_concerned(concern, words="有客人说", by=zhou, at=now())
    operations.state(concern, words="我的话", by=song, at=now())
    assert list(verify(Tally(), now())) == []
