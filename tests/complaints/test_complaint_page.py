"""The page of a complaint: what happened, what is promised, what to do now; and what goes on by itself behind it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from encore.accounts.models import Organisation, Post, User
from encore.channels.models import Inbox, Message, State
from encore.complaints import operations, queries
from encore.complaints.models import Answer, Complaint
from encore.complaints.tasks import note_silence
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of
from encore.customers.operations import Consented, Known
from encore.jobs.models import Job
from encore.jobs.worker import run_due
from encore.ledger.models import Clock, Event
from encore.ledger.operations import annul
from tests.cast import DAY, HOUR, RECEIVED, agreed, complain, person, signed_in
from tests.clauses import clause, content

RESULT: dict[str, Any] = {"measures": "核对账单", "result": "钱已退回", "improvement": "两人核对"}


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


def page_of(client: Client, complaint: Complaint, query: str = "") -> str:
    answer = client.get(f"/complaints/{complaint.reference}/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def resolved(contract: Contract, by: User, *, since: Any = None) -> Complaint:
    at = since or now() - 20 * HOUR
    complaint = complain(contract, at=at)
    operations.verify(complaint, by=by, at=at + HOUR)
    operations.assess(complaint, severity="two", category="product", by=by, at=at + 2 * HOUR)
    operations.plan(complaint, plan="退款", by=by, at=at + 3 * HOUR)
    operations.start(complaint, by=by, at=at + 4 * HOUR)
    return operations.resolve(complaint, grounds="看过账单", by=by, at=at + 5 * HOUR)


# --- what the page says -------------------------------------------------------------------------------------------------


def test_words_stand_beside_the_entry_that_they_belong_to(desk: Client, contract: Contract, zhou: User) -> None:
    complaint = complain(contract, at=now() - 3 * HOUR)
    operations.contact(complaint, words="客人要求退一打", channel="elsewhere", by=zhou, at=now() - 2 * HOUR)
    operations.verify(complaint, finding="监控里没有冰", by=zhou, at=now() - HOUR)
    entries = re.findall(r'<li class="entry.*?</li>', page_of(desk, complaint), re.DOTALL)
    with_words = {words: [one for one in entries if words in one] for words in ("客人要求退一打", "监控里没有冰")}
    assert all(len(found) == 1 for found in with_words.values())
    assert "联系" in with_words["客人要求退一打"][0]
    assert "其他" in with_words["客人要求退一打"][0]


def test_the_one_primary_act_is_what_is_due_first(desk: Client, contract: Contract) -> None:
    complaint = complain(contract, at=now() - HOUR)
    page = page_of(desk, complaint)
    assert len(re.findall(r'class="button button-primary"', page)) == 1
    assert f'action="/complaints/{complaint.reference}/verify/#next"' in page


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("merge", "goes on with its own"),
        ("withdraw", "clocks end"),
        ("escalate", "managers of both parties"),
        ("start-emergency", "All evidence is held"),
    ],
)
def test_what_follows_is_said_before_it_is_done(zhou: User, contract: Contract, name: str, said: str) -> None:
    complaint = complain(contract, at=now() - HOUR)
    assert said in page_of(signed_in(zhou), complaint, f"?act={name}")


ACT_NAMES = re.compile(r'\?act=([a-z-]+)#next"')


@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_nothing_that_the_page_offers_is_out_of_turn(zhou: User, agency: Organisation, letter: str) -> None:
    """Sent as empty as it stands, each act lacks something, or is taken; never is it refused as not yet its turn."""
    desk = signed_in(zhou)
    contract = agreed(content(letter), zhou, agency)
    complaint = complain(contract, at=now() - HOUR)
    for name in ACT_NAMES.findall(page_of(desk, complaint)):
        fresh = complain(contract, at=now() - HOUR)
        assert desk.post(f"/complaints/{fresh.reference}/{name}/").status_code in (302, 422), name


def test_the_silence_of_a_guest_is_offered_once_their_time_is_over(
    desk: Client, contract: Contract, zhou: User
) -> None:
    since = now() - 9 * DAY
    complaint = resolved(contract, zhou, since=since)
    operations.send_result(complaint, **RESULT, by=zhou, at=since + 6 * HOUR)
    operations.ask_confirmation(complaint, channel="web", by=zhou, at=now() - 6 * DAY)
    assert "act=note-silence" not in page_of(desk, complaint)
    Complaint.objects.update(confirmation_asked_at=now() - 8 * DAY)
    assert "act=note-silence" in page_of(desk, complaint)


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE complaints_complaint; --", "<script>alert(1)</script>", "{{ 7*7 }}", "' OR 1=1 --"]
)
def test_a8_words_of_any_kind_are_words_on_the_page_and_in_searches(
    desk: Client, contract: Contract, zhou: User, words: str
) -> None:
    complaint = complain(contract, text=f"酒 {words}", at=now() - HOUR)
    operations.contact(complaint, words=words, channel="web", by=zhou, at=now())
    page = page_of(desk, complaint)
    assert "<script>alert" not in page
    for address in ("/complaints/all/", "/complaints/"):
        assert desk.get(address, {"q": words, "f.stage": words, "sort": words}).status_code in (200, 302, 404)
    assert desk.get(f"/complaints/{words.replace('/', '')}/").status_code == 404
    assert Complaint.objects.count() == 1


def test_the_page_asks_few_questions_also_where_much_has_happened(
    desk: Client, contract: Contract, zhou: User, agency: Organisation, django_assert_max_num_queries: Any
) -> None:
    complaint = resolved(contract, zhou)
    for number in range(6):
        operations.contact(complaint, words=f"第{number}次", channel="web", by=zhou, at=now())
        one = person(f"甲{number}", agency, Post.PROMOTION)
        operations.name_concerned(complaint, person=one, by=zhou, at=now())
    page_of(desk, complaint)
    with django_assert_max_num_queries(14):
        page_of(desk, complaint)


# --- handing over, upwards, together, anew ------------------------------------------------------------------------------


@clause("B", "9.1.3")
def test_under_b_a_plan_is_handed_over_to_marketing_by_one_link_and_its_clock_goes_along(
    zhou: User, tang: User, agency: Organisation
) -> None:
    complaint = complain(agreed(content("B"), zhou, agency), at=now() - 3 * HOUR)
    operations.verify(complaint, by=zhou, at=now() - 2 * HOUR)
    operations.assess(complaint, severity="two", category="product", by=zhou, at=now() - HOUR)
    desk = signed_in(zhou)
    [query] = re.findall(r'href="[^"]*(\?act=assign[^"#]*department=[^"#]*)#next"', page_of(desk, complaint))
    form = page_of(desk, complaint, query.replace("&amp;", "&"))
    assert '<option value="plan" selected>' in form
    assert '<option value="marketing" selected>' in form
    fields = {"person": tang.pk, "stage": "plan", "department": "marketing"}
    assert desk.post(f"/complaints/{complaint.reference}/assign/", fields).status_code == 302
    complaint.refresh_from_db()
    assert complaint.responsible == tang
    run_due()
    assert Inbox.objects.filter(person=tang, kind="complaint.assigned").count() == 1
    states = dict(Clock.objects.filter(noun="complaint", noun_id=complaint.pk).values_list("duty", "state"))
    assert states["plan"] == "discharged"
    assert [state for duty, state in states.items() if duty.startswith("plan") and duty != "plan"] == ["open"]
    operations.plan(complaint, plan="市场部的方案", by=tang, at=now())
    assert "act=assign&amp;stage" not in page_of(desk, complaint)


def test_both_parties_managers_hear_of_what_is_handed_upwards(
    contract: Contract, lin: User, zhou: User, he: User
) -> None:
    complaint = complain(contract, at=now() - HOUR)
    operations.escalate(complaint, words="客人要找媒体", by=lin, at=now())
    run_due()
    told = Inbox.objects.filter(kind="complaint.escalated").values_list("person", flat=True)
    assert set(told) == {zhou.pk, he.pk}


def test_f11_a_merged_complaint_ends_its_clocks_and_leads_to_the_one_that_goes_on(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    contract = agreed(content("B"), zhou, agency)
    first, second = (complain(contract, at=now() - hours * HOUR) for hours in (3, 2))
    address = f"/complaints/{second.reference}"
    assert desk.post(f"{address}/merge/", {"into": "C-26-999999"}).status_code == 422
    assert desk.post(f"{address}/merge/", {"into": first.reference}).status_code == 302
    page = page_of(desk, second)
    assert first.reference in page
    assert 'id="next"' not in page
    running = Clock.objects.filter(noun="complaint", is_ended=False).values_list("noun_id", flat=True)
    assert set(running) == {first.pk}
    assert desk.post(f"{address}/merge/", {"into": first.reference}).status_code == 409
    assert desk.post(f"/complaints/{first.reference}/merge/", {"into": second.reference}).status_code == 409


def test_f11_a_reopened_complaint_runs_again_with_what_was_said_kept(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    complaint = resolved(agreed(content("B"), zhou, agency), zhou)
    operations.send_result(complaint, **RESULT, by=zhou, at=now() - 10 * HOUR)
    operations.archive(complaint, by=zhou, at=now() - 9 * HOUR)
    assert desk.post(f"/complaints/{complaint.reference}/reopen/", {"words": " "}).status_code == 422
    assert desk.post(f"/complaints/{complaint.reference}/reopen/", {"words": "酒又是温的"}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.is_open
    assert (complaint.resolved_at, complaint.result_sent_at, complaint.archived_at) == (None, None, None)
    assert complaint.result == "钱已退回"
    assert Clock.objects.filter(noun="complaint", noun_id=complaint.pk, is_ended=False).exists()
    page = page_of(desk, complaint)
    assert "酒又是温的" in page
    assert desk.post(f"/complaints/{complaint.reference}/reopen/", {"words": "再一次"}).status_code == 409


# --- the guest ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def reachable(zhou: User, agency: Organisation) -> Complaint:
    """By text message and by e-mail, both with consent."""
    contract = agreed(content("C"), zhou, agency)
    reached = operations.Reached(
        Known(phone="13911112222", email="guest@example.com"), Consented(["complaint"], "同意", "web")
    )
    told = operations.Told("酒是温的，服务员骂人", "form-of-the-guest", answer_by="sms")
    channel = queries.channel(edition_of(contract), "web")
    complaint = operations.receive(
        told, contract=contract, channel=channel, by=None, at=now() - 5 * HOUR, reached=reached
    )
    return operations.assess(complaint, severity="general", category="service", by=zhou, at=now() - 4 * HOUR)


def via(complaint: Complaint, way: str) -> str:
    return queries.channel(queries.edition(complaint), way)


def test_progress_goes_out_by_the_channel_that_the_guest_chose_and_says_only_where_to_read_it(
    desk: Client, reachable: Complaint
) -> None:
    form = page_of(desk, reachable, "?act=send-progress")
    assert '<option value="sms" selected>' in form
    fields = {"words": "正在核对，今晚有结果", "channel": via(reachable, "sms")}
    assert desk.post(f"/complaints/{reachable.reference}/send-progress/", fields).status_code == 302
    message = Message.objects.get(wording="complaint-progress")
    assert (message.transport, message.masked) == ("sms", "139****2222")
    assert reachable.reference in message.text
    for words in ("正在核对", "骂人", "酒是温的"):
        assert words not in message.text
    page = Client(headers={"accept-language": "zh-CN"}).get(f"/t/{reachable.token}/").content.decode()
    assert reachable.reference in page


def test_what_is_told_by_word_of_mouth_sends_no_message(reachable: Complaint, zhou: User) -> None:
    operations.send_progress(reachable, words="电话里说了", channel=via(reachable, "phone"), by=zhou, at=now())
    assert not Message.objects.filter(wording="complaint-progress").exists()


def test_f17_a_message_that_does_not_arrive_is_shown_and_goes_by_another_way(
    desk: Client, reachable: Complaint, zhou: User
) -> None:
    operations.send_progress(reachable, words="在查", channel=via(reachable, "sms"), by=zhou, at=now())
    lost = Message.objects.get(wording="complaint-progress")
    Message.objects.filter(pk=lost.pk).update(state=State.FAILED, reason="not_taken", ended_at=now())
    page = page_of(desk, reachable)
    assert "没有送到" in page
    by_mail = via(reachable, "email")
    assert f'name="channel" value="{by_mail}"' in page
    address = f"/complaints/{reachable.reference}/messages/{lost.pk}/"
    assert desk.post(address, {"channel": "nothing"}).status_code == 409
    assert desk.post(address, {"channel": by_mail}).status_code == 302
    again = Message.objects.filter(wording="complaint-progress").latest("pk")
    assert (again.transport, again.state) == ("mail", State.QUEUED)
    assert "没有送到" not in page_of(desk, reachable)
    assert desk.post(address, {"channel": by_mail}).status_code == 409


def test_a4_a_message_is_sent_again_on_the_page_of_its_own_complaint_only(
    desk: Client, reachable: Complaint, zhou: User
) -> None:
    operations.send_progress(reachable, words="在查", channel=via(reachable, "sms"), by=zhou, at=now())
    lost = Message.objects.get(wording="complaint-progress")
    other = complain(reachable.contract, at=now() - HOUR)
    assert desk.post(f"/complaints/{other.reference}/messages/{lost.pk}/", {"channel": "email"}).status_code == 404


# --- silence --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(contract: Contract, zhou: User, lin: User) -> Complaint:
    since = now() - 10 * DAY
    complaint = resolved(contract, zhou, since=since)
    operations.send_result(complaint, **RESULT, by=zhou, at=since + 6 * HOUR)
    return operations.ask_confirmation(complaint, channel="web", by=lin, at=now() - 8 * DAY)


def test_a_guest_who_was_asked_and_is_silent_has_not_answered_and_never_accepted(asked: Complaint, lin: User) -> None:
    run_due()
    asked.refresh_from_db()
    assert asked.answer == Answer.UNANSWERED
    noted = Event.objects.get(type="complaint.result_unanswered")
    assert noted.actor == f"user:{lin.pk}"  # who set the time with the question


def test_silence_is_not_noted_before_the_time_is_over(contract: Contract, zhou: User) -> None:
    complaint = resolved(contract, zhou)
    operations.send_result(complaint, **RESULT, by=zhou, at=now() - HOUR)
    operations.ask_confirmation(complaint, channel="web", by=zhou, at=now())
    run_due()
    complaint.refresh_from_db()
    assert complaint.answer == ""
    waiting = Job.objects.get(task=note_silence.module_path)
    assert complaint.confirmation_asked_at
    assert waiting.run_at - complaint.confirmation_asked_at == operations.TIME_TO_ANSWER


def test_who_answered_in_time_is_not_silent(asked: Complaint) -> None:
    operations.confirm(asked, channel="web", by=None, at=now() - 2 * DAY)
    run_due()
    asked.refresh_from_db()
    assert asked.answer == Answer.CONFIRMED
    assert not Event.objects.filter(type="complaint.result_unanswered").exists()


def test_where_who_asked_has_left_it_is_noted_in_the_name_of_whoever_answers_for_it(
    asked: Complaint, lin: User, zhou: User
) -> None:
    User.objects.filter(pk=lin.pk).update(is_active=False)
    run_due()
    assert (
        Event.objects.get(type="complaint.result_unanswered").actor == f"user:{zhou.pk}"
    )  # who answered for it had asked


def test_a_question_that_was_annulled_leads_to_no_silence(asked: Complaint, zhou: User, lin: User) -> None:
    question = Event.objects.get(type="complaint.confirmation_asked")
    annul(question, reason="untrue", by=lin, at=now())
    run_due()
    asked.refresh_from_db()
    assert asked.answer == ""


# --- the promoter who passed it on ------------------------------------------------------------------------------------------


def test_the_promoter_who_passed_it_on_is_answered_in_their_inbox(
    contract: Contract, agency: Organisation, tang: User, zhou: User
) -> None:
    promoter = person("小丁", agency, Post.PROMOTER)
    told = operations.Told("客人说酒太贵", "promoter-form")
    complaint = operations.receive(told, contract=contract, channel="elsewhere", by=promoter, at=now() - 9 * HOUR)
    operations.report(complaint, by=promoter, at=now() - 8 * HOUR)
    assert complaint.reporter == promoter
    operations.answer_promoter(complaint, words="已在核对价格牌", by=tang, at=now() - 7 * HOUR)
    run_due()
    assert Inbox.objects.filter(person=promoter, kind="complaint.answered_promoter").count() == 1
    assert "已在核对价格牌" in page_of(signed_in(promoter, "zh-CN"), complaint)


# --- the review -------------------------------------------------------------------------------------------------------------


def test_the_review_of_a_month_tells_what_follow_ups_and_guests_said(
    desk: Client, contract: Contract, zhou: User, lin: User
) -> None:
    complaint = resolved(contract, zhou, since=RECEIVED)
    operations.send_result(complaint, **RESULT, by=zhou, at=RECEIVED + 6 * HOUR)
    operations.follow_up(complaint, words="客人说又等了半小时", by=lin, at=RECEIVED + DAY)
    operations.rate(complaint, rating=2, words="回话太慢", by=None, at=RECEIVED + 2 * DAY)
    page = desk.get("/complaints/review/?month=2026-03").content.decode()
    for said in ("客人说又等了半小时", "回话太慢", complaint.reference):
        assert said in page
    empty = desk.get("/complaints/review/?month=2026-02").content.decode()
    assert "客人说又等了半小时" not in empty
    for wrong in ("2026-13", "x", "' OR 1=1"):
        assert desk.get("/complaints/review/", {"month": wrong}).status_code == 200


def test_the_review_asks_the_same_number_of_questions_however_much_there_is(
    desk: Client, contract: Contract, zhou: User, lin: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        complaint = resolved(contract, zhou, since=RECEIVED + timedelta(minutes=number))
        operations.send_result(complaint, **RESULT, by=zhou, at=RECEIVED + 6 * HOUR)
        operations.follow_up(complaint, words=f"第{number}次", by=lin, at=RECEIVED + DAY)
        operations.rate(complaint, rating=1, words="慢", by=None, at=RECEIVED + DAY)
    desk.get("/complaints/review/?month=2026-03")
    with django_assert_max_num_queries(14):
        desk.get("/complaints/review/?month=2026-03")
