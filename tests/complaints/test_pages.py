import re
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils.timezone import now

from encore.accounts.models import User
from encore.complaints import operations
from encore.complaints.forms.words import MOST_CHARACTERS
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.ledger.models import Clock
from tests.cast import HOUR, complain, signed_in


@pytest.fixture
def guest() -> Client:
    return Client(REMOTE_ADDR="203.0.113.7", headers={"accept-language": "zh-CN"})


@pytest.fixture
def desk(zhou: User) -> Client:
    """The venue's manager at work."""
    return signed_in(zhou)


def form_key(page: str) -> str:
    found = re.search(r'name="form_key" value="([0-9a-f]{32})"', page)
    assert found
    return found[1]


def posted(guest: Client, contract: Contract, **fields: str) -> dict[str, str]:
    page = guest.get(f"/r/{contract.code}/").content.decode()
    return {"text": "酒是温的。", "room": "B08", "form_key": form_key(page), **fields}


def test_a_guest_complains_without_an_account_and_sees_what_is_promised(guest: Client, contract: Contract) -> None:
    answer = guest.post(f"/r/{contract.code}/", posted(guest, contract))
    complaint = Complaint.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/t/{complaint.token}/"
    page = guest.get(answer["Location"]).content.decode()
    assert complaint.reference in page
    assert "初步核实" in page
    assert "还剩 23 小时 59 分" in page
    clause = Clock.objects.get(noun="complaint").clause
    assert f"第{clause}条" in page
    assert "酒是温的。" in page
    assert (complaint.text, complaint.room, complaint.channel) == ("酒是温的。", "B08", "web")


def test_the_same_form_sent_twice_is_one_complaint(guest: Client, contract: Contract) -> None:
    fields = posted(guest, contract)
    first, second = (guest.post(f"/r/{contract.code}/", fields) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 1


def test_another_complaint_in_a_form_that_was_sent_before_is_not_lost(guest: Client, contract: Contract) -> None:
    fields = posted(guest, contract)
    first = guest.post(f"/r/{contract.code}/", fields)
    second = guest.post(f"/r/{contract.code}/", {**fields, "text": "还有，果盘也没上。"})
    assert first["Location"] != second["Location"]
    assert "果盘" not in guest.get(first["Location"]).content.decode()
    assert {complaint.text for complaint in Complaint.objects.all()} == {"酒是温的。", "还有，果盘也没上。"}


def test_the_form_is_not_kept_by_the_browser(guest: Client, contract: Contract) -> None:
    assert guest.get(f"/r/{contract.code}/")["Cache-Control"] == "no-store"


def test_words_that_show_nothing_are_no_complaint(guest: Client, contract: Contract) -> None:
    answer = guest.post(f"/r/{contract.code}/", posted(guest, contract, text="\u200b\u2060 \u3000"))
    assert answer.status_code == 422
    assert not Complaint.objects.exists()


def test_another_complaint_in_a_form_that_was_sent_before_is_another_complaint(
    guest: Client, contract: Contract
) -> None:
    fields = posted(guest, contract)
    first = guest.post(f"/r/{contract.code}/", fields)
    second = guest.post(f"/r/{contract.code}/", {**fields, "text": "另一位客人写的"})
    assert first["Location"] != second["Location"]
    assert set(Complaint.objects.values_list("text", flat=True)) == {"酒是温的。", "另一位客人写的"}
    assert guest.get(f"/r/{contract.code}/")["Cache-Control"] == "no-store"


def test_two_forms_at_the_same_instant_are_one_complaint(
    guest: Client, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = posted(guest, contract)
    first = guest.post(f"/r/{contract.code}/", fields)

    def too_late(*args: object, **kwargs: object) -> None:
        raise IntegrityError("form_key")

    monkeypatch.setattr(operations, "receive", too_late)
    assert guest.post(f"/r/{contract.code}/", fields)["Location"] == first["Location"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "请用几句话写下发生了什么。"),
        (" \n\t ", "请用几句话写下发生了什么。"),
        ("\x00\x07", "请用几句话写下发生了什么。"),
        ("\u200b\u2060\ufeff", "请用几句话写下发生了什么。"),
        ("酒" * (MOST_CHARACTERS + 1), "一共 20001 个字"),
    ],
)
def test_a_form_that_lacks_something_comes_back_with_what_was_typed(
    guest: Client, contract: Contract, text: str, said: str
) -> None:
    answer = guest.post(f"/r/{contract.code}/", posted(guest, contract, text=text, room="大包厢"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="大包厢"' in page
    assert text.strip() == "" or "\x00" in text or text in page
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE complaints_complaint; --", "<script>alert(1)</script>", "🍺🍺🍺", "a\r\nb", "𠮷野家\u200b"]
)
def test_whatever_is_typed_is_kept_and_shown_as_text(guest: Client, contract: Contract, text: str) -> None:
    answer = guest.post(f"/r/{contract.code}/", posted(guest, contract, text=text))
    page = guest.get(answer["Location"]).content.decode()
    assert Complaint.objects.get().text == text.replace("\r\n", "\n")
    assert "<script>alert" not in page


def test_a_megabyte_is_refused_and_three_are_too_much_at_once(guest: Client, contract: Contract) -> None:
    fields = posted(guest, contract)
    assert guest.post(f"/r/{contract.code}/", {**fields, "text": "a" * 1_000_000}).status_code == 422
    assert guest.post(f"/r/{contract.code}/", {**fields, "text": "a" * 3_000_000}).status_code == 413


def test_a_room_is_one_short_line(guest: Client, contract: Contract) -> None:
    answer = guest.post(f"/r/{contract.code}/", posted(guest, contract, room="包" * 61))
    assert (answer.status_code, "60 个就够了" in answer.content.decode()) == (422, True)
    guest.post(f"/r/{contract.code}/", posted(guest, contract, room=" B\x0008\u202e \n 大 "))
    assert Complaint.objects.get().room == "B08 大"


@pytest.mark.parametrize("method", ["put", "delete", "patch", "trace"])
def test_pages_are_read_and_forms_are_posted(guest: Client, complaint: Complaint, method: str) -> None:
    for address in (f"/r/{complaint.contract.code}/", f"/t/{complaint.token}/", "/"):
        assert getattr(guest, method)(address).status_code == 405


@pytest.mark.parametrize(
    "address", ["/r/nothing/", "/t/nothing/", "/r/C-26-000001/", "/t/%00/", "/r/aaaaaaaaaaaaaaaaaaaaaa/"]
)
def test_a_link_that_leads_nowhere_is_404(guest: Client, contract: Contract, address: str) -> None:
    assert guest.get(address).status_code == 404


def test_a_tracking_page_is_kept_from_caches_search_engines_and_other_sites(
    guest: Client, complaint: Complaint
) -> None:
    answer = guest.get(f"/t/{complaint.token}/")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "same-origin"


def test_a_guest_sees_no_page_of_the_house(guest: Client, complaint: Complaint) -> None:
    for address in (
        "/complaints/",
        f"/complaints/{complaint.reference}/",
        f"/complaints/{complaint.reference}/verify/",
    ):
        answer = guest.get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={address}")


def test_who_sits_at_the_machine_has_to_sign_in_like_everybody(complaint: Complaint) -> None:
    assert Client(REMOTE_ADDR="127.0.0.1").get("/complaints/").status_code == 302


def test_what_was_sent_after_the_session_had_ended_is_kept(guest: Client, complaint: Complaint) -> None:
    answer = guest.post(f"/complaints/{complaint.reference}/plan/", {"plan": "退款并致歉"})
    assert (answer.status_code, "退款并致歉" in answer.content.decode()) == (403, True)


def test_the_page_of_a_complaint_offers_the_next_step_and_takes_it(desk: Client, contract: Contract) -> None:
    complaint = complain(contract, at=now() - HOUR)
    address = f"/complaints/{complaint.reference}/"
    steps = [
        ("verify", {}, "The facts are verified"),
        ("assess", {"severity": "one", "category": "product"}, "Classify and assess"),
        ("plan", {"plan": "退款并致歉"}, "Settle the plan"),
        ("start", {}, "Execution starts"),
        ("resolve", {"grounds": "看过账单"}, "Execution is finished"),
        (
            "send-result",
            {"measures": "核对账单", "result": "钱已退回", "improvement": "两人核对", "channel": "web"},
            "Send the result",
        ),
        ("follow-up", {}, "The guest was asked how it is now"),
        ("archive", {}, "Archive"),
    ]
    for name, fields, label in steps:
        page = desk.get(f"{address}?act={name}").content.decode()
        assert f">{label}</button>" in page
        assert f'action="{address}{name}/#next"' in page
        answer = desk.post(f"{address}{name}/", fields)
        assert (answer.status_code, answer["Location"]) == (302, address)
    page = desk.get(address).content.decode()
    assert "What to do now" not in page
    for said in ("退款并致歉", "钱已退回", "Archived", "周敏"):
        assert said in page


def test_a_step_out_of_turn_is_409_with_its_reason(desk: Client, complaint: Complaint) -> None:
    answer = desk.post(f"/complaints/{complaint.reference}/archive/")
    assert answer.status_code == 409
    assert "after the guest has been given the result" in answer.content.decode()


def test_what_was_written_for_a_step_that_is_refused_stays(desk: Client, complaint: Complaint) -> None:
    answer = desk.post(f"/complaints/{complaint.reference}/plan/", {"plan": "退款并致歉"})
    assert (answer.status_code, "退款并致歉" in answer.content.decode()) == (409, True)
    empty = desk.post(f"/complaints/{complaint.reference}/plan/", {"plan": ""})
    assert (empty.status_code, "no longer the turn" in empty.content.decode()) == (409, True)


def test_a_step_that_lacks_something_is_422_beside_its_field(desk: Client, contract: Contract, tang: User) -> None:
    complaint = complain(contract, at=now() - HOUR)
    operations.verify(complaint, by=tang, at=now())
    answer = desk.post(f"/complaints/{complaint.reference}/assess/", {"severity": "one", "category": "weather"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_category-error"' in page
    assert '<option value="one" selected>' in page


def test_a_step_that_is_asked_for_rather_than_posted_changes_nothing(desk: Client, complaint: Complaint) -> None:
    answer = desk.get(f"/complaints/{complaint.reference}/verify/")
    assert answer.status_code == 302
    complaint.refresh_from_db()
    assert complaint.verified_at is None


def test_unknown_complaints_and_steps_are_404(desk: Client, complaint: Complaint) -> None:
    for address in ("C-26-999999/", "C-25-000001/", "anything/"):
        assert desk.get(f"/complaints/{address}").status_code == 404
    for address in ("C-26-999999/verify/", f"{complaint.reference}/forget/"):
        assert desk.post(f"/complaints/{address}").status_code == 404


def test_a_form_without_its_token_is_kept_and_can_be_sent_again(contract: Contract) -> None:
    strict = Client(enforce_csrf_checks=True, REMOTE_ADDR="203.0.113.7")
    fields = {"text": "别丢了我写的字\n第二行"}
    answer = strict.post(f"/r/{contract.code}/", fields, headers={"origin": "http://testserver"})
    assert answer.status_code == 403
    assert "别丢了我写的字" in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"origin": "null"}])
def test_what_another_site_made_up_is_not_offered_again(
    complaint: Complaint, zhou: User, headers: dict[str, str]
) -> None:
    strict = signed_in(zhou, enforce_csrf_checks=True)
    answer = strict.post(f"/complaints/{complaint.reference}/assess/", {"severity": "one"}, headers=headers)
    assert answer.status_code == 403
    assert 'name="severity"' not in answer.content.decode()


def test_the_complaint_page_asks_few_questions(
    desk: Client, contract: Contract, tang: User, django_assert_num_queries: object
) -> None:
    complaint = complain(contract, at=now() - 3 * HOUR)
    operations.verify(complaint, by=tang, at=now() - 2 * HOUR)
    operations.assess(complaint, severity="one", category="product", by=tang, at=now() - HOUR)
    with django_assert_num_queries(12):  # type: ignore[operator]
        desk.get(f"/complaints/{complaint.reference}/")


def test_the_queue_shows_what_runs_out_first(desk: Client, contract: Contract) -> None:
    later, sooner = (complain(contract, at=now() - hours * HOUR) for hours in (2, 20))
    page = desk.get("/complaints/").content.decode()
    assert page.index(sooner.reference) < page.index(later.reference)
    assert "3 h 59 min left" in page


def test_lists_go_on_where_the_page_before_ended(desk: Client, contract: Contract, zhou: User) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(120)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - timedelta(minutes=5))
    for address in ("/complaints/", "/complaints/all/"):
        seen: list[str] = []
        following: str | None = address
        while following:
            page = desk.get(following).content.decode()
            seen += re.findall(r"/complaints/(C-\d\d-\d{6})/", page)
            link = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
            following = address + link[1].replace("&amp;", "&") if link else None
        assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("place", ["somewhere~x", "9999-12-31T23:59:59-12:00~1", "2026-01-01~1"])
def test_a_mistyped_place_in_a_list_is_its_beginning(desk: Client, complaint: Complaint, place: str) -> None:
    assert complaint.reference in desk.get(f"/complaints/?after={place}").content.decode()


def test_the_queue_asks_the_same_number_of_questions_however_long_it_is(
    desk: Client, contract: Contract, zhou: User, django_assert_num_queries: object
) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(60)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    desk.get("/")  # reads the edition, which stays in memory
    for address, number in (("/complaints/", 16), ("/complaints/all/", 11)):
        with django_assert_num_queries(number):  # type: ignore[operator]
            desk.get(address)
