import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from encore.accounts.models import AccessLog, User
from encore.channels import drafts, queries, seals
from encore.channels.models import Inbox, Limits, Message, Nonce, State
from encore.channels.tasks import repeat_outside
from encore.complaints.models import Complaint
from encore.jobs.worker import run_due
from encore.ledger.nouns import Key
from tests.cast import DAY, HOUR, signed_in
from tests.channels.house import queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(lin: User) -> User:
    lin.phone = "13800138000"
    lin.save()
    return lin


@pytest.fixture
def sent(reader: User, complaint: Complaint) -> Message:
    message = queued(reader, complaint)
    run_due()
    message.refresh_from_db()
    assert message.state == State.SENT
    return message


# --- the inbox --------------------------------------------------------------------------------------------------------


def told(person: User, complaint: Complaint, number: int = 1) -> None:
    for event in range(number):
        at = now() - HOUR * (event + 1)
        drafts.tell([person], Key("complaint", complaint.pk), "complaint.received", at=at, event=10_000 + event)


def test_what_one_is_told_stands_in_the_inbox_with_the_way_to_it(lin: User, complaint: Complaint) -> None:
    told(lin, complaint)
    page = signed_in(lin).get(reverse("channels:inbox")).content.decode()
    assert f'href="/complaints/{complaint.reference}/"' in page
    assert "Complaint received" in page
    assert "Unread (1)" in page


def test_of_one_event_one_is_told_once(lin: User, complaint: Complaint) -> None:
    told(lin, complaint)
    told(lin, complaint)
    assert Inbox.objects.count() == 1


def test_one_item_or_all_are_marked_as_read_and_stay_in_the_whole_list(lin: User, complaint: Complaint) -> None:
    told(lin, complaint, 3)
    client = signed_in(lin)
    first = Inbox.objects.order_by("pk")[0]
    client.post(reverse("channels:inbox"), {"item": first.pk})
    assert queries.unread(lin, 10) == 2
    client.post(reverse("channels:inbox"), {"to": Inbox.objects.order_by("pk")[1].pk})
    assert queries.unread(lin, 10) == 1, "what came meanwhile stays new"
    assert client.get(reverse("channels:inbox")).content.decode().count('<li class="row') == 1
    assert client.get(reverse("channels:inbox") + "?show=all").content.decode().count('<li class="row') == 3


def test_nobody_marks_or_sees_what_others_were_told(lin: User, zhou: User, complaint: Complaint) -> None:
    told(lin, complaint)
    client = signed_in(zhou)
    client.post(reverse("channels:inbox"), {"item": Inbox.objects.get().pk})
    assert queries.unread(lin, 10) == 1
    assert complaint.reference not in client.get(reverse("channels:inbox")).content.decode()


def test_who_wishes_it_is_told_outside_that_something_waits_and_no_more(reader: User, complaint: Complaint) -> None:
    signed_in(reader).post(reverse("channels:inbox"), {"wish": "1", "transports": ["sms"]})
    told(reader, complaint)
    for _ in range(2):
        repeat_outside([10_000])
        run_due()
    outside = Message.objects.get()
    assert (outside.wording, outside.state) == ("task-waiting", State.SENT)
    assert complaint.reference in outside.text
    assert complaint.text not in outside.text


def test_a_message_that_cannot_go_out_is_not_told_of_by_another_that_cannot(lin: User, complaint: Complaint) -> None:
    signed_in(lin).post(reverse("channels:inbox"), {"wish": "1", "transports": ["sms"]})
    told(lin, complaint)
    repeat_outside([10_000])
    run_due()
    assert Message.objects.get().reason == "no_address"
    assert queries.inbox(lin).filter(kind="message.refused").count() == 1, "told inside only"


@pytest.mark.parametrize("number", [5, 45])
def test_the_inbox_asks_the_same_number_of_questions_however_long_it_is(
    lin: User, complaint: Complaint, number: int, django_assert_num_queries: Any
) -> None:
    told(lin, complaint, number)
    client = signed_in(lin)
    with django_assert_num_queries(7):
        client.get(reverse("channels:inbox"))


# --- messages ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_went_out_and_masks_to_whom(sent: Message, zhou: User) -> None:
    page = signed_in(zhou).get(reverse("channels:messages")).content.decode()
    assert sent.reference in page
    assert "138****8000" in page
    assert "13800138000" not in page


@pytest.mark.parametrize("number", [3, 40])
def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    reader: User, complaint: Complaint, zhou: User, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        queued(reader, complaint)
    client = signed_in(zhou)
    with django_assert_num_queries(5):
        client.get(reverse("channels:messages"))


def test_the_other_party_sees_none_of_them(sent: Message, he: User) -> None:
    client = signed_in(he)
    assert sent.reference not in client.get(reverse("channels:messages")).content.decode()
    assert client.get(reverse("channels:message", args=[sent.reference])).status_code == 404


def test_who_asked_for_a_message_of_another_house_does_not_see_to_whom_it_went(
    reader: User, complaint: Complaint, he: User
) -> None:
    message = queued(reader, complaint, by=he)
    page = signed_in(he).get(reverse("channels:message", args=[message.reference])).content.decode()
    assert message.text in page
    assert message.masked not in page


def test_an_unclear_message_asks_whether_it_went_out(reader: User, complaint: Complaint, zhou: User) -> None:
    message = queued(reader, complaint)
    Message.objects.filter(pk=message.pk).update(state=State.UNCLEAR, taken_at=now())
    client = signed_in(zhou)
    address = reverse("channels:message", args=[message.reference])
    assert "Did it go out?" in client.get(address).content.decode()
    client.post(reverse("channels:act", args=[message.reference, "went-out"]))
    message.refresh_from_db()
    assert message.state == State.SENT
    again = client.post(reverse("channels:act", args=[message.reference, "went-out"]))
    assert again.status_code == 409


def test_a_post_that_does_not_send_messages_is_told_whose_they_are(sent: Message, complaint: Complaint) -> None:
    from encore.accounts.models import Post
    from tests.cast import person

    fang = person("方怡", complaint.owner, Post.HUMAN_RESOURCES)
    answer = signed_in(fang).get(reverse("channels:messages"))
    assert answer.status_code == 403
    assert "customer service" in answer.content.decode()


# --- limits -----------------------------------------------------------------------------------------------------------


def limits(**more: str) -> dict[str, str]:
    values = {
        "per_hour": "2",
        "per_day": "5",
        "quiet_from": "21点半",
        "quiet_to": "9:00",
        "price": "0.06",
        "ceiling": "50",
    }
    return {"transport": "sms", **{f"sms-{name}": value for name, value in {**values, **more}.items()}}


def test_the_manager_sets_how_much_may_go_out(zhou: User) -> None:
    assert signed_in(zhou).post(reverse("channels:limits"), limits()).status_code == 302
    row = Limits.objects.get(owner=zhou.organisation)
    assert (row.transport, row.per_hour, f"{row.quiet_from:%H:%M}", str(row.ceiling)) == ("sms", 2, "21:30", "50.00")


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(zhou: User) -> None:
    answer = signed_in(zhou).post(reverse("channels:limits"), limits(ceiling="viel"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This is no amount of money." in page
    assert 'value="viel"' in page
    assert 'value="21点半"' in page
    assert not Limits.objects.exists()


def test_only_the_manager_sets_limits_and_sees_the_secret_and_that_is_noted(zhou: User, lin: User) -> None:
    assert signed_in(lin).post(reverse("channels:limits"), limits()).status_code == 403
    assert signed_in(lin).post(reverse("channels:secret"), {"transport": "sms"}).status_code == 403
    page = signed_in(zhou).post(reverse("channels:secret"), {"transport": "sms"}).content.decode()
    assert seals.secret("sms") in page
    assert AccessLog.objects.get(act="secret_shown").user == zhou


def test_the_page_of_limits_counts_why_messages_were_not_sent(lin: User, complaint: Complaint, zhou: User) -> None:
    queued(lin, complaint)
    run_due()
    page = signed_in(zhou).get(reverse("channels:limits")).content.decode()
    assert re.search(r"there is no address for this way</a> \(1\)", page)


# --- the simulator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "state"), [("delivered", "delivered"), ("read", "read"), ("failed", "failed")])
def test_the_simulator_answers_as_a_provider_would(sent: Message, zhou: User, answer: str, state: str) -> None:
    client = signed_in(zhou)
    assert sent.text in client.get(reverse("channels:simulator")).content.decode()
    assert client.post(reverse("channels:simulator"), {"message": sent.pk, "answer": answer}).status_code == 302
    sent.refresh_from_db()
    assert sent.state == state


def test_the_simulator_answers_as_a_recipient_would(sent: Message, zhou: User) -> None:
    signed_in(zhou).post(reverse("channels:simulator"), {"message": sent.pk, "answer": "reply"})
    assert sent.answers.get().text == "R"
    assert queries.has_opted_out(sent.digest, "sms", is_commercial=True)


def test_nobody_answers_for_messages_of_others(sent: Message, he: User) -> None:
    answer = signed_in(he).post(reverse("channels:simulator"), {"message": sent.pk, "answer": "failed"})
    assert answer.status_code == 404


# --- what providers say -----------------------------------------------------------------------------------------------


def callback(client: Client, said: object, *, transport: str = "sms", **headers: str) -> Any:
    body = json.dumps(said).encode()
    timestamp = headers.get("timestamp", str(int(now().timestamp())))
    nonce = headers.get("nonce", uuid4().hex)
    signature = headers.get("signature") or seals.sign(headers.get("signed_for", transport), timestamp, nonce, body)
    return client.post(
        reverse("channels:callback", args=[transport]),
        body,
        content_type="application/json",
        headers={"X-Encore-Timestamp": timestamp, "X-Encore-Nonce": nonce, "X-Encore-Signature": signature},
    )


@pytest.fixture
def provider() -> Client:
    return Client(enforce_csrf_checks=True)


def delivered(message: Message) -> dict[str, str]:
    return {"event": "delivered", "reference": message.provider_reference}


def test_a_provider_says_that_a_message_arrived(sent: Message, provider: Client) -> None:
    assert callback(provider, delivered(sent)).status_code == 204
    sent.refresh_from_db()
    assert sent.state == State.DELIVERED
    assert callback(provider, delivered(sent)).status_code == 204, "said again it changes nothing"


@pytest.mark.parametrize(
    "headers",
    [
        {"signature": "0" * 64},
        {"signature": "ü"},
        {"signed_for": "wechat"},
        {"timestamp": "1000000000"},
        {"timestamp": "99999999999"},
        {"timestamp": "-1"},
        {"nonce": "short"},
    ],
)
def test_nobody_else_says_anything_in_its_name(sent: Message, provider: Client, headers: dict[str, str]) -> None:
    if headers.get("signature") == "ü":
        headers = {"signature": "\u00fc".encode().decode("latin-1")}
    assert callback(provider, delivered(sent), **headers).status_code == 403
    sent.refresh_from_db()
    assert sent.state == State.SENT


def test_what_was_said_once_is_not_taken_from_whoever_repeats_it(provider: Client, sent: Message) -> None:
    said = {"event": "received", "id": "1", "from": "13800138000", "text": "你好"}
    nonce = uuid4().hex
    assert callback(provider, said, nonce=nonce).status_code == 204
    assert callback(provider, said, nonce=nonce).status_code == 403
    assert Nonce.objects.count() == 1


def test_a_forged_signature_uses_up_no_nonce(provider: Client, sent: Message) -> None:
    nonce = uuid4().hex
    assert callback(provider, delivered(sent), nonce=nonce, signature="0" * 64).status_code == 403
    assert callback(provider, delivered(sent), nonce=nonce).status_code == 204


@pytest.mark.parametrize(
    "said", [[], {"event": "delivered"}, {"event": "eaten", "reference": "x"}, "x", {"event": "received"}]
)
def test_what_is_not_understood_is_said_to_be(provider: Client, sent: Message, said: object) -> None:
    if isinstance(said, dict) and said.get("event") == "eaten":
        said["reference"] = sent.provider_reference
    assert callback(provider, said).status_code == 400


def test_an_unknown_message_and_an_unknown_way_are_not_there(provider: Client, db: None) -> None:
    assert callback(provider, {"event": "read", "reference": "nothing"}).status_code == 404
    assert callback(provider, {}, transport="pigeon").status_code == 404


def test_old_nonces_are_forgotten_when_their_time_would_not_be_taken_any_more(db: None) -> None:
    assert drafts.is_first("sms", "a" * 32, now() - DAY)
    assert drafts.is_first("sms", "b" * 32, now())
    assert Nonce.objects.count() == 1
