from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils.timezone import now
from openpyxl import load_workbook

from encore.accounts.models import AccessLog, Organisation, User
from encore.accounts.personal import PERSONAL, Basis, Whose, kept_of
from encore.accounts.sealed import SealedField
from encore.contracts.models import Contract
from encore.customers import operations, queries, tasks
from encore.customers.models import Consent, Contact, PrivacyRequest
from encore.customers.operations import Consented, Known, keep, register
from encore.jobs.worker import run_due
from encore.ledger.models import Event
from tests.cast import DAY, HOUR, signed_in

YES = Consented(("complaint", "care"), "只为这些用途。", "onsite")
WHOLE = "13800138000"


@pytest.fixture
def wang(zhou: User) -> Contact:
    return register(Known("王女士", WHOLE), consent=YES, by=zhou, at=now() - HOUR)


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou)


def test_pages_show_a_guest_masked(desk: Client, wang: Contact) -> None:
    for address in ("/customers/", f"/customers/{wang.reference}/", "/customers/?as=json"):
        page = desk.get(address).content.decode()
        assert "138****8000" in page, address
        assert WHOLE not in page, address


def test_a_whole_number_is_shown_once_for_a_reason_that_is_noted(desk: Client, zhou: User, wang: Contact) -> None:
    address = f"/customers/{wang.reference}/reveal/"
    assert desk.post(address, {}).status_code == 422
    assert not AccessLog.objects.filter(act="revealed").exists()
    answer = desk.post(address, {"reason": "complaint"})
    assert WHOLE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    noted = AccessLog.objects.get(act="revealed")
    assert (noted.user, noted.noun, noted.noun_id, noted.reason) == (zhou, "customer", wang.pk, "complaint")
    assert WHOLE not in desk.get(f"/customers/{wang.reference}/").content.decode()


def test_who_may_not_see_a_whole_number_is_told_whose_it_is(venue: Organisation, wang: Contact) -> None:
    ma = User.objects.create(username="ma", name="马", organisation=venue, post="marketing")
    answer = signed_in(ma).post(f"/customers/{wang.reference}/reveal/", {"reason": "complaint"})
    assert answer.status_code == 403
    assert WHOLE not in answer.content.decode()


@pytest.mark.parametrize("words", ["138 0013 8000", "8000", "+86 13800138000"])
def test_a_guest_is_found_by_number_or_its_end(desk: Client, wang: Contact, words: str) -> None:
    found = desk.get("/customers/", {"q": words}).content.decode()
    assert wang.reference in found
    assert wang.reference not in desk.get("/customers/", {"q": "9999"}).content.decode()


def test_a_guest_is_taken_down_with_the_words_that_they_heard(desk: Client) -> None:
    given = {"phone": "１３９　００１３　９０００", "purposes": ["care"], "channel": "phone", "name": "李先生"}
    answer = desk.post("/customers/register/", given)
    assert answer.status_code == 302
    consent = Consent.objects.get()
    assert consent.contact.phone == "+8613900139000"
    assert consent.text.words in desk.get("/customers/register/").content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"phone": "12"}, "Write eleven digits"),
        ({"phone": "1.38E+10"}, "last digits of this number are lost"),
        ({}, "at least one way"),
        ({"phone": WHOLE, "purposes": []}, "Without the guest"),
    ],
    ids=["short", "rounded", "none", "no consent"],
)
def test_what_is_missing_is_said_beside_its_field(desk: Client, given: dict[str, object], said: str) -> None:
    answer = desk.post("/customers/register/", {"purposes": ["care"], "channel": "phone", **given})
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not Contact.objects.exists()


def test_a_guest_takes_a_consent_back_on_their_own_page_with_one_button(wang: Contact) -> None:
    guest = Client(headers={"accept-language": "en"})
    address = f"/my-data/{wang.token}/"
    page = guest.get(address).content.decode()
    assert "138****8000" in page
    assert WHOLE not in page
    assert guest.post(address, {"purpose": "care"}).status_code == 302
    assert not queries.consents(wang, "care").exists()
    assert guest.post(address, {"purpose": "care"}).status_code == 409
    assert guest.post(address, {"purpose": "?"}).status_code == 422
    assert Client().get("/my-data/0000000000000000000000/").status_code == 404


def test_a_guest_asks_and_the_desk_answers(desk: Client, wang: Contact) -> None:
    Client().post(f"/my-data/{wang.token}/", {"kind": "erase"})
    request = PrivacyRequest.objects.get()
    assert wang.reference in desk.get("/customers/requests/").content.decode()
    answer = f"/customers/{wang.reference}/requests/{request.pk}/"
    assert desk.post(answer, {"outcome": "done"}).status_code == 409, "erase first"
    assert desk.post(f"/customers/{wang.reference}/erase/", {"reason": "asked"}).status_code == 302
    request.refresh_from_db()
    assert request.outcome == "done"
    page = desk.get(f"/customers/{wang.reference}/").content.decode()
    assert "138****" not in page
    assert Client().get(f"/my-data/{wang.token}/").status_code == 404


def test_all_that_is_kept_of_a_guest_is_handed_over(desk: Client, wang: Contact) -> None:
    told = desk.get(f"/customers/{wang.reference}/copy/json/").json()["held"]
    values = [row["value"] for row in told]
    assert "+8613800138000" in values
    assert "王女士" in values
    assert sum("只为这些用途。" in value for value in values) == 2
    from io import BytesIO

    sheet = load_workbook(BytesIO(desk.get(f"/customers/{wang.reference}/copy/xlsx/").content)).active
    assert len(list(sheet.values)) == len(told) + 1
    assert AccessLog.objects.filter(act="handed_over", noun_id=wang.pk).count() == 2


def test_what_another_desk_keeps_of_a_guest_is_handed_over_and_erased_with_them(
    desk: Client, zhou: User, wang: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    from encore.accounts.personal import Personal

    erased: list[int] = []
    another = Personal(
        "visits.Visit.note", "visit notes", Whose.GUEST, Basis.CONSENT, "care", timedelta(days=9),
        held=lambda number: [f"note of {number}"], erase=lambda number, at: erased.append(number),
    )  # fmt: skip
    monkeypatch.setitem(PERSONAL, another.field, another)
    told = desk.get(f"/customers/{wang.reference}/copy/json/").json()["held"]
    assert {"field": "visit notes", "value": f"note of {wang.pk}"} in told
    operations.erase(wang, reason="asked", by=zhou, at=now())
    assert erased == [wang.pk]


def test_two_rows_are_put_together_by_a_button(desk: Client, wang: Contact, venue: Organisation) -> None:
    with transaction.atomic():
        second = keep(owner=venue, at=now(), consent=YES, phone=WHOLE, email="w@guest.example")
    assert wang.reference in desk.get(f"/customers/{second.reference}/").content.decode()
    answer = desk.post(f"/customers/{second.reference}/merge/")
    assert answer["Location"] == f"/customers/{wang.reference}/"
    assert desk.post(f"/customers/{wang.reference}/merge/").status_code == 409


def test_the_agencys_manager_sees_numbers_and_no_row(
    he: User, contract: Contract, wang: Contact, venue: Organisation
) -> None:
    page = signed_in(he).get("/customers/").content.decode()
    assert "fewer than 5" in page
    assert wang.reference not in page
    assert signed_in(he).get(f"/customers/{wang.reference}/").status_code == 404


def test_the_list_asks_the_same_however_many_guests_there_are(
    desk: Client, wang: Contact, venue: Organisation, django_assert_max_num_queries: object
) -> None:
    desk.get("/customers/")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        desk.get("/customers/")
    with transaction.atomic():
        for number in range(9):
            keep(owner=venue, at=now(), consent=YES, phone=f"1380013801{number}")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert desk.get("/customers/").content.decode().count("****") == 10


# --- the register -----------------------------------------------------------------------------------------------------


def test_every_sealed_field_says_why_and_for_how_long_it_is_kept() -> None:
    from django.apps import apps

    sealed = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField)
    }
    assert sealed
    assert sealed - PERSONAL.keys() == set()


def test_the_notice_says_of_every_field_what_for_why_and_how_long(db: None) -> None:
    page = Client(headers={"accept-language": "en"}).get("/privacy/").content.decode()
    for one in kept_of(Whose.GUEST):
        for said in (one.label, one.purpose, one.basis.label):
            assert str(said) in page
        assert f"{one.kept_for.days}" in page.replace(",", "")


def test_guests_whose_time_is_over_are_erased_by_the_house_itself(zhou: User) -> None:
    long_ago = now() - queries.KEPT - DAY
    User.objects.filter(pk=zhou.pk).update(joined_at=long_ago)
    old = register(Known("旧客", WHOLE), consent=YES, by=zhou, at=long_ago)
    new = register(Known("新客", "13900139000"), consent=YES, by=zhou, at=now())
    tasks.end_keeping.enqueue(1)
    run_due()
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.is_erased, old.phone, new.is_erased) == (True, "", False)
    assert Event.objects.filter(type="customer.erased", noun_id=old.pk).count() == 1
