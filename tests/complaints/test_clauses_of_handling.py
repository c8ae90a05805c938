"""The clauses on how a complaint is handled, of the editions that come with the product: each walked at the desk and on the
guest's own page.
"""

import io
import re
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import docx
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from encore.accounts.models import Organisation, Post, User
from encore.approvals.operations import approve
from encore.approvals.queries import current
from encore.complaints.models import Complaint, Remedy, Statement
from encore.contracts.drafts import draw_up
from encore.contracts.operations import make_effective, sign
from encore.files.models import File
from encore.jobs.worker import run_due
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from tests.cast import DAY, EFFECTIVE, HOUR, RECEIVED, person, signed_in
from tests.clauses import clause, content
from tests.complaints.house import STEPS, House, clock, house, page_of, sent
from tests.files.made import photo

TOLD: dict[str, Any] = {
    "measures": "核对账单和监控。",
    "result": "多收的钱已经退回。",
    "improvement": "账单改由两人核对。",
}
# The steps before its result, in the order of each edition's stages.
BEFORE_RESULT = {
    "A": ("assess", "verify", "plan", "start", "resolve"),
    "B": ("verify", "assess", "plan", "start", "resolve"),
    "C": ("assess", "reply", "resolve"),
}


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


@pytest.fixture
def guest() -> Client:
    return Client(REMOTE_ADDR="203.0.113.7", headers={"accept-language": "zh-CN"})


def read(guest: Client, complaint: Complaint) -> str:
    return guest.get(f"/t/{complaint.token}/").content.decode()


def answered(guest: Client, complaint: Complaint, name: str, **fields: str) -> int:
    return guest.post(f"/t/{complaint.token}/{name}/", fields).status_code


def types(complaint: Complaint) -> list[str]:
    return [entry.type for entry in history(key_of(complaint))]


def record_of(desk: Client, complaint: Complaint) -> str:
    return paper_of(desk, complaint, "complaint-record")


def paper_of(desk: Client, complaint: Complaint, document: str) -> str:
    """What stands in a paper, which is a Word file."""
    answer = desk.get(f"/documents/complaint/{complaint.reference}/{document}.docx")
    assert answer.status_code == 200
    paper = docx.Document(io.BytesIO(answer.content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in paper.paragraphs), *cells])


# --- what is gathered, and what it is worth -----------------------------------------------------------------------------


@clause("A", "1.3.1")
def test_under_a_what_the_guest_asks_for_is_asked_and_written_down(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    complaint = house("A", zhou, agency).told()
    assert sent(desk, complaint, "contact", words="", channel="wechat").status_code == 422
    wish = "只要把多收的钱退回来，再说声对不起。"
    assert sent(desk, complaint, "contact", words=wish, channel="wechat").status_code == 302
    [said] = Statement.objects.filter(complaint=complaint, kind=Statement.Kind.CONTACT)
    assert (said.words, said.channel, said.by) == (wish, "wechat", zhou)
    page = page_of(desk, complaint)
    assert wish in page
    assert "微信" in page
    assert "complaint.contacted" in types(complaint)


@clause("A", "1.3.2")
def test_under_a_a_photograph_is_kept_as_it_was_and_shown_where_it_is_decided(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    complaint = house("A", zhou, agency).told()
    sent_in = SimpleUploadedFile("账单.jpg", photo(), "image/jpeg")
    answer = desk.post(f"/complaints/{complaint.reference}/evidence/", {"files": sent_in})
    assert answer.status_code == 302
    kept = File.objects.get(noun="complaint", noun_id=complaint.pk, original=None)
    assert kept.sha256 == sha256(photo()).hexdigest()  # with all that the camera wrote into it
    event = Event.objects.get(type="complaint.evidence_added")
    assert kept.sha256 in bytes(event.body).decode()
    page = page_of(desk, complaint)
    assert "账单.jpg" in page
    assert f"/files/{kept.reference}/" in page


@clause("A", "1.4.2")
def test_under_a_a_plan_offers_an_apology_a_compensation_or_an_improvement(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    complaint = under.taken(under.told(), "assess", "verify")
    assert sent(desk, complaint, "plan", plan="").status_code == 422
    assert sent(desk, complaint, "plan", plan="退还多收的钱，当面致歉。").status_code == 302
    page = page_of(desk, complaint, act="offer")
    assert "退还多收的钱，当面致歉。" in page
    offered = re.search(r'<select [^>]*name="kind".*?</select>', page, re.DOTALL)
    assert offered
    assert re.findall(r'<option value="([^"]+)"', offered[0]) == ["apology", "compensation", "improvement"]
    assert sent(desk, complaint, "offer", kind="apology", words="经理当面致歉").status_code == 302
    assert sent(desk, complaint, "offer", kind="free_beer", words="").status_code == 422
    remedy = Remedy.objects.get()
    assert (remedy.kind, remedy.state) == ("apology", Remedy.State.OFFERED)


@pytest.mark.parametrize("letter", [pytest.param("A", marks=clause("A", "9.1.2"))])
def test_a_decision_names_the_evidence_that_it_rests_on(
    desk: Client, zhou: User, agency: Organisation, letter: str
) -> None:
    under = house(letter, zhou, agency)
    complaint = under.taken(under.told(), "assess", "verify", "plan", "start")
    empty = sent(desk, complaint, "resolve", grounds="")
    assert empty.status_code == 422
    assert "complaint.resolved" not in types(complaint)
    assert sent(desk, complaint, "resolve", grounds="账单原件和前台监控。").status_code == 302
    assert "账单原件和前台监控。" in page_of(desk, complaint)


# --- that it is followed, and seen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "letter",
    [
        pytest.param("A", marks=clause("A", "1.5.1", "1.6.2")),
        pytest.param("C", marks=clause("C", "1.1.3", "3.3.1")),
    ],
)
def test_each_step_and_the_result_stand_in_the_record_that_is_put_away(
    desk: Client, zhou: User, agency: Organisation, letter: str
) -> None:
    under = house(letter, zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT[letter], "send_result", "archive")
    assert complaint.archived_at is not None
    page, record = page_of(desk, complaint), record_of(desk, complaint)
    told = [entry for entry in history(key_of(complaint)) if entry.type.startswith("complaint.")]
    assert len(told) >= len(BEFORE_RESULT[letter]) + 4
    for text in (page, record):
        for said in ("账单多算了一打。", *under.more("send_result").values()):
            assert said == "web" or said in text, said
    for entry in told:
        assert entry.label in page
        assert entry.label in record
    found = desk.get("/complaints/all/", {"f.is": "archived"}).content.decode()
    assert complaint.reference in found
    assert sent(desk, complaint, "plan", plan="改一改。").status_code == 409  # what was put away stays as it is


@clause("C", "3.3.2")
def test_under_c_the_archive_is_searched_in_two_characters_filtered_and_counted(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("C", zhou, agency)
    steps = (*BEFORE_RESULT["C"], "send_result", "archive")
    about_price = under.taken(under.told(), *steps, category="price")
    about_service = under.taken(under.told(), *steps, category="service")
    Complaint.objects.filter(pk=about_service.pk).update(text="服务员态度不好。")
    answer = desk.get("/complaints/all/", {"q": "多算"}).content.decode()
    assert about_price.reference in answer
    filtered = desk.get("/complaints/all/", {"f.category": "price", "f.is": "archived"}).content.decode()
    assert (about_price.reference in filtered, about_service.reference in filtered) == (True, False)
    sheet = desk.get("/complaints/all/", {"f.is": "archived", "as": "xlsx"})
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(sheet) if sheet.streaming else sheet.content)).active.values)
    told = "\n".join(str(cell) for row in rows for cell in row)
    assert about_price.reference in told
    assert about_service.reference in told


@clause("A", "1.4.1")
def test_under_a_the_handling_is_seen_by_the_guest_and_held_to_its_time_from_the_receipt(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    complaint = under.told()
    found = clock(complaint, "resolve")
    assert (found.opened_at, found.state) == (RECEIVED, "open")
    assert f"第{found.clause}条" in read(guest, complaint)
    under.taken(complaint, *BEFORE_RESULT["A"])
    found.refresh_from_db()
    assert found.state == "fulfilled"


@clause("A", "8.4.1")
@pytest.mark.parametrize("channel", ["phone", "sms", "wechat"])
def test_under_a_the_result_goes_to_the_guest_by_telephone_message_or_wechat(
    desk: Client, guest: Client, zhou: User, agency: Organisation, channel: str
) -> None:
    under = house("A", zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT["A"])
    assert sent(desk, complaint, "send-result", **TOLD, channel="pigeon").status_code == 422
    assert sent(desk, complaint, "send-result", **TOLD, channel=channel).status_code == 302
    [entry] = [entry for entry in history(key_of(complaint)) if entry.type == "complaint.result_sent"]
    assert entry.data["channel"] == channel
    label = under.edition.vocabulary["channel"][channel].label["zh-Hans"]
    assert label in page_of(desk, complaint)
    assert all(words in read(guest, complaint) for words in TOLD.values())


@clause("C", "1.4.2")
@pytest.mark.parametrize("missing", list(TOLD))
def test_under_c_a_result_says_what_was_done_what_came_of_it_and_what_will_be_better(
    desk: Client, guest: Client, zhou: User, agency: Organisation, missing: str
) -> None:
    under = house("C", zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT["C"])
    assert sent(desk, complaint, "send-result", **(TOLD | {missing: ""}), channel="web").status_code == 422
    assert "complaint.result_sent" not in types(complaint)
    assert sent(desk, complaint, "send-result", **TOLD, channel="web").status_code == 302
    assert all(words in read(guest, complaint) for words in TOLD.values())
    letter = paper_of(desk, complaint, "complaint-result")
    assert all(words in letter for words in TOLD.values())


# --- fairly, and by one person to the end --------------------------------------------------------------------------------


@clause("A", "9.1.1")
def test_under_a_whoever_a_complaint_is_about_does_not_handle_it(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    complaint = under.taken(under.told(), "assess")
    concerned = person("林静", zhou.organisation, Post.CUSTOMER_SERVICE)
    theirs = signed_in(concerned, "zh-CN")
    assert sent(theirs, complaint, "contact", words="客人讲了经过。", channel="phone").status_code == 302
    assert sent(desk, complaint, "name-concerned", person=concerned.pk).status_code == 302
    recorded = Event.objects.count()
    for act, fields in (
        ("verify", {"finding": "没有这回事。"}),
        ("contact", {"words": "客人说算了。", "channel": "phone"}),
        ("take-up", {}),
        ("assign", {"person": concerned.pk}),
    ):
        assert sent(theirs, complaint, act, **fields).status_code in (403, 404, 409), act
    assert sent(desk, complaint, "assign", person=concerned.pk).status_code == 422  # they are not offered
    assert Event.objects.count() == recorded


@clause("A", "9.4.1")
def test_under_a_a_complaint_always_has_one_responsible_person_and_never_two(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    service = person("林静", zhou.organisation, Post.CUSTOMER_SERVICE)
    other = person("许婷", agency, Post.CUSTOMER_SERVICE)
    complaint = under.told()
    assert complaint.responsible_id is not None  # from the moment that it came
    for one in (service, other):
        assert sent(desk, complaint, "assign", person=one.pk).status_code == 302
        complaint.refresh_from_db()
        assert complaint.responsible == one
        assert f"{one.name}" in page_of(desk, complaint)
    handlers = [entry.data["handler"] for entry in history(key_of(complaint)) if entry.type == "complaint.assigned"]
    assert handlers == [f"person:{service.pk}", f"person:{other.pk}"]


@clause("A", "9.3.2")
def test_under_a_it_is_not_over_while_the_guest_says_that_it_is_not_solved(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT["A"], "send_result")
    answers_for_it = complaint.responsible
    assert answered(guest, complaint, "reject", words="钱没有到账。") == 302
    assert "钱没有到账。" in page_of(desk, complaint)
    assert sent(desk, complaint, "reopen", words="钱没有到账，再查。").status_code == 302
    complaint.refresh_from_db()
    assert (complaint.is_open, complaint.resolved_at, complaint.responsible) == (True, None, answers_for_it)
    again = clock(complaint, "resolve")
    assert (again.state, again.opened_at) == ("open", complaint.reopened_at)
    assert sent(desk, complaint, "archive").status_code == 409


@clause("A", "9.3.1")
def test_under_a_what_the_guest_needs_stands_beside_the_plan_and_the_guest_says_how_content_they_are(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    complaint = under.taken(under.told(), "assess", "verify")
    assert answered(guest, complaint, "rate", rating="5", words="") == 409  # nothing has been handled yet
    assert sent(desk, complaint, "contact", words="赶末班地铁，最好马上退。", channel="phone").status_code == 302
    assert "赶末班地铁，最好马上退。" in page_of(desk, complaint, act="plan")
    under.taken(complaint, "plan", "start", "resolve", "send_result")
    assert answered(guest, complaint, "rate", rating="4", words="退得很快。") == 302
    complaint.refresh_from_db()
    assert (complaint.rating, complaint.rating_words) == (4, "退得很快。")
    assert "退得很快。" in page_of(desk, complaint)


@clause("A", "9.4.2")
def test_under_a_whoever_answers_for_complaints_is_followed_up_and_it_is_recorded(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    service = person("林静", zhou.organisation, Post.CUSTOMER_SERVICE)
    for _ in range(2):
        assert sent(desk, under.told(), "assign", person=service.pk).status_code == 302
    page = desk.get("/complaints/people/").content.decode()
    assert service.name in page
    assert desk.post("/complaints/people/", {"person": service.pk}).status_code == 302
    event = Event.objects.get(type="handler.followed_up")
    assert (event.noun, event.noun_id, event.actor) == ("person", service.pk, f"user:{zhou.pk}")
    assert b'"left":2' in bytes(event.body)
    theirs = signed_in(service, "zh-CN")
    assert theirs.post("/complaints/people/", {"person": zhou.pk}).status_code == 403


# --- by level ------------------------------------------------------------------------------------------------------------


@clause("B", "7.2.2")
def test_under_b_a_higher_level_asks_for_another_plan_and_the_one_for_the_lower_is_not_carried_out(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("B", zhou, agency)
    complaint = under.taken(under.told(), "verify", "assess", "plan", severity="three")
    worse: dict[str, Any] = {
        "severity": "one",
        "category": "product",
        "cause": "product_fault",
        "reason": "客人进了医院。",
    }
    assert sent(desk, complaint, "assess", **(worse | {"reason": ""})).status_code == 422
    assert sent(desk, complaint, "assess", **worse).status_code == 302
    page = page_of(desk, complaint)
    assert under.edition.vocabulary["severity"]["one"].label["zh-Hans"] in page
    complaint.refresh_from_db()
    assert complaint.awaits_plan
    assert clock(complaint, "plan").state == "open"
    assert sent(desk, complaint, "plan", plan="陪同就医，停售该批酒水。").status_code == 302
    complaint.refresh_from_db()
    assert (complaint.plan, complaint.awaits_plan) == ("陪同就医，停售该批酒水。", False)


@clause("B", "1.3.1")
@pytest.mark.parametrize("party", ["venue", "agency"])
def test_under_b_a_complaint_comes_to_the_customer_service_of_the_party_filled_in(
    zhou: User, agency: Organisation, party: str
) -> None:
    venue = zhou.organisation
    service = {
        name: person(f"客服{name}", one, Post.CUSTOMER_SERVICE) for name, one in (("venue", venue), ("agency", agency))
    }
    filled = {"customer_service_party": party}
    contract = draw_up(content("B"), "b.toml", filled, venue=venue, agency=agency, at=EFFECTIVE - DAY)
    sign(contract, by=zhou, at=EFFECTIVE - DAY)
    complaint = House(make_effective(contract, by=zhou, at=EFFECTIVE), zhou, STEPS["B"]).told()
    complaint.refresh_from_db()
    assert complaint.responsible == service[party]
    assert types(complaint)[:2] == ["complaint.received", "complaint.recorded"]
    theirs = page_of(signed_in(service[party], "zh-CN"), complaint)
    assert complaint.reference in theirs


# --- what the guest says in the end ----------------------------------------------------------------------------------------


@clause("B", "10.2.2", "10.2.3")
@pytest.mark.parametrize(
    ("name", "fields", "event", "said"),
    [
        ("confirm", {}, "complaint.result_confirmed", "客人已认可"),
        ("reject", {"words": "只退了一半。"}, "complaint.result_rejected", "只退了一半。"),
    ],
)
def test_under_b_the_guest_is_asked_whether_they_accept_and_the_answer_is_kept_as_it_was_given(
    desk: Client,
    guest: Client,
    zhou: User,
    agency: Organisation,
    name: str,
    fields: dict[str, str],
    event: str,
    said: str,
) -> None:
    under = house("B", zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT["B"], "send_result")
    assert sent(desk, complaint, "ask-confirmation", channel="email").status_code == 302
    assert answered(guest, complaint, name, **fields) == 302
    assert answered(guest, complaint, name, **fields) == 409  # once
    [entry] = [entry for entry in history(key_of(complaint)) if entry.type == event]
    assert Event.objects.get(pk=entry.id).actor == "guest"
    assert said in page_of(desk, complaint)
    assert entry.label in record_of(desk, complaint)


@clause("B", "10.2.2")
def test_under_b_silence_is_no_acceptance(desk: Client, zhou: User, agency: Organisation) -> None:
    under = house("B", zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT["B"], "send_result")
    asked = RECEIVED + 7 * HOUR
    assert sent(desk, complaint, "ask-confirmation", asked, channel="phone").status_code == 302
    early = sent(desk, complaint, "note-silence", asked + 7 * DAY - timedelta(seconds=1))
    assert early.status_code == 409
    assert sent(desk, complaint, "note-silence", asked + 7 * DAY).status_code == 302
    complaint.refresh_from_db()
    assert complaint.answer == "unanswered"
    assert "complaint.result_confirmed" not in types(complaint)
    followed = Clock.objects.filter(noun="complaint", noun_id=complaint.pk, duty="track", is_ended=False)
    assert followed.exists()  # nobody has said that it is solved


@clause("B", "10.1.2")
def test_under_b_the_guest_is_asked_how_content_they_are_with_the_handling(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("B", zhou, agency)
    complaint = under.taken(under.told(), *BEFORE_RESULT["B"], "send_result")
    assert 'name="rating"' in read(guest, complaint)
    assert answered(guest, complaint, "rate", words="还行。") == 422
    assert answered(guest, complaint, "rate", rating="2", words="等了两天。") == 302
    assert answered(guest, complaint, "rate", rating="5", words="") == 409
    page = page_of(desk, complaint)
    assert "等了两天。" in page
    event = Event.objects.get(type="complaint.rated")
    assert b'"rating":2' in bytes(event.body)
    assert "等了两天。" not in bytes(event.body).decode()


# --- mediation and money ---------------------------------------------------------------------------------------------------


@clause("C", "3.1.1", "3.1.2")
def test_under_c_both_sides_are_heard_and_each_stands_in_the_record(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("C", zhou, agency)
    complaint = under.taken(under.told(), "assess", "reply")
    heard: dict[str, Any] = {
        "guest_side": "没有点过那一打。",
        "house_side": "点单记录上有一打。",
        "outcome": "agreed",
        "words": "各让一步，退一半。",
    }
    for side in ("guest_side", "house_side"):
        assert sent(desk, complaint, "mediate", **(heard | {side: ""})).status_code == 422
    assert "complaint.mediated" not in types(complaint)
    assert sent(desk, complaint, "mediate", **heard).status_code == 302
    page = page_of(desk, complaint)
    assert all(heard[name] in page for name in ("guest_side", "house_side", "words"))
    kinds = dict(Statement.objects.filter(event="complaint.mediated").values_list("kind", "words"))
    assert kinds == {
        Statement.Kind.GUEST_SIDE: heard["guest_side"],
        Statement.Kind.HOUSE_SIDE: heard["house_side"],
        Statement.Kind.OUTCOME: heard["words"],
    }
    assert heard["house_side"] not in read(guest, complaint)
    concerned = person("江月", agency, Post.MARKETING)
    assert sent(desk, complaint, "name-concerned", person=concerned.pk).status_code == 302
    assert sent(signed_in(concerned, "zh-CN"), complaint, "mediate", **heard).status_code in (403, 404, 409)


@clause("C", "3.2.1", "3.2.2")
def test_under_c_a_compensation_is_approved_by_its_amount_and_given_once(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("C", zhou, agency)
    finance = person("高远", zhou.organisation, Post.FINANCE)
    service = person("林静", zhou.organisation, Post.CUSTOMER_SERVICE)
    theirs = signed_in(service, "zh-CN")
    small, large = (under.taken(under.told(), "assess", "reply") for _ in range(2))
    for complaint, amount, state in ((small, "80.00", "offered"), (large, "1,880.00", "asked")):
        offer: dict[str, Any] = {"kind": "compensation", "words": "赔偿干洗", "amount": amount}
        assert sent(theirs, complaint, "offer", **offer).status_code == 302
        assert complaint.remedies.get().state == state
    remedy = large.remedies.get()
    give = f"/complaints/{large.reference}/remedies/{remedy.pk}/"
    assert theirs.post(give).status_code == 409
    approval = remedy.approval
    assert approval is not None
    assert approval.amount == Decimal("1880.00")
    while (turn := current(approval)) is not None:
        by = next(one for one in (finance, zhou) if one.post == turn.post)
        approval = approve(approval, step=turn.pk, words="", by=by, at=RECEIVED + 3 * HOUR)
    run_due()
    remedy.refresh_from_db()
    assert remedy.state == Remedy.State.APPROVED
    assert theirs.post(give).status_code == 302
    assert theirs.post(give).status_code == 409
    assert types(large).count("complaint.remedy_given") == 1
    assert "1,880.00" in page_of(desk, large)
