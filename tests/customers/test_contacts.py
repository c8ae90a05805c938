from datetime import timedelta
from io import BytesIO

import pytest
from cryptography.exceptions import InvalidTag
from django.core.exceptions import FieldError
from django.db import connection, transaction
from openpyxl import load_workbook

from encore.accounts.models import Organisation, Role, User
from encore.accounts.sealed import digest, seal, unseal
from encore.customers import operations, queries
from encore.customers.models import Consent, ConsentText, Contact
from encore.customers.operations import Consented, Known, keep
from encore.ledger.models import Event
from tests.cast import DAY, RECEIVED, signed_in

YES = Consented(("complaint",), "我们只为答复您的投诉而保留您的电话。", "web")


def kept(owner: Organisation, **given: str) -> Contact:
    with transaction.atomic():
        return keep(owner=owner, at=RECEIVED, consent=YES, **given)


def test_what_says_who_somebody_is_lies_encrypted(venue: Organisation) -> None:
    contact = kept(venue, phone="138 0013 8000", name="王女士", wechat="wang-8000", email="wang@guest.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers_contact WHERE id = %s", [contact.pk])
        stored = b" ".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for value in cursor.fetchone()
        )
    for said in ("13800138000", "8000", "王女士", "wang-8000", "wang@guest.example"):
        assert said.encode() not in stored
    contact.refresh_from_db()
    assert (contact.phone, contact.name) == ("+8613800138000", "王女士")


def test_what_is_sealed_opens_in_its_own_place_only_and_unchanged_only() -> None:
    sealed = seal("王女士".encode(), "here")
    assert unseal(sealed, "here").decode() == "王女士"
    assert seal(b"x", "here") != seal(b"x", "here"), "equal values do not look equal"
    with pytest.raises(InvalidTag):
        unseal(sealed, "there")
    with pytest.raises(InvalidTag):
        unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), "here")


def test_a_sealed_field_cannot_be_searched(venue: Organisation) -> None:
    with pytest.raises(FieldError):
        Contact.objects.filter(phone="+8613800138000").exists()


def test_the_same_number_in_another_venue_has_another_hash(venue: Organisation) -> None:
    assert queries.phone_digest("+8613800138000", 1) != queries.phone_digest("+8613800138000", 2)
    assert digest("a", "x") != digest("a", "y")


def test_the_same_number_is_the_same_guest(venue: Organisation) -> None:
    first = kept(venue, phone="13800138000", name="王女士")
    again = kept(venue, phone="+86 138-0013-8000")
    assert again.pk == first.pk
    assert again.name == "王女士"
    assert Consent.objects.count() == 1
    assert ConsentText.objects.count() == 1


def test_whoever_types_anothers_number_gets_no_hold_of_them(venue: Organisation) -> None:
    guest = kept(venue, phone="13800138000", email="wang@guest.example")
    other = kept(venue, phone="13800138000", email="thief@elsewhere.example")
    guest.refresh_from_db()
    assert guest.email == "wang@guest.example"
    assert other.pk != guest.pk
    assert list(queries.same_phone(guest)) == [other]


@pytest.mark.parametrize("given", [{}, {"name": "王"}, {"phone": "12345"}, {"phone": "1.38E+10"}])
def test_nobody_is_kept_who_cannot_be_reached(venue: Organisation, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(phone|nothing to reach them by)$"):
        kept(venue, **given)
    assert not Contact.objects.exists()


def test_the_last_four_digits_are_checked_without_showing_them(venue: Organisation) -> None:
    contact = kept(venue, phone="13800138000")
    assert queries.check_tail(contact, "8000")
    assert not queries.check_tail(contact, "8001")
    assert not queries.check_tail(contact, "")
    assert not queries.check_tail(kept(venue, wechat="wang"), "")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"phone": "13800138000"}, "138****8000"),
        ({"email": "wang@guest.example"}, "w***@guest.example"),
        ({"wechat": "wang-8"}, "wa****"),
    ],
)
def test_a_guest_is_shown_masked(venue: Organisation, given: dict[str, str], shown: str) -> None:
    assert queries.masked(kept(venue, **given)) == shown


def test_a_message_goes_only_where_the_guest_consented_to_it(venue: Organisation) -> None:
    contact = kept(venue, phone="13800138000")
    assert queries.address_for(contact, "sms") == "+8613800138000"
    assert queries.address_for(contact, "sms", "offers") == ""
    assert queries.address_for(contact, "email") == ""
    assert queries.address_for(contact, "pigeon") == ""
    operations.withdraw(contact, purpose="complaint", channel="web", by=None, at=RECEIVED)
    assert queries.address_for(contact, "sms") == ""


def test_a_consent_is_kept_with_its_words_and_taken_back_once(venue: Organisation) -> None:
    contact = kept(venue, phone="13800138000")
    consent = contact.consents.get()
    assert (consent.text.words, consent.channel, consent.given_at) == (YES.words, "web", RECEIVED)
    operations.withdraw(contact, purpose="complaint", channel="web", by=None, at=RECEIVED + DAY)
    consent.refresh_from_db()
    assert consent.withdrawn_at == RECEIVED + DAY
    with pytest.raises(operations.CannotWithdraw):
        operations.withdraw(contact, purpose="complaint", channel="web", by=None, at=RECEIVED + DAY)


def test_a_consent_given_anew_stands_beside_the_one_taken_back(venue: Organisation) -> None:
    contact = kept(venue, phone="13800138000")
    operations.withdraw(contact, purpose="complaint", channel="web", by=None, at=RECEIVED)
    kept(venue, phone="13800138000")
    assert [consent.withdrawn_at for consent in contact.consents.order_by("pk")] == [RECEIVED, None]


def test_nobody_is_registered_without_consent(zhou: User) -> None:
    with pytest.raises(operations.CannotRegister):
        operations.register(Known(phone="13800138000"), consent=Consented((), "", "phone"), by=zhou, at=RECEIVED)
    assert not Contact.objects.exists()


@pytest.fixture
def wang(zhou: User) -> Contact:
    return operations.register(Known("王女士", "13800138000"), consent=YES, by=zhou, at=RECEIVED)


def test_events_hold_nothing_that_says_who_it_is(wang: Contact, zhou: User) -> None:
    operations.receive_request(wang, kind="erase", channel="web", by=None, at=RECEIVED)
    operations.erase(wang, reason="asked", by=zhou, at=RECEIVED + DAY)
    told = " ".join(str(row) for row in Event.objects.filter(noun="customer").values_list())
    for said in ("13800138000", "王女士", "138****"):
        assert said not in told


def test_an_erased_guest_leads_to_nobody(wang: Contact, zhou: User) -> None:
    request = operations.receive_request(wang, kind="erase", channel="web", by=None, at=RECEIVED)
    operations.erase(wang, reason="asked", by=zhou, at=RECEIVED + DAY)
    wang.refresh_from_db()
    request.refresh_from_db()
    assert (wang.name, wang.phone, wang.phone_digest, wang.tail_digest) == ("", "", "", "")
    assert wang.erased_at == RECEIVED + DAY
    assert request.outcome == "done"
    assert not wang.consents.filter(withdrawn_at=None).exists()
    with pytest.raises(operations.AlreadyErased):
        operations.erase(wang, reason="asked", by=zhou, at=RECEIVED + DAY)


def test_a_request_to_erase_is_answered_by_erasing(wang: Contact, zhou: User) -> None:
    request = operations.receive_request(wang, kind="erase", channel="web", by=None, at=RECEIVED)
    with pytest.raises(operations.AlreadyAsked):
        operations.receive_request(wang, kind="erase", channel="web", by=None, at=RECEIVED)
    with pytest.raises(operations.CannotAnswer):
        operations.answer_request(request, outcome="done", by=zhou, at=RECEIVED)
    operations.answer_request(request, outcome="open_complaint", by=zhou, at=RECEIVED)
    with pytest.raises(operations.CannotAnswer):
        operations.answer_request(request, outcome="law", by=zhou, at=RECEIVED)


def test_two_rows_of_a_guest_become_one_with_the_consents_of_both(wang: Contact, zhou: User) -> None:
    both = Consented(("complaint", "offers"), "另一段话", "onsite")
    with transaction.atomic():
        second = keep(
            owner=zhou.organisation, at=RECEIVED + DAY, consent=both, phone="13800138000", email="w@guest.example"
        )
    operations.merge(second, into=wang, by=zhou, at=RECEIVED + DAY)
    wang.refresh_from_db()
    second.refresh_from_db()
    assert (wang.email, wang.last_seen_at) == ("w@guest.example", RECEIVED + DAY)
    assert sorted(wang.consents.filter(withdrawn_at=None).values_list("purpose", flat=True)) == ["complaint", "offers"]
    assert (second.phone, second.merged_into_id) == ("", wang.pk)
    assert list(queries.living(Contact.objects.all())) == [wang]


def test_what_hangs_on_a_row_that_was_put_together_twice_is_found_and_erased(wang: Contact, zhou: User) -> None:
    rows = [wang]
    for mail in ("w@guest.example", "wang@guest.example"):
        with transaction.atomic():
            rows.append(keep(owner=zhou.organisation, at=RECEIVED, consent=YES, phone="13800138000", email=mail))
    first, second, last = rows
    operations.merge(first, into=second, by=zhou, at=RECEIVED + DAY)
    operations.merge(second, into=last, by=zhou, at=RECEIVED + DAY)
    assert set(Contact.objects.filter(merged_into=last)) == {first, second}
    operations.erase(last, reason="asked", by=zhou, at=RECEIVED + DAY)
    assert not Contact.objects.filter(erased_at=None).exists()


def test_a_copy_for_a_guest_holds_whatever_was_typed(zhou: User) -> None:
    odd = operations.register(Known(name="=HYPERLINK(1)\x07", phone="13800138000"), consent=YES, by=zhou, at=RECEIVED)
    answer = signed_in(zhou).get(f"/customers/{odd}/copy/xlsx/")
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    [cell] = [cell for row in sheet.iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_only_the_same_number_is_put_together(wang: Contact, zhou: User) -> None:
    other = operations.register(Known(phone="13900139000"), consent=YES, by=zhou, at=RECEIVED)
    for into in (wang, other):
        with pytest.raises(operations.CannotMerge):
            operations.merge(other, into=into, by=zhou, at=RECEIVED)


def test_the_guests_of_one_venue_are_not_anothers(wang: Contact, zhou: User, he: User) -> None:
    elsewhere = Organisation.objects.create(name="月光城", role=Role.VENUE)
    stranger = User.objects.create(username="x", name="外人", organisation=elsewhere, post="manager")
    assert list(queries.visible_to(zhou)) == [wang]
    assert list(queries.visible_to(he)) == list(queries.visible_to(stranger)) == []


# --- how long ---------------------------------------------------------------------------------------------------------


def test_a_guest_of_whom_nothing_is_heard_is_erased_in_time(wang: Contact) -> None:
    assert not queries.outlived(RECEIVED + queries.KEPT).exists()
    assert list(queries.outlived(RECEIVED + queries.KEPT + timedelta(seconds=1))) == [wang]


def test_a_guest_who_took_all_consents_back_is_erased_soon_after(wang: Contact) -> None:
    operations.withdraw(wang, purpose="complaint", channel="web", by=None, at=RECEIVED)
    assert not queries.outlived(RECEIVED + queries.WITHDRAWN_KEPT - timedelta(seconds=1)).exists()
    assert list(queries.outlived(RECEIVED + queries.WITHDRAWN_KEPT)) == [wang]


def test_the_agency_sees_numbers_of_five_and_more(venue: Organisation, zhou: User) -> None:
    def counts() -> tuple[int | None, int | None]:
        [(_venue, everybody, by_purpose)] = queries.counted([venue])
        return everybody, by_purpose[0][1]

    for number in range(4):
        kept(venue, phone=f"1380013800{number}")
    assert counts() == (None, None)
    kept(venue, phone="13800138004")
    assert counts() == (5, 5)
