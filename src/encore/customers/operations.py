"""Guests whom the venue can reach: what they gave, what they consented to, and what they ask about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.accounts.personal import Whose, kept_of
from encore.customers import queries
from encore.customers.models import Consent, ConsentText, Contact, PrivacyRequest
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.web.phones import read_phone


class CannotRegister(Refusal):
    pass


class CannotWithdraw(Refusal):
    pass


class CannotMerge(Refusal):
    pass


class AlreadyAsked(Refusal):
    pass


class CannotAnswer(Refusal):
    pass


class AlreadyErased(Refusal):
    pass


@dataclass(frozen=True)
class Consented:
    """To which purposes, by which words, and how they reached us: `web`, `phone`, `on_paper` …"""

    purposes: Sequence[str]
    words: str
    channel: str


@dataclass(frozen=True)
class Known:
    """What a guest gives of themselves; all of it may be left out but one way to reach them."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    wechat: str = field(default="", repr=False)
    email: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """`ValueError` for a telephone number that is none, and where nothing is given."""
        if self.phone:
            number = read_phone(self.phone)
            if number is None:
                raise ValueError("phone")  # without the number: it may be somebody's all the same
            object.__setattr__(self, "phone", number)
        if not (self.phone or self.wechat or self.email):
            raise ValueError("nothing to reach them by")


# --- the plain step: within the operation of another desk -------------------------------------------------------------


def keep(
    *,
    owner: Organisation,
    at: datetime,
    consent: Consented,
    phone: str = "",
    email: str = "",
    wechat: str = "",
    name: str = "",
) -> Contact:
    """Keeps how a guest can be reached. The same telephone number, with nothing else that is new, is the same guest.

    Whoever types somebody's number does not get at what is known of them: another e-mail address or WeChat name makes
    another row, which the venue puts together when it knows better. The link of the guest's own page is for their own
    address only, never for the screen of whoever has just typed the number. `ValueError` as `Known` says.
    """
    known = Known(name, phone, wechat, email)
    contact = _found(known, owner) or Contact(owner=owner, registered_at=at, last_seen_at=at)
    if contact.pk is None:
        _fill(contact, known)
    contact.last_seen_at = max(contact.last_seen_at, at)
    contact.save()
    _consent(contact, consent, at)
    return contact


def _found(known: Known, owner: Organisation) -> Contact | None:
    if not known.phone:
        return None
    rows = Contact.objects.filter(owner=owner, phone_digest=queries.phone_digest(known.phone, owner.pk))
    for row in queries.living(rows).select_for_update().order_by("pk"):
        if known.email in ("", row.email) and known.wechat in ("", row.wechat):
            return row
    return None


def _fill(contact: Contact, known: Known) -> None:
    contact.name, contact.phone = known.name, known.phone
    contact.wechat, contact.email = known.wechat, known.email
    contact.phone_digest = queries.phone_digest(known.phone, contact.owner_id)
    contact.tail_digest = queries.tail_digest(known.phone[-4:], contact.owner_id)


def consent_text(words: str) -> ConsentText:
    """The row of these words, which is made where they are new."""
    name = sha256(words.encode()).hexdigest()
    try:
        with transaction.atomic():
            return ConsentText.objects.get_or_create(hash=name, defaults={"words": words})[0]
    except IntegrityError:  # somebody else wrote the same words meanwhile
        return ConsentText.objects.get(hash=name)


def _consent(contact: Contact, consent: Consented, at: datetime) -> None:
    """What stands already stays as it was given first."""
    text = consent_text(consent.words)
    standing = set(Consent.objects.filter(contact=contact, withdrawn_at=None).values_list("purpose", flat=True))
    Consent.objects.bulk_create(
        Consent(contact=contact, purpose=purpose, text=text, channel=consent.channel, given_at=at)
        for purpose in dict.fromkeys(consent.purposes)
        if purpose not in standing
    )


# --- acts -------------------------------------------------------------------------------------------------------------


@operation
def register(known: Known, *, consent: Consented, by: User, at: datetime) -> Contact:
    """Takes down a guest who gave their consent."""
    if not consent.purposes:
        raise CannotRegister(_("Without the guest's consent nothing of them is kept."))
    contact = keep(
        owner=by.organisation, at=at, consent=consent,
        phone=known.phone, email=known.email, wechat=known.wechat, name=known.name,
    )  # fmt: skip

    record("customer.registered", subject=contact, actor=by, occurred_at=at, channel=consent.channel)
    return contact


@operation
def withdraw(contact: Contact, *, purpose: str, channel: str, by: User | None, at: datetime) -> Contact:
    """Takes a consent back; `by` None is the guest, on their own page."""
    contact = _locked(contact)
    if not queries.consents(contact, purpose).update(withdrawn_at=at):
        raise CannotWithdraw(_("There is no such consent, or it has been taken back already."))

    record("customer.opted_out", subject=contact, actor=by, occurred_at=at, channel=channel)
    return contact


@operation
def merge(contact: Contact, *, into: Contact, by: User, at: datetime) -> Contact:
    """Puts a second row of the same guest into the first: what it has more goes there, and so do its consents."""
    first, second = sorted((contact.pk, into.pk))
    locked = {row.pk: row for row in Contact.objects.select_for_update().filter(pk__in=(first, second)).order_by("pk")}
    contact, into = locked[contact.pk], locked[into.pk]
    if contact.pk == into.pk or not contact.phone_digest or contact.phone_digest != into.phone_digest:
        raise CannotMerge(_("Only rows with the same telephone number are put together."))
    if any(row.is_erased or row.merged_into_id for row in (contact, into)):
        raise CannotMerge(_("One of these rows is no more."))

    for name in ("name", "wechat", "email"):
        if not getattr(into, name):
            setattr(into, name, getattr(contact, name))
    into.last_seen_at = max(into.last_seen_at, contact.last_seen_at)
    into.save()
    standing = queries.consent_rows(into).filter(withdrawn_at=None).values("purpose")
    Consent.objects.filter(contact=contact).exclude(
        withdrawn_at=None, purpose__in=list(standing.values_list("purpose", flat=True))
    ).update(contact=into)
    Consent.objects.filter(contact=contact).delete()
    _forget(contact)
    contact.merged_into = into
    contact.save()
    Contact.objects.filter(merged_into=contact).update(
        merged_into=into
    )  # so that an erasure reaches what hangs on them

    record("customer.merged", subject=contact, actor=by, occurred_at=at, refs=[into], into=f"customer:{into.pk}")
    return into


@operation
def receive_request(contact: Contact, *, kind: str, channel: str, by: User | None, at: datetime) -> PrivacyRequest:
    """Takes in what a guest asks about their data; `by` None is the guest, on their own page."""
    contact = _locked(contact)
    if contact.requests.filter(kind=kind, answered_at=None).exists():
        raise AlreadyAsked(_("This has been asked already and is not answered yet."))
    request = PrivacyRequest.objects.create(contact=contact, kind=kind, channel=channel, asked_at=at)

    record("customer.request_received", subject=contact, actor=by, occurred_at=at, kind=kind, channel=channel)
    return request


@operation
def answer_request(request: PrivacyRequest, *, outcome: str, by: User, at: datetime) -> PrivacyRequest:
    """Answers it. To have erased what was to be erased answers it as well."""
    contact = _locked(request.contact)
    request = PrivacyRequest.objects.select_for_update().get(pk=request.pk)
    if not request.is_open:
        raise CannotAnswer(_("This request has been answered already."))
    if request.kind == PrivacyRequest.Kind.ERASE and outcome == PrivacyRequest.Outcome.DONE and not contact.is_erased:
        raise CannotAnswer(_("Erase the data first: that answers the request."))
    _answered(request, outcome, by, at)

    record("customer.request_answered", subject=contact, actor=by, occurred_at=at, kind=request.kind, outcome=outcome)
    return request


@operation
def erase(contact: Contact, *, reason: str, by: User, at: datetime) -> Contact:
    """Takes away all that says who it was. Row and events stay, under a number that leads to nobody."""
    contact = _locked(contact)
    erase_quietly(contact, at)
    for request in contact.requests.filter(kind=PrivacyRequest.Kind.ERASE, answered_at=None):
        _answered(request, PrivacyRequest.Outcome.DONE, by, at)

    record("customer.erased", subject=contact, actor=by, occurred_at=at, reason=reason)
    return contact


def erase_quietly(contact: Contact, at: datetime) -> None:
    """The step alone. Rows that were put into this one, and what other desks keep of the guest, go with it."""
    if contact.is_erased:
        raise AlreadyErased(_("These data have been erased already."))
    for row in (contact, *Contact.objects.filter(merged_into=contact, erased_at=None)):
        _forget(row)
        row.erased_at = at
        row.save()
        for one in kept_of(Whose.GUEST):
            if one.erase is not None:
                one.erase(row.pk, at)
    Consent.objects.filter(contact=contact, withdrawn_at=None).update(withdrawn_at=at)


def _forget(contact: Contact) -> None:
    contact.name = contact.phone = contact.wechat = contact.email = ""
    contact.phone_digest = contact.tail_digest = ""


def _answered(request: PrivacyRequest, outcome: str, by: User, at: datetime) -> None:
    request.outcome, request.answered_by, request.answered_at = outcome, by, at
    request.save(update_fields=["outcome", "answered_by", "answered_at"])


def _locked(contact: Contact) -> Contact:
    return Contact.objects.select_for_update().get(pk=contact.pk)
