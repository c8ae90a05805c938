"""What the house is told by telephone, message or mouth: taken in at the desk, or solved where it was told."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import localtime, now
from pypdf import PdfReader

from encore.accounts.models import Organisation, Post, User
from encore.complaints import operations
from encore.complaints.models import Complaint, Remedy, Statement, numbered, read_number
from encore.complaints.operations import Arrived, Solution, Told
from encore.complaints.queries import rank
from encore.contracts.models import Contract
from encore.contracts.queries import terms_of
from encore.customers.models import Consent
from encore.customers.queries import address_for
from encore.editions import brought
from encore.files.demo import photograph
from encore.files.models import File
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from encore.venues.models import Room
from encore.venues.operations import House, NewRoom, add_rooms, open_venue
from tests.cast import DAY, HOUR, agreed, person, signed_in

EDITIONS = dict(brought())
FOURTH = Path(__file__).with_name("fourth.toml").read_bytes()


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITIONS["ktv_a.toml"], zhou, agency, since=now() - 60 * DAY)


@pytest.fixture
def room(zhou: User, contract: Contract) -> Room:
    house = open_venue(House("星河里"), by=zhou, at=now() - DAY)
    return add_rooms(house, [NewRoom("B08")], by=zhou, at=now() - DAY)[0]


@pytest.fixture
def desk(lin: User, room: Room) -> Client:
    return signed_in(lin)


def key_in(page: str) -> str:
    found = re.search(r'name="form_key" value="([0-9a-f]{32})"', page)
    assert found
    return found[1]


def fields(client: Client, address: str = "/complaints/register/", **more: Any) -> dict[str, Any]:
    key = key_in(client.get(address).content.decode())
    return {"text": "酒是温的，叫了三次没人来。", "room": "b08", "channel": "phone", "form_key": key, **more}


def post(client: Client, **more: Any) -> Any:
    return client.post("/complaints/register/", fields(client, **more))


def local(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_the_desk_takes_a_call_in_and_has_the_promises_to_read_out(desk: Client, lin: User, room: Room) -> None:
    answer = post(desk, wish="换一箱冰的")
    complaint = Complaint.objects.get()
    assert answer["Location"] == f"/complaints/{complaint.reference}/received/?by=register"
    assert (complaint.channel, complaint.place, complaint.room, complaint.wish) == ("phone", room, "B08", "换一箱冰的")
    page = desk.get(answer["Location"]).content.decode()
    assert complaint.token in page, "the guest's page, to be handed over"
    for clock in Clock.objects.filter(noun="complaint", noun_id=complaint.pk, is_ended=False):
        assert f"{clock.clause}" in page


def test_received_recorded_and_taken_up_are_three_events_with_times_of_their_own(desk: Client, lin: User) -> None:
    told_at = (now() - 2 * HOUR).replace(second=0, microsecond=0)
    post(desk, occurred_at=local(told_at))
    complaint = Complaint.objects.get()
    operations.take_up(complaint, by=lin, at=now())
    times = {entry.type: entry.occurred_at for entry in history(key_of(complaint))}
    assert times["complaint.received"] == told_at < times["complaint.recorded"] < times["complaint.taken_up"]
    complaint.refresh_from_db()
    assert (complaint.received_at, complaint.recorded_at) == (told_at, times["complaint.recorded"])
    due = Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="assess").due_at
    assert due == told_at + DAY, "what is owed is counted from when the guest told it"


def test_a23_a_complaint_is_not_put_back_further_than_a_month_and_says_how_late_it_was_written(desk: Client) -> None:
    old = post(desk, occurred_at=local(now() - 40 * DAY), late_reason="learned_late")
    assert old.status_code == 422
    assert not Complaint.objects.exists()
    silent = post(desk, occurred_at=local(now() - 3 * DAY))
    assert (silent.status_code, "say why it is recorded only now" in silent.content.decode()) == (422, True)
    assert post(desk, occurred_at=local(now() - 3 * DAY), late_reason="learned_late").status_code == 302
    page = desk.get(f"/complaints/{Complaint.objects.get().reference}/").content.decode()
    assert "recorded 3 days" in page
    told, at = Told("旧事", "a" * 32), now()
    by, contract = User.objects.get(post=Post.CUSTOMER_SERVICE), Contract.objects.get()
    with pytest.raises(operations.CannotReceive):
        operations.receive(told, contract=contract, channel="phone", by=by, at=at - 32 * DAY, recorded_at=at)


def test_a23_nobody_solves_on_the_spot_what_was_told_hours_ago(contract: Contract, lin: User) -> None:
    at = now()
    with pytest.raises(operations.CannotSolve):
        solved(contract, lin, at=at, told_at=at - timedelta(hours=3, minutes=1))
    assert not Complaint.objects.exists()


def test_a_moment_that_is_to_come_is_no_time_of_a_complaint(desk: Client) -> None:
    answer = post(desk, occurred_at=local(now() + HOUR))
    assert (answer.status_code, "still to come" in answer.content.decode()) == (422, True)


def test_f9_a_complaint_told_at_two_in_the_night_counts_from_there(desk: Client) -> None:
    at = (now() - DAY).replace(hour=18, minute=0, second=0, microsecond=0)  # 02:00 in China
    late = {"late_reason": "learned_late"} if now() - at > DAY else {}
    assert post(desk, occurred_at=local(at), **late).status_code == 302
    complaint = Complaint.objects.get()
    clock = Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="assess")
    assert (complaint.received_at, clock.opened_at, clock.due_at) == (at, at, at + DAY)


def test_f20_what_is_written_down_in_the_very_last_second_is_in_time(contract: Contract, lin: User) -> None:
    at = now()
    clocks = terms_of(contract).rules["record"].elapsed
    assert clocks is not None
    allowed = timedelta(microseconds=clocks)
    states: list[str] = []
    for spare in (timedelta(0), -timedelta(microseconds=1)):
        told_at = at - allowed + spare
        complaint = operations.receive(
            Told("冰桶空了", "0" * 31 + str(len(states))), contract=contract, channel="phone", by=lin, at=told_at,
            recorded_at=at,
        )  # fmt: skip
        states.append(Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="record").state)
    assert states == ["fulfilled", "late"]


def test_how_a_guest_is_reached_is_kept_only_with_their_consent_and_who_read_it_out(desk: Client, lin: User) -> None:
    refused = post(desk, phone="138 0013 8000")
    assert (refused.status_code, "without their consent" in refused.content.decode()) == (422, True)
    assert "138 0013 8000" in refused.content.decode(), "nothing typed is lost"
    post(desk, phone="138 0013 8000", consent="on", answer_by="sms")
    complaint = Complaint.objects.get()
    assert complaint.contact is not None
    assert address_for(complaint.contact, "sms") == "+8613800138000"
    given = Consent.objects.get()
    assert (given.text.words, given.channel) == (str(operations.READ_OUT), "phone")
    [event] = Event.objects.filter(type="complaint.recorded")
    assert event.actor == f"user:{lin.pk}", "whoever wrote it down read the words out"
    assert b"13800138000" not in bytes(event.body)


def test_who_wants_the_answer_by_message_says_where_it_goes(desk: Client) -> None:
    answer = post(desk, answer_by="email")
    assert (answer.status_code, "how the guest is reached" in answer.content.decode()) == (422, True)


def test_an_authority_has_its_number_and_its_own_deadline_beside_the_contract(desk: Client) -> None:
    due = (now() + 7 * DAY).replace(second=0, microsecond=0)
    assert post(desk, authority_number="31000").status_code == 422
    post(desk, authority="12315", authority_number="3101202600017", authority_due_at=local(due), channel="other")
    complaint = Complaint.objects.get()
    assert (complaint.authority, complaint.authority_number, complaint.authority_due_at) == (
        "12315", "3101202600017", due,
    )  # fmt: skip


def test_a_photograph_comes_with_the_complaint_and_stays_where_the_rest_is_wrong(desk: Client) -> None:
    picture = SimpleUploadedFile("桌面.jpg", photograph(now(), 1), "image/jpeg")
    wrong = post(desk, text="", files=picture)
    token = re.search(r'name="files-kept" value="([^"]+)"', wrong.content.decode())
    assert token
    assert post(desk, **{"files-kept": token[1]}).status_code == 302
    assert File.objects.get(original=None).name == "桌面.jpg"
    assert Event.objects.filter(type="complaint.evidence_added").count() == 1


def test_what_may_be_the_same_matter_is_shown_before_it_is_taken_twice(desk: Client) -> None:
    post(desk)
    first = Complaint.objects.get()
    asked = post(desk, room="B08", text="酒还是温的")
    page = asked.content.decode()
    assert (asked.status_code, first.reference in page, "酒还是温的" in page) == (422, True, True)
    assert post(desk, room="B08", text="酒还是温的", is_another="on").status_code == 302
    assert post(desk, room="A01", text="另一间").status_code == 302
    assert Complaint.objects.count() == 3


def test_the_same_telephone_is_a_hint_for_the_house_and_none_for_the_agency(desk: Client, agency: Organisation) -> None:
    post(desk, phone="13800138000", consent="on", room="A01")
    told = {"phone": "13800138000", "consent": "on", "room": "C99", "text": "又来了"}
    assert Complaint.objects.get().reference in post(desk, **told).content.decode()
    other = signed_in(person("沈琪", agency, Post.CUSTOMER_SERVICE))
    assert post(other, **told).status_code == 302


def test_the_same_form_sent_twice_is_one_complaint(desk: Client) -> None:
    sent = fields(desk)
    first, second = (desk.post("/complaints/register/", sent) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize("text", ["", " \n", "\x00", "酒" * 20_001])
def test_a_form_that_lacks_its_words_comes_back_with_all_the_others(desk: Client, text: str) -> None:
    answer = post(desk, text=text, wish="赔一箱")
    assert (answer.status_code, "赔一箱" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize("text", ["'; DROP TABLE complaints_complaint; --", "<script>alert(1)</script>", "🍺🍺"])
def test_whatever_is_typed_is_kept_and_shown_as_text(desk: Client, text: str) -> None:
    answer = post(desk, text=text)
    assert Complaint.objects.get().text == text
    assert "<script>alert" not in desk.get(answer["Location"]).content.decode()


def test_the_guests_page_is_handed_over_for_an_hour_and_not_afterwards(desk: Client, room: Room) -> None:
    answer = post(desk)
    complaint = Complaint.objects.get()
    Complaint.objects.filter(pk=complaint.pk).update(recorded_at=now() - 2 * HOUR)
    assert complaint.token not in desk.get(answer["Location"]).content.decode()


def test_who_takes_no_complaints_in_has_no_form(contract: Contract, venue: Organisation) -> None:
    for address in ("/complaints/register/", "/complaints/on-the-spot/"):
        assert signed_in(person("高远", venue, Post.FINANCE)).get(address).status_code == 403


# --- on the spot ------------------------------------------------------------------------------------------------------


def solved(contract: Contract, by: User, *, at: datetime, told_at: datetime | None = None, **more: Any) -> Complaint:
    edition = terms_of(contract).edition
    given = {"category": next(iter(edition.vocabulary["category"])), "measures": "当场换了三瓶冰的", "is_content": True}
    told = Told("酒是温的。", f"{Complaint.objects.count():032x}", "B08")
    ways = [key for key, row in edition.vocabulary["channel"].items() if getattr(row, "via", "") == "onsite"]
    channel = ways[0] if ways else next(iter(edition.vocabulary["channel"]))
    arrived = Arrived(told, channel, told_at or at - timedelta(minutes=10))
    return operations.solve(arrived, Solution(**{**given, **more}), contract=contract, by=by, at=at)


@pytest.mark.parametrize("name", [*EDITIONS, "fourth"])
def test_what_is_solved_on_the_spot_goes_through_the_stages_of_its_edition(
    zhou: User, lin: User, agency: Organisation, name: str
) -> None:
    at = now()
    contract = agreed(EDITIONS.get(name, FOURTH), zhou, agency, since=at - 10 * DAY)
    complaint = solved(contract, lin, at=at)
    complaint.refresh_from_db()
    told = at - timedelta(minutes=10)
    assert (complaint.received_at, complaint.taken_up_at, complaint.recorded_at) == (told, told, at)
    assert (complaint.resolved_at, complaint.result_sent_at, complaint.was_told) == (at, at, True)
    assert (complaint.answer, complaint.responsible, complaint.is_open) == ("confirmed", lin, True)
    times = [entry.occurred_at for entry in history(key_of(complaint))]
    assert times == sorted(times)
    late = Clock.objects.filter(noun="complaint", noun_id=complaint.pk, state__in=("late", "breached"))
    assert not late.exists()
    assert complaint.severity == _lowest(contract)


def _lowest(contract: Contract) -> str:
    edition = terms_of(contract).edition
    return min(edition.vocabulary["severity"], key=lambda key: rank(edition, key))


def test_an_edition_that_wants_more_than_one_person_has_it_taken_in_as_any_other(
    zhou: User, lin: User, agency: Organisation
) -> None:
    wants = FOURTH.replace(b'enters = "complaint.started"', b'enters = "complaint.mediated"')
    assert wants != FOURTH
    contract = agreed(wants, zhou, agency, since=now() - DAY)
    with pytest.raises(operations.CannotSolve, match="first"):
        solved(contract, lin, at=now())
    assert not Complaint.objects.exists()


@pytest.mark.parametrize("trait", ["injury", "violence", "minor", "harassment"])
def test_an_emergency_is_not_solved_on_the_spot(contract: Contract, lin: User, trait: str) -> None:
    with pytest.raises(operations.CannotSolve, match="emergency"):
        solved(contract, lin, at=now(), traits=[trait])
    assert not Complaint.objects.exists()


def test_what_its_points_make_grave_is_not_solved_on_the_spot(contract: Contract, lin: User) -> None:
    with pytest.raises(operations.CannotSolve, match="points"):
        solved(contract, lin, at=now(), traits=["forced_sale", "loss"])


def test_what_is_given_within_the_limit_is_given_once_and_above_it_waits(contract: Contract, lin: User) -> None:
    kind = next(iter(terms_of(contract).edition.vocabulary["remedy_kind"]))
    within = solved(contract, lin, at=now(), remedy=kind, amount=Decimal("88.00"))
    assert within.remedies.get().state == Remedy.State.GIVEN
    above = solved(contract, lin, at=now(), remedy=kind, amount=Decimal("880.00"))
    above.refresh_from_db()
    assert (above.remedies.get().state, above.resolved_at, above.is_open) == (Remedy.State.ASKED, None, True)


def test_a_promoter_gives_no_money_alone(contract: Contract, agency: Organisation, he: User) -> None:
    kind = next(iter(terms_of(contract).edition.vocabulary["remedy_kind"]))
    su = person("苏晴", agency, Post.PROMOTER)
    assert solved(contract, su, at=now(), remedy=kind, amount=Decimal(10)).remedies.get().state == Remedy.State.ASKED
    assert solved(contract, su, at=now(), remedy=kind).remedies.get().state == Remedy.State.GIVEN


@pytest.mark.parametrize(("content", "answer"), [("yes", "confirmed"), ("no", "rejected"), ("unsaid", "")])
def test_how_the_guest_took_it_is_kept_as_it_was(desk: Client, content: str, answer: str) -> None:
    page = desk.get("/complaints/on-the-spot/").content.decode()
    sent = {
        "form_key": key_in(page), "text": "杯子有口红印", "category": "other", "measures": "换了新杯，道了歉", "ago": "10",
        "content": content, "is_not_about_me": "on", "room": "B08",
    }  # fmt: skip
    answered = desk.post("/complaints/on-the-spot/", sent)
    complaint = Complaint.objects.get()
    assert answered["Location"] == f"/complaints/{complaint.reference}/received/?by=solve"
    assert (complaint.answer, complaint.measures) == (answer, "换了新杯，道了歉")
    assert complaint.recorded_at is not None
    assert complaint.recorded_at - complaint.received_at == timedelta(minutes=10)
    assert not Statement.objects.filter(kind=Statement.Kind.PROGRESS).exists()


def test_what_is_about_oneself_somebody_else_handles(desk: Client) -> None:
    page = desk.get("/complaints/on-the-spot/").content.decode()
    sent = {"form_key": key_in(page), "text": "服务员凶", "category": "other", "measures": "道歉", "content": "yes"}
    answer = desk.post("/complaints/on-the-spot/", sent)
    assert (answer.status_code, "somebody else handles" in answer.content.decode()) == (422, True)


# --- on paper ---------------------------------------------------------------------------------------------------------


def test_a_mistyped_number_of_a_form_is_found_out() -> None:
    assert [read_number(numbered(number)) for number in (1, 17, 99_999)] == [1, 17, 99_999]
    right = numbered(17)
    assert read_number(right.replace("-", " ")) == 17
    assert read_number("".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in right)) == 17
    for wrong in ("00018" + right[5:], "00071" + right[5:], "17", "", "x"):
        assert read_number(wrong) is None


def test_numbers_run_on_and_each_form_is_entered_once(desk: Client, contract: Contract, lin: User) -> None:
    first = operations.reserve_paper(contract, number=3, by=lin, at=now())
    second = operations.reserve_paper(contract, number=2, by=lin, at=now())
    assert (first.first, first.last, second.first, second.last) == (1, 3, 4, 5)
    told_at = now() - 30 * HOUR
    sent = {"paper_number": numbered(4), "occurred_at": local(told_at)}
    assert post(desk, **sent).status_code == 302, "it comes from paper, and says by itself why it is late"
    complaint = Complaint.objects.get()
    assert complaint.paper_number == numbered(4)
    reasons = [entry.reason for entry in history(key_of(complaint)) if entry.type == "complaint.received"]
    assert str(reasons[0]) == "first written down on paper"
    again = post(desk, **sent, is_another="on")
    assert (again.status_code, "entered already" in again.content.decode()) == (422, True)
    page = desk.get("/complaints/paper/").content.decode()
    assert [numbered(number) in page for number in (1, 2, 3, 5)] == [True] * 4
    assert f"paper={numbered(4)}" not in page


@pytest.mark.parametrize("number", [numbered(9), "00001-9", "abc"])
def test_a_number_that_was_never_printed_is_none(desk: Client, contract: Contract, lin: User, number: str) -> None:
    operations.reserve_paper(contract, number=3, by=lin, at=now())
    assert post(desk, paper_number=number, occurred_at=local(now() - HOUR)).status_code == 422


def test_a_form_on_paper_says_when_the_guest_told_it(desk: Client, contract: Contract, lin: User) -> None:
    operations.reserve_paper(contract, number=3, by=lin, at=now())
    answer = post(desk, paper_number=numbered(1))
    assert (answer.status_code, "write that time" in answer.content.decode()) == (422, True)


def test_two_who_enter_one_form_at_once_are_one_complaint(contract: Contract, lin: User) -> None:
    operations.reserve_paper(contract, number=1, by=lin, at=now())
    for key in ("a" * 32, "b" * 32):
        told = Told("没电了", key, paper_number=numbered(1))
        if key[0] == "a":
            operations.receive(told, contract=contract, channel="phone", by=lin, at=now())
        else:
            with pytest.raises(operations.CannotReceive, match="entered already"):
                operations.receive(told, contract=contract, channel="phone", by=lin, at=now())


def test_the_forms_are_printed_two_on_a_sheet_or_one_on_a5(desk: Client) -> None:
    answer = desk.post("/complaints/paper/", {"number": "3"})
    assert answer.status_code == 302
    for size, pages in (("", 2), ("&size=a5", 3)):
        made = desk.get(answer["Location"] + size)
        assert made["Content-Type"] == "application/pdf"
        read = PdfReader(BytesIO(made.content))
        assert len(read.pages) == pages
        assert numbered(3) in read.pages[-1].extract_text()
    for wrong in ("0", "201", "many", ""):
        assert desk.post("/complaints/paper/", {"number": wrong}).status_code == 422
