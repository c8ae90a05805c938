"""What a guest does with a telephone in a dark room, and what others try who found the link."""

import gzip
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils.timezone import now
from PIL import Image

from encore.accounts.models import Organisation, User
from encore.channels import drafts as channels
from encore.channels.models import Message
from encore.channels.transports import Parcel
from encore.complaints import operations, queries
from encore.complaints.forms.guest import CONSENTS
from encore.complaints.models import Complaint
from encore.complaints.views import guest as guest_views
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of, terms_of
from encore.customers.models import Consent, Contact, Purpose
from encore.customers.operations import Consented, Known, erase
from encore.files import queries as files
from encore.files import store
from encore.files.models import File, Upload
from encore.files.sniffing import LIMITS, Sort
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from encore.venues.models import Room
from encore.venues.operations import House, NewRoom, add_rooms, open_venue
from tests.cast import DAY, HOUR, agreed, complain, signed_in
from tests.clauses import content
from tests.files import made

pytestmark = pytest.mark.django_db
PHONE = "138 0013 8000"
WORDS = "酒是温的，叫了三次没人来。"


@pytest.fixture(autouse=True)
def home(tmp_path: Any, settings: LazySettings) -> None:
    settings.ENCORE_HOME = tmp_path


@pytest.fixture
def guest() -> Client:
    return Client(REMOTE_ADDR="203.0.113.7", headers={"accept-language": "zh-CN"})


@pytest.fixture
def found(contract: Contract) -> Client:
    """The browser of somebody who found a link."""
    return Client(REMOTE_ADDR="198.51.100.9", headers={"accept-language": "zh-CN"})


@pytest.fixture
def room(contract: Contract, zhou: User) -> Room:
    return room_of(zhou)


def room_of(manager: User) -> Room:
    at = now() - DAY
    [added] = add_rooms(
        open_venue(House("星河里", "星河路 18 号"), by=manager, at=at), [NewRoom("A01", "小红帽厅")], by=manager, at=at
    )
    return added


@pytest.fixture
def reachable(zhou: User, agency: Organisation) -> Room:
    """A room under an edition that knows other ways than its page."""
    agreed(content("A"), zhou, agency, since=now() - 10 * DAY)
    return room_of(zhou)


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def filled(client: Client, code: str, **fields: Any) -> dict[str, Any]:
    found = re.search(r'name="form_key" value="([0-9a-f]{32})"', read(client, f"/r/{code}/"))
    assert found
    return {"text": WORDS, "form_key": found[1], **fields}


def send(client: Client, code: str, **fields: Any) -> Any:
    return client.post(f"/r/{code}/", filled(client, code, **fields))


def reaching(contract: Contract, **known: str) -> operations.Reached:
    return operations.Reached(Known(**known), Consented([Purpose.COMPLAINT], "只为回复这件投诉", "web"))


def told(contract: Contract, phone: str = "", at: Any = None) -> Complaint:
    """A complaint of a guest who gave a telephone number, or nothing."""
    reached = reaching(contract, phone=phone) if phone else None
    return operations.receive(
        operations.Told(WORDS, f"key-{Complaint.objects.count()}", "A01"),
        contract=contract, channel="web", by=None, at=at or now() - HOUR, reached=reached,
    )  # fmt: skip


def resolved(complaint: Complaint, by: User) -> Complaint:
    """As far as its result, a minute between the steps."""
    at = complaint.received_at
    for name, more in (
        ("verify", {}),
        ("assess", {"severity": "one", "category": "product"}),
        ("plan", {"plan": "退款并致歉"}),
        ("start", {}),
        ("resolve", {"grounds": "看过账单"}),
        ("send_result", {"measures": "核对了账单", "result": "多收的钱已退回", "improvement": "结账两人核对"}),
    ):
        at += timedelta(minutes=1)
        complaint = getattr(operations, name)(complaint, **more, by=by, at=at)
    return complaint


def page_of(complaint: Complaint) -> str:
    return f"/t/{complaint.token}/"


def events(complaint: Complaint) -> list[str]:
    return [entry.type for entry in history(key_of(complaint))]


# --- from the card in the room ------------------------------------------------------------------------------------------


def test_the_card_of_a_room_leads_to_a_form_that_knows_the_room(guest: Client, room: Room, contract: Contract) -> None:
    page = read(guest, f"/r/{room.token}/")
    assert "A01 小红帽厅" in page
    assert 'name="room"' not in page
    answer = send(guest, room.token, room="B99")
    complaint = Complaint.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(complaint))
    assert (complaint.place, complaint.room, complaint.contract) == (room, "A01 小红帽厅", contract)


def test_what_is_acknowledged_at_once_is_its_number_the_link_and_each_promise_with_its_time_and_clause(
    guest: Client, room: Room
) -> None:
    page = read(guest, send(guest, room.token)["Location"])
    complaint, clock = Complaint.objects.get(), Clock.objects.get(noun="complaint")
    for said in (
        complaint.reference,
        "还剩 23 小时 59 分",
        f"第{clock.clause}条",
        f"http://testserver{page_of(complaint)}",
    ):
        assert said in page
    assert complaint.acknowledged_at == complaint.received_at
    picture = guest.get(f"{page_of(complaint)}qr.png")
    assert (picture["Content-Type"], picture["Cache-Control"]) == ("image/png", "private, no-store")
    assert Image.open(io.BytesIO(picture.content)).size[0] > 100


def test_of_two_contracts_the_one_whose_term_runs_takes_the_complaint(
    guest: Client, room: Room, contract: Contract, zhou: User, he: User
) -> None:
    other = agreed(content("A"), zhou, he.organisation, since=now() - 5 * DAY)
    send(guest, room.token)
    assert Complaint.objects.latest("pk").contract == other  # the later one, where both run
    today = now().date()
    other.term_from, other.term_to = date(2020, 1, 1), today - timedelta(days=2)
    other.save()
    send(guest, room.token)
    assert Complaint.objects.latest("pk").contract == contract


def test_a_house_without_a_contract_says_whom_to_tell(guest: Client, zhou: User) -> None:
    answer = guest.get(f"/r/{room_of(zhou).token}/")
    assert answer.status_code == 404
    assert "请告诉前台" in answer.content.decode()


def test_the_card_of_a_room_that_is_no_more_says_so(guest: Client, room: Room) -> None:
    room.is_active = False
    room.save()
    for code in (room.token, "a" * 22):
        answer = guest.get(f"/r/{code}/")
        assert (answer.status_code, "这张卡已失效" in answer.content.decode()) == (404, True)


def test_what_the_guest_asks_for_is_a_tap_or_words(guest: Client, room: Room) -> None:
    send(guest, room.token, wishes=["money", "apology"], wish="把果盘补上")
    complaint = Complaint.objects.get()
    assert complaint.wish == "退钱\n道歉\n把果盘补上"
    assert "把果盘补上" in read(guest, page_of(complaint))


def test_the_first_page_weighs_less_than_sixty_kilobytes_in_all(guest: Client, room: Room) -> None:
    address = f"/r/{room.token}/"
    page = guest.get(address, headers={"accept-encoding": "gzip"})
    text = gzip.decompress(page.content).decode()
    named = set(re.findall(r'(?:src|href|data-upload)="(/static/[^"]+)"', text))
    assert any(one.endswith(".js") for one in named)
    assert any(one.endswith(".css") for one in named)
    weight = len(page.content)
    for one in named:
        answer = guest.get(one, headers={"accept-encoding": "gzip"})
        weight += len(b"".join(answer.streaming_content) if answer.streaming else answer.content)  # type: ignore[attr-defined]
    assert weight < 60 * 1024
    assert "htmx.min" not in text
    assert "http" not in "".join(named)


def test_guests_pages_bring_one_small_module_and_no_script_inside(guest: Client, room: Room) -> None:
    for address in (f"/r/{room.token}/", page_of(told(Contract.objects.get()))):
        page = read(guest, address)
        assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="/static/complaints/guest.js">']


# --- how the guest is reached -------------------------------------------------------------------------------------------


def test_no_box_is_ticked_before_the_guest_ticks_it(guest: Client, reachable: Room) -> None:
    page = read(guest, f"/r/{reachable.token}/")
    assert page.count('type="checkbox"') > 3
    assert not re.search(r'type="checkbox"[^>]* checked', page)


@pytest.mark.parametrize("name", sorted(CONSENTS))
def test_without_a_tick_nothing_of_the_guest_is_kept_and_nothing_typed_is_lost(
    guest: Client, reachable: Room, name: str
) -> None:
    given = {"phone": PHONE, "email": "guest@example.com", "wechat": "xiaohongmao"}[name]
    answer = send(guest, reachable.token, **{name: given})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "未经您同意" in page
    assert given in page
    assert WORDS in page
    assert not Complaint.objects.exists()
    assert not Contact.objects.exists()


def test_what_the_guest_consented_to_is_kept_word_for_word(guest: Client, reachable: Room) -> None:
    fields = {"phone": PHONE, "phone_consent": "on", "answer_by": "sms"}
    page = read(guest, f"/r/{reachable.token}/")
    send(guest, reachable.token, **fields)
    complaint = Complaint.objects.get()
    assert complaint.contact is not None
    assert complaint.contact.phone == "+8613800138000"
    assert complaint.answer_by == "sms"
    [consent] = Consent.objects.all()
    assert (consent.purpose, consent.channel) == (Purpose.COMPLAINT, "web")
    for line in consent.text.words.split("\n"):
        assert line in page


def test_the_page_of_a_complaint_never_shows_how_its_guest_is_reached(guest: Client, reachable: Room) -> None:
    address = send(
        guest, reachable.token, phone=PHONE, phone_consent="on", email="guest@example.com", email_consent="on"
    )["Location"]
    page = read(guest, address)
    assert WORDS in page  # whoever has just written the number need not prove it
    for personal in ("13800138000", PHONE, "8000", "guest@example.com"):
        assert personal not in page


def test_an_answer_by_telephone_takes_a_number(guest: Client, reachable: Room) -> None:
    answer = send(guest, reachable.token, answer_by="sms")
    assert (answer.status_code, "请写下联系方式" in answer.content.decode()) == (422, True)
    assert send(guest, reachable.token, answer_by="pigeon").status_code == 422
    assert send(guest, reachable.token, phone="12", phone_consent="on").status_code == 422


def test_the_ways_of_the_answer_are_those_of_the_edition(guest: Client, reachable: Room) -> None:
    page = read(guest, f"/r/{reachable.token}/")
    channels = edition_of(Contract.objects.get()).vocabulary["channel"]
    ways = {key: getattr(row, "via", None) for key, row in channels.items()}
    offered = set(re.findall(r'name="answer_by" value="([^"]+)"', page))
    assert offered == {key for key, via in ways.items() if via in ("web", "phone", "sms", "email", "wechat")}
    assert len(offered) == 5
    assert "onsite" in ways


# --- twice, late, and without a line ----------------------------------------------------------------------------------------


def test_a_form_that_is_sent_again_when_the_line_is_back_is_the_same_complaint(guest: Client, room: Room) -> None:
    fields = filled(guest, room.token, wishes=["money"])
    first = guest.post(f"/r/{room.token}/", fields)
    later = Client(REMOTE_ADDR="198.51.100.20").post(f"/r/{room.token}/", fields)
    assert first["Location"] == later["Location"]
    assert Complaint.objects.count() == 1


def test_a_form_sent_again_with_its_files_keeps_them_once(guest: Client, room: Room) -> None:
    fields = filled(guest, room.token)
    for _ in range(2):
        guest.post(f"/r/{room.token}/", {**fields, "files": SimpleUploadedFile("a.jpg", made.photo())})
    assert guest_views.own_files(Complaint.objects.get()).count() == 1


def test_a_time_in_the_future_is_nobodys_to_say(guest: Client, room: Room) -> None:
    send(guest, room.token, received_at="2099-01-01 00:00", at="2099-01-01", occurred_at="2099-01-01 00:00")
    assert Complaint.objects.get().received_at <= now()


def test_too_many_from_one_room_are_asked_to_wait_and_lose_nothing(
    guest: Client, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(guest_views._INTAKE, "room", "120/h/ip,2/h/key")
    cache.clear()
    assert [send(guest, room.token).status_code for _ in range(2)] == [302, 302]
    answer = send(guest, room.token, wish="果盘")
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert "请十分钟后再发" in page
    assert WORDS in page
    assert 'value="果盘"' in page
    assert Complaint.objects.count() == 2


def test_who_adds_without_end_is_asked_to_wait_and_loses_nothing(
    guest: Client, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(guest_views._ANSWERS, "answer", "120/h/ip,2/h/key")
    cache.clear()
    complaint = told(contract)
    answers = [guest.post(f"{page_of(complaint)}add/", {"words": f"第{number}句"}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "第2句" in answers[2].content.decode()


def test_f6_a_crash_leaves_the_complaint_with_its_clock_and_message_or_nothing_at_all(reachable: Room) -> None:
    contract = Contract.objects.get()
    answering = operations.Told(WORDS, "crash", answer_by="sms")

    def crash() -> None:
        with transaction.atomic():
            operations.receive(
                answering, contract=contract, channel="web", by=None, at=now(), reached=reaching(contract, phone=PHONE)
            )
            assert Message.objects.count() == 1
            raise RuntimeError("the machine is gone")

    with pytest.raises(RuntimeError):
        crash()
    assert not Complaint.objects.exists()
    assert not Message.objects.exists()
    assert not Contact.objects.exists()
    assert not Clock.objects.filter(noun="complaint").exists()
    assert not Event.objects.filter(noun="complaint").exists()


def test_f15_a_full_disk_takes_the_file_and_not_the_words(
    guest: Client, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RESERVE", 1 << 60)
    answer = send(guest, room.token, files=SimpleUploadedFile("a.jpg", made.photo()))
    page = answer.content.decode()
    assert (answer.status_code, WORDS in page) == (507, True)
    assert send(guest, room.token).status_code == 302


def test_f20_what_is_done_at_the_very_second_is_in_time_on_the_guests_page(
    guest: Client, contract: Contract, zhou: User
) -> None:
    complaint = told(contract, at=now() - timedelta(hours=30))
    clock = Clock.objects.get(noun="complaint")
    operations.verify(complaint, by=zhou, at=clock.due_at)
    clock.refresh_from_db()
    assert clock.state == "fulfilled"
    page = read(guest, page_of(complaint))
    assert page.count("clock-kept") == 1
    assert "clock-missed" not in page


# --- bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "请用几句话写下发生了什么"),
        ("\x00\x07", "请用几句话写下发生了什么"),
        ("a" * 1_000_000, "一共 1000000 个字"),
    ],
)
def test_words_that_are_none_or_too_many_are_answered_and_kept(guest: Client, room: Room, text: str, said: str) -> None:
    answer = send(guest, room.token, text=text, wish="果盘", wishes=["call"])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="果盘"' in page
    assert 'value="call" checked' in page
    assert "a" * len(text) in page or "\x00" in text


def test_emoji_sql_and_control_characters_are_words_like_others(guest: Client, room: Room) -> None:
    send(guest, room.token, text="🍺'; DROP TABLE complaints_complaint; --\x07\u202e", wish="🍉")
    complaint = Complaint.objects.get()
    assert (complaint.text, complaint.wish) == ("🍺'; DROP TABLE complaints_complaint; --", "🍉")


def test_a_zip_that_is_called_a_photo_is_said_to_be_one(guest: Client, room: Room) -> None:
    answer = send(guest, room.token, files=SimpleUploadedFile("桌子.jpg", made.archive()), wish="果盘")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "桌子.jpg" in page
    assert "ZIP" in page
    assert WORDS in page
    assert 'value="果盘"' in page


def test_a_film_too_large_for_a_form_is_let_go_and_the_words_stay(
    guest: Client, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, Sort.SOUND, 100_000)
    film = SimpleUploadedFile("录像.mp4", made.container(b"isom", 400_000))
    answer = send(guest, room.token, files=film)
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "录像.mp4" in page
    assert WORDS in page
    assert not Upload.objects.exists()


def test_a_film_of_two_gigabytes_and_more_is_refused_before_it_comes(guest: Client, room: Room) -> None:
    ticket = re.search(r'data-ticket="([^"]+)"', read(guest, f"/r/{room.token}/"))
    assert ticket
    asked = {"name": "录像.mp4", "size": 3 << 30}
    answer = guest.post("/uploads/", asked, content_type="application/json", headers={"upload-ticket": ticket[1]})
    assert (answer.status_code, "2048 MB" in answer.json()["error"]) == (413, True)


def test_a_used_form_shows_what_came_of_it(guest: Client, room: Room) -> None:
    fields = filled(guest, room.token)
    address = guest.post(f"/r/{room.token}/", fields)["Location"]
    assert guest.post(f"/r/{room.token}/", fields)["Location"] == address
    assert Complaint.objects.get().reference in read(guest, address)


# --- the page of a complaint ----------------------------------------------------------------------------------------------


def test_words_and_photos_are_added_once_however_often_they_come(guest: Client, contract: Contract) -> None:
    complaint = told(contract)
    for _ in range(2):
        fields = {"words": "还有，果盘也没上。", "files": SimpleUploadedFile("桌子.jpg", made.photo())}
        assert guest.post(f"{page_of(complaint)}add/", fields)["Location"] == page_of(complaint)
    page = read(guest, page_of(complaint))
    assert page.count("还有，果盘也没上。") == 1
    assert page.count('alt="桌子.jpg"') == 1
    assert events(complaint).count("complaint.contacted") == 1
    assert events(complaint).count("complaint.evidence_added") == 1
    empty = guest.post(f"{page_of(complaint)}add/", {"words": " "})
    assert (empty.status_code, "请写点什么" in empty.content.decode()) == (422, True)


def test_the_guest_reads_the_result_in_three_parts_and_accepts_it(
    guest: Client, contract: Contract, zhou: User
) -> None:
    complaint = resolved(told(contract), zhou)
    page = read(guest, page_of(complaint))
    for said in ("核对了账单", "多收的钱已退回", "结账两人核对", "我认可", "我不认可"):
        assert said in page
    assert guest.post(f"{page_of(complaint)}confirm/")["Location"] == page_of(complaint)
    assert "您已认可处理结果" in read(guest, page_of(complaint))
    again = guest.post(f"{page_of(complaint)}confirm/")
    assert (again.status_code, events(complaint).count("complaint.result_confirmed")) == (409, 1)


def test_the_guest_says_why_the_result_is_not_accepted(guest: Client, contract: Contract, zhou: User) -> None:
    complaint = resolved(told(contract), zhou)
    silent = guest.post(f"{page_of(complaint)}reject/", {"words": ""})
    assert (silent.status_code, "请用几句话" in silent.content.decode()) == (422, True)
    guest.post(f"{page_of(complaint)}reject/", {"words": "钱还没到账"})
    page = read(guest, page_of(complaint))
    assert "钱还没到账" in page
    assert "您没有认可" in page
    complaint.refresh_from_db()
    assert complaint.answer == "rejected"


def test_the_handling_is_rated_once_with_one_to_five_stars(guest: Client, contract: Contract, zhou: User) -> None:
    complaint = resolved(told(contract), zhou)
    for wrong in ({}, {"rating": "6"}, {"rating": "0"}, {"rating": "很好"}):
        answer = guest.post(f"{page_of(complaint)}rate/", {**wrong, "words": "态度不错"})
        assert (answer.status_code, "态度不错" in answer.content.decode()) == (422, True)
    guest.post(f"{page_of(complaint)}rate/", {"rating": "4", "words": "态度不错"})
    complaint.refresh_from_db()
    assert (complaint.rating, complaint.rating_words) == (4, "态度不错")
    second = guest.post(f"{page_of(complaint)}rate/", {"rating": "1"})
    assert (second.status_code, "谢谢" in second.content.decode()) == (409, True)


def test_a_complaint_that_is_taken_back_says_so_and_offers_nothing_more(guest: Client, contract: Contract) -> None:
    complaint = told(contract)
    guest.post(f"{page_of(complaint)}withdraw/", {"words": "店员当场换了酒"})
    page = read(guest, page_of(complaint))
    assert "您已撤回" in page
    assert f"{page_of(complaint)}add/" not in page
    late = guest.post(f"{page_of(complaint)}add/", {"words": "等一下"})
    assert (late.status_code, "等一下" in late.content.decode()) == (409, True)


def test_an_archived_complaint_says_so_and_can_be_looked_at_again(
    guest: Client, contract: Contract, zhou: User
) -> None:
    complaint = resolved(told(contract), zhou)
    operations.archive(complaint, by=zhou, at=now())
    page = read(guest, page_of(complaint))
    assert "已结案" in page
    assert f"{page_of(complaint)}rate/" in page
    assert guest.post(f"{page_of(complaint)}reopen/", {"words": ""}).status_code == 422
    guest.post(f"{page_of(complaint)}reopen/", {"words": "又少退了一瓶"})
    complaint.refresh_from_db()
    assert complaint.is_open
    assert "又少退了一瓶" in [one.words for one in queries.statements(complaint, zhou)]


def test_a_merged_complaint_follows_the_other_without_its_words(guest: Client, contract: Contract, zhou: User) -> None:
    other = complain(contract, text="隔壁包厢的客人也写了", at=now() - 2 * HOUR)
    complaint = told(contract)
    operations.add(other, words="隔壁客人补充的话", by=None, at=now() - HOUR)
    operations.merge(complaint, into=other, by=zhou, at=now())
    page = read(guest, page_of(complaint))
    assert other.reference in page
    assert WORDS in page
    assert "还剩" in page
    for theirs in ("隔壁包厢的客人也写了", "隔壁客人补充的话", other.token):
        assert theirs not in page


def test_an_unknown_link_says_what_to_do(guest: Client, contract: Contract) -> None:
    for address in (f"/t/{'x' * 22}/", f"/t/{'x' * 22}/open/", f"/t/{'x' * 22}/add/"):
        answer = guest.get(address)
        assert (answer.status_code, "请告诉前台" in answer.content.decode()) == (404, True)
    assert guest.get(f"/t/{'x' * 22}/qr.png").status_code == 404
    assert guest.get(f"{page_of(told(contract))}nothing/").status_code == 404


def test_what_the_house_owes_to_others_is_no_promise_to_the_guest(
    guest: Client, zhou: User, agency: Organisation
) -> None:
    contract = agreed(content("B"), zhou, agency, since=now() - 10 * DAY)
    complaint = told(contract)
    terms = terms_of(contract)
    inside = [rule for rule in terms.rules.values() if {one.event for one in rule.done} <= guest_views._INSIDE]
    assert inside
    page = read(guest, page_of(complaint))
    for rule in inside:
        assert f"第{rule.clause}条" not in page


def test_the_page_asks_few_questions(guest: Client, contract: Contract, django_assert_max_num_queries: Any) -> None:
    complaint = told(contract)
    guest.post(f"{page_of(complaint)}add/", {"files": SimpleUploadedFile("桌子.jpg", made.photo())})
    with django_assert_max_num_queries(12):
        guest.get(page_of(complaint))


# --- attacks --------------------------------------------------------------------------------------------------------------


SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_a1_script_in_words_wishes_rooms_and_names_of_files_is_text(guest: Client, room: Room, zhou: User) -> None:
    send(guest, room.token, text=SCRIPT, wish=SCRIPT, files=SimpleUploadedFile(f"{SCRIPT}.jpg", made.photo()))
    send(guest, Contract.objects.get().code, text=WORDS, room=SCRIPT[:60])
    for complaint in Complaint.objects.all():
        guest.post(f"{page_of(complaint)}add/", {"words": SCRIPT})
        for page in (read(guest, page_of(complaint)), read(signed_in(zhou), f"/complaints/{complaint}/")):
            assert "<script>alert" not in page
            assert "<img src=x" not in page
    unsent = guest.post(f"/r/{room.token}/", {"text": SCRIPT, "wish": SCRIPT, "form_key": SCRIPT}).content.decode()
    assert "<script>alert" not in unsent


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.html", b"<!doctype html><script>alert(1)</script>"),
        ("a.jpg", b"<!doctype html><script>alert(1)</script>"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ],
)
def test_a2_drawings_and_pages_that_could_run_are_not_taken(guest: Client, room: Room, name: str, body: bytes) -> None:
    answer = send(guest, room.token, files=SimpleUploadedFile(name, body))
    assert (answer.status_code, WORDS in answer.content.decode()) == (422, True)
    assert not File.objects.exists()


def test_a4_nobody_reaches_what_belongs_to_another_complaint(
    guest: Client, found: Client, contract: Contract, lin: User
) -> None:
    complaint = told(contract)
    guest.post(f"{page_of(complaint)}add/", {"files": SimpleUploadedFile("a.jpg", made.photo())})
    operations.add_evidence(complaint, evidence=[made.put(made.photo(2), "监控.jpg")], by=lin, at=now())
    mine, theirs = File.objects.filter(original=None).order_by("pk")
    page = read(guest, page_of(complaint))
    key = re.search(r'src="(/f/[^"]+/)"', page)
    assert key
    assert "监控.jpg" not in page  # what the house gathers may show others
    shown = found.get(key[1])  # by its key, for half an hour
    assert (shown.status_code, len(b"".join(shown.streaming_content)) > 0) == (200, True)  # type: ignore[attr-defined]
    for address in (
        f"/files/{mine}/",
        f"/files/{mine}/view/",
        f"/files/{theirs}/download/",
        f"/complaints/{complaint}/",
    ):
        assert found.get(address).status_code == 302  # to the door
    for forged in (key[1][:-2] + "x/", f"/f/{theirs.pk}/", f"/f/{theirs.pk}:thumbnail/"):
        assert found.get(forged).status_code == 404


def test_a5_what_was_sent_ahead_belongs_to_the_page_that_sent_it(
    guest: Client, found: Client, room: Room, contract: Contract
) -> None:
    complaint = told(contract)
    send(guest, room.token, text="", files=SimpleUploadedFile("a.jpg", made.photo()))
    token = Upload.objects.get().token
    assert len(token) == 22  # 128 bits
    found.post(f"{page_of(complaint)}add/", {"words": "给我看看", "files-kept": token})
    assert not File.objects.exists()
    elsewhere = files.ticket(files.guest_holder(complaint.token))
    assert found.get(f"/uploads/{token}/", headers={"upload-ticket": elsewhere}).status_code == 404
    assert len(complaint.token) == len(room.token) == 22


@pytest.mark.parametrize(
    "name", [".htaccess", "../../../etc/cron.d/x", "shell.php", "a.phar", "..\\..\\web.config", "a.jpg/../../b.php"]
)
def test_a12_what_would_run_or_climb_is_not_kept_under_its_name(
    guest: Client, room: Room, tmp_path: Any, name: str
) -> None:
    for body in (b"<?php system($_GET[0]);", made.archive(**{"../../evil": "x"})):
        assert send(guest, room.token, files=SimpleUploadedFile(name, body)).status_code in (302, 422)
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(tmp_path / "files")]
    assert outside == []
    for path in (tmp_path / "files").rglob("*"):
        assert "php" not in path.name
        assert "htaccess" not in path.name


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a16_no_page_of_a_guest_leads_away(guest: Client, room: Room, goal: str) -> None:
    answer = send(guest, room.token, next=goal)
    assert answer["Location"] == page_of(Complaint.objects.get())
    for address in ("/language/", "/theme/"):
        assert guest.post(address, {"next": goal, "language": "en", "theme": "dark"})["Location"] == "/"
    assert guest.get(f"/r/{room.token}/?next={goal}").status_code == 200


def test_a16_a_wrong_number_takes_the_same_way_as_a_right_one(found: Client, contract: Contract) -> None:
    """No answer but the one says more: an unknown page, a page without a number and one with it are told apart by their link."""
    complaint = told(contract, phone=PHONE)
    wrong = found.post(f"{page_of(complaint)}open/", {"tail": "0000"})
    right = found.post(f"{page_of(complaint)}open/", {"tail": "8000"})
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert "8000" not in wrong.content.decode()


def test_a18_what_leaves_the_house_holds_no_word_of_the_guest(guest: Client, reachable: Room) -> None:
    spam = "恭喜中奖 http://evil.example 点击领取"
    fields = {"text": spam, "wish": spam, "phone": PHONE, "phone_consent": "on", "answer_by": "sms"}
    send(guest, reachable.token, **fields)
    [message] = Message.objects.all()
    complaint = Complaint.objects.get()
    assert "evil" not in message.text
    assert "中奖" not in message.text
    assert complaint.reference in message.text
    assert page_of(complaint) in message.text


def test_a18_nothing_goes_to_a_number_without_consent_or_by_a_way_that_was_not_chosen(
    guest: Client, reachable: Room
) -> None:
    send(guest, reachable.token, phone=PHONE, answer_by="sms")
    send(guest, reachable.token, phone=PHONE, phone_consent="on", answer_by="web")
    send(guest, reachable.token, phone=PHONE, phone_consent="on")
    assert Complaint.objects.count() == 2
    assert not Message.objects.exists()


def test_a18_one_number_gets_no_more_than_a_few_messages_whoever_types_it(reachable: Room) -> None:
    fields = {"phone": PHONE, "phone_consent": "on", "answer_by": "sms"}
    for number in range(6):
        attacker = Client(REMOTE_ADDR=f"198.51.100.{number}", headers={"accept-language": "zh-CN"})
        send(attacker, reachable.token, text=f"第{number}条", **fields)
    at = now() + timedelta(seconds=5)
    taken = [channels.take(one.pk, one.attempt, at) for one in Message.objects.order_by("pk")]
    assert len(taken) == 6
    went = [one for one in taken if isinstance(one, Parcel)]
    assert len(went) == 3
    assert {one.reason for one in taken if isinstance(one, channels.Refused)} == {"recipient_limit"}


def test_a18_consent_that_was_taken_back_stops_what_is_on_its_way(guest: Client, reachable: Room) -> None:
    send(guest, reachable.token, phone=PHONE, phone_consent="on", answer_by="sms")
    Consent.objects.update(withdrawn_at=now())
    [message] = Message.objects.all()
    assert channels.take(message.pk, message.attempt, now()) == channels.Refused("no_address")


def test_a20_a_picture_that_would_fill_the_memory_is_kept_and_not_opened(guest: Client, room: Room) -> None:
    drawn = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(drawn, "png")
    assert len(drawn.getvalue()) < 1 << 20
    answer = send(guest, room.token, files=SimpleUploadedFile("bomb.png", drawn.getvalue()))
    assert answer.status_code == 302
    [file] = File.objects.all()
    assert not file.renditions.exists()
    assert guest.get(answer["Location"]).status_code == 200


def test_a20_a_form_of_a_thousand_fields_is_refused_as_a_whole(guest: Client, room: Room) -> None:
    answer = guest.post(f"/r/{room.token}/", {f"f{number}": "x" for number in range(2_000)})
    assert answer.status_code == 413


def test_a24_the_link_alone_shows_no_words_and_takes_no_answers_where_a_number_was_given(
    found: Client, contract: Contract, zhou: User
) -> None:
    complaint = resolved(told(contract, phone=PHONE), zhou)
    page = read(found, page_of(complaint))
    assert complaint.reference in page
    assert "手机号后四位" in page
    for hidden in (WORDS, "多收的钱已退回", "A01", f"{page_of(complaint)}confirm/", f"{page_of(complaint)}rate/"):
        assert hidden not in page
    for name in ("confirm", "reject", "rate", "add", "withdraw", "reopen"):
        answer = found.post(f"{page_of(complaint)}{name}/", {"words": "我来替他回答", "rating": "1"})
        assert (answer.status_code, "confirm" in name or "我来替他回答" in answer.content.decode()) == (403, True)
    complaint.refresh_from_db()
    assert (complaint.answer, complaint.rating) == ("", None)


def test_a24_the_last_four_digits_open_the_page_for_this_browser_and_this_complaint_only(
    guest: Client, found: Client, contract: Contract
) -> None:
    complaint, other = told(contract, phone=PHONE), told(contract, phone=PHONE)
    answer = guest.post(f"{page_of(complaint)}open/", {"tail": "８０００"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(complaint))
    cookie = answer.cookies["guest"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (
        True, "Lax", page_of(complaint), 12 * 3600,
    )  # fmt: skip
    assert WORDS in read(guest, page_of(complaint))
    assert WORDS not in read(found, page_of(complaint))
    found.cookies["guest"] = cookie.value  # carried to another complaint
    assert WORDS not in read(found, page_of(other))


def test_a24_five_tries_are_all_and_after_them_not_even_the_right_digits_help(
    found: Client, contract: Contract
) -> None:
    cache.clear()
    complaint = told(contract, phone=PHONE)
    address = f"{page_of(complaint)}open/"
    assert [found.post(address, {"tail": f"000{n}"}).status_code for n in range(5)] == [422] * 5
    late = Client(REMOTE_ADDR="198.51.100.77", headers={"accept-language": "zh-CN"}).post(address, {"tail": "8000"})
    assert (late.status_code, "请等十五分钟" in late.content.decode()) == (429, True)
    assert found.post(address, {"tail": "abcd"}).status_code == 422  # what is no try is not counted either


@pytest.mark.parametrize("change", [str.swapcase, str.upper, str.lower])
def test_a24_a_link_is_told_from_another_by_its_capitals(guest: Client, contract: Contract, change: Any) -> None:
    complaint = told(contract)
    Complaint.objects.filter(pk=complaint.pk).update(token="AbCdEfGhIjKlMnOpQrStUv")
    assert guest.get("/t/AbCdEfGhIjKlMnOpQrStUv/").status_code == 200
    assert guest.get(f"/t/{change('AbCdEfGhIjKlMnOpQrStUv')}/").status_code == 404


def test_a24_no_page_of_a_guest_is_kept_by_caches_or_search_engines_or_told_to_other_sites(
    guest: Client, contract: Contract, room: Room
) -> None:
    complaint = told(contract)
    for address in (page_of(complaint), f"{page_of(complaint)}qr.png", f"/r/{room.token}/", f"/t/{'x' * 22}/"):
        answer = guest.get(address)
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "same-origin"
    assert not re.search(r'(href|src|action)="(https?:)?//', read(guest, page_of(complaint)))


def test_a24_once_the_guest_is_erased_the_page_shows_no_words_to_anybody(
    guest: Client, contract: Contract, zhou: User
) -> None:
    complaint = told(contract, phone=PHONE)
    guest.post(f"{page_of(complaint)}open/", {"tail": "8000"})
    assert complaint.contact is not None
    erase(complaint.contact, reason="asked", by=zhou, at=now())
    page = read(guest, page_of(complaint))
    assert WORDS not in page
    assert "已删除" in page


def test_a25_a_photo_is_shown_without_place_and_camera(guest: Client, contract: Contract) -> None:
    complaint = told(contract)
    photo = made.photo()
    assert Image.open(io.BytesIO(photo)).getexif()
    guest.post(f"{page_of(complaint)}add/", {"files": SimpleUploadedFile("a.jpg", photo)})
    key = re.search(r'src="(/f/[^"]+/)"', read(guest, page_of(complaint)))
    assert key
    shown = b"".join(guest.get(key[1]).streaming_content)  # type: ignore[attr-defined]
    assert not Image.open(io.BytesIO(shown)).getexif()
    assert shown != photo


@pytest.mark.parametrize(
    ("name", "body"), [("a.mp3", made.archive()), ("a.wav", made.archive()), ("a.mp4", made.picture("png"))]
)
def test_a25_a_recording_that_is_something_else_is_said_to_be(
    guest: Client, room: Room, name: str, body: bytes
) -> None:
    answer = send(guest, room.token, files=SimpleUploadedFile(name, body))
    assert (answer.status_code, name in answer.content.decode()) == (422, True)
