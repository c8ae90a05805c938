import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from encore.accounts.models import Organisation, User
from encore.accounts.personal import Whose, kept_of
from encore.accounts.rights import Sight, sight
from encore.accounts.sealed import digest
from encore.customers.models import Consent, Contact, PrivacyRequest, Purpose
from encore.ledger.nouns import NOUNS
from encore.web import phones
from encore.web.phones import read_phone

FEWEST: Final = 5  # guests that a number may stand for, where their rows are not shown
KEPT: Final = timedelta(days=730)  # after the last contact
WITHDRAWN_KEPT: Final = timedelta(days=15)  # after the last consent was taken back, so that what runs can be ended


def visible_to(user: User) -> QuerySet[Contact]:
    """The guests of one's own venue."""
    if sight("customer", user) != Sight.OWN:
        return Contact.objects.none()
    return Contact.objects.filter(owner=user.organisation_id)


def phone_digest(phone: str, owner: int) -> str:
    """For a number that was read; empty for none."""
    return digest(phone, f"contact:{owner}:phone") if phone else ""


def tail_digest(four_digits: str, owner: int) -> str:
    return digest(four_digits, f"contact:{owner}:tail") if four_digits else ""


# --- what other desks ask ---------------------------------------------------------------------------------------------


def check_tail(contact: Contact, four_digits: str) -> bool:
    """Whether these are the last digits of the guest's telephone. Of ten thousand one is right: whoever asks counts the tries."""
    known, given = contact.tail_digest, tail_digest(four_digits, contact.owner_id)
    return bool(known) and hmac.compare_digest(known, given)


def masked(contact: Contact) -> str:
    """How somebody is told apart who may not be called: `138****1234`; empty where nothing is known."""
    if contact.phone:
        return phones.masked(contact.phone)
    if contact.email:
        name, _at, house = contact.email.partition("@")
        return f"{name[:1]}***@{house}"
    return f"{contact.wechat[:2]}****" if contact.wechat else ""


def address_for(contact: Contact, transport: str, purpose: str = Purpose.COMPLAINT) -> str:
    """Where a message of that purpose may go by `sms`, `phone`, `email` or `wechat`; empty without address or consent."""
    field = {"sms": "phone", "phone": "phone", "email": "email", "wechat": "wechat"}.get(transport)
    if field is None or contact.is_erased or not consents(contact, purpose).exists():
        return ""
    return str(getattr(contact, field))


def reached_by(number: int, transport: str) -> str:
    """Where a message to a guest goes at the very moment that it goes out; nowhere once they have taken their consent back."""
    contact = Contact.objects.filter(pk=number).first()
    return address_for(contact, {"mail": "email"}.get(transport, transport)) if contact else ""


def consents(contact: Contact, purpose: str) -> QuerySet[Consent]:
    """That stand."""
    return Consent.objects.filter(contact=contact, purpose=purpose, withdrawn_at=None)


# --- lists ------------------------------------------------------------------------------------------------------------


def living(rows: QuerySet[Contact]) -> QuerySet[Contact]:
    """Neither erased nor merged into another."""
    return rows.filter(erased_at=None, merged_into=None)


def with_consents(rows: list[Contact]) -> list[Contact]:
    """Each with the purposes that stand, in one query."""
    by_contact: dict[int, list[str]] = {}
    for contact, purpose in Consent.objects.filter(contact__in=[row.pk for row in rows], withdrawn_at=None).values_list(
        "contact", "purpose"
    ):
        by_contact.setdefault(contact, []).append(str(Purpose(purpose).label))
    for row in rows:
        row.purposes = by_contact.get(row.pk, [])  # type: ignore[attr-defined]
    return rows


def answering(words: str, owner: int) -> Q:
    """By a whole telephone number, its last four digits, or the reference."""
    found = Q(pk__in=[])
    if phone := read_phone(words):
        found |= Q(phone_digest=phone_digest(phone, owner))
    if len(words) == 4 and words.isascii() and words.isdecimal():
        found |= Q(tail_digest=tail_digest(words, owner))
    number = words.rpartition("-")[2]
    if words[:1].upper() == "U" and number.isascii() and number.isdecimal() and len(number) < 19:
        found |= Q(pk=int(number))
    return found


def with_purpose(purpose: str) -> Q:
    return Q(Exists(Consent.objects.filter(contact=OuterRef("pk"), purpose=purpose, withdrawn_at=None)))


def same_phone(contact: Contact) -> QuerySet[Contact]:
    """Others of the same venue with the same telephone."""
    if not contact.phone_digest:
        return Contact.objects.none()
    rows = Contact.objects.filter(owner=contact.owner_id, phone_digest=contact.phone_digest)
    return living(rows).exclude(pk=contact.pk).order_by("pk")


def open_requests(user: User) -> QuerySet[PrivacyRequest]:
    rows = PrivacyRequest.objects.filter(contact__in=visible_to(user), answered_at=None)
    return rows.select_related("contact").order_by("asked_at", "pk")


def answered_requests(user: User, most: int) -> Sequence[PrivacyRequest]:
    rows = PrivacyRequest.objects.filter(contact__in=visible_to(user), answered_at__isnull=False)
    return list(rows.select_related("contact", "answered_by").order_by("-answered_at", "-pk")[:most])


def counted(venues: Iterable[Organisation]) -> list[tuple[Organisation, int | None, list[tuple[str, int | None]]]]:
    """How many guests a venue knows, and how many for each purpose. None stands for fewer than five."""
    found = []
    for venue in venues:
        rows = living(Contact.objects.filter(owner=venue))
        by_purpose = dict(
            Consent.objects.filter(contact__in=rows, withdrawn_at=None)
            .values_list("purpose")
            .annotate(n=Count("contact", distinct=True))
        )
        numbers = [(purpose.label, _at_least_five(by_purpose.get(purpose.value, 0))) for purpose in Purpose]
        found.append((venue, _at_least_five(rows.count()), [(str(label), number) for label, number in numbers]))
    return found


def _at_least_five(number: int) -> int | None:
    return number if number >= FEWEST else None


def venues_of(agency: User) -> list[Organisation]:
    """The venues with which this person's organisation has a contract in force."""
    contracts = NOUNS["contract"].visible_to(agency).filter(effective_at__isnull=False)
    return list(Organisation.objects.filter(pk__in=contracts.values("venue")).order_by("pk"))


# --- how long ---------------------------------------------------------------------------------------------------------


def outlived(at: datetime) -> QuerySet[Contact]:
    """Those whose time has run out: nothing was heard for long, or every consent was taken back."""
    standing = Consent.objects.filter(contact=OuterRef("pk"), withdrawn_at=None)
    given = Consent.objects.filter(contact=OuterRef("pk"))
    recent = given.filter(withdrawn_at__gt=at - WITHDRAWN_KEPT)
    all_withdrawn = Q(Exists(given)) & ~Q(Exists(standing)) & ~Q(Exists(recent))
    rows = Contact.objects.filter(erased_at=None).filter(Q(last_seen_at__lt=at - KEPT) | all_withdrawn)
    return rows.order_by("last_seen_at", "pk")


def held(contact: Contact) -> list[tuple[str, str, list[str]]]:
    """All that is kept of a guest, for the guest: the field, what it is called, and its values.

    What other desks keep hangs on the rows that were put into this one, too.
    """
    numbers = [contact.pk, *Contact.objects.filter(merged_into=contact).order_by("pk").values_list("pk", flat=True)]
    found = []
    for one in kept_of(Whose.GUEST):
        name = one.field.rpartition(".")[2]
        if one.held is not None:
            values = [value for number in numbers for value in one.held(number)]
        else:
            values = [str(getattr(contact, name))] if getattr(contact, name, "") else []
        found.append((one.field, str(one.label), values))
    return found


def consent_rows(contact: Contact) -> QuerySet[Consent]:
    return Consent.objects.filter(contact=contact).select_related("text").order_by("given_at", "pk")
