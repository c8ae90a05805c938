"""What is no event: what people are told inside, how a message fares on its way out, and how much may go out."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from encore.accounts.models import Organisation, User
from encore.accounts.rights import require
from encore.channels import addresses, queries
from encore.channels.models import Inbox, Limits, Message, Nonce, Repeat, State
from encore.channels.transports import Parcel, transports
from encore.channels.wordings import wordings
from encore.ledger.models import Event
from encore.ledger.nouns import NOUNS, Key
from encore.web.wording import kept

# --- inside -----------------------------------------------------------------------------------------------------------


def tell(
    people: Iterable[User],
    subject: Key,
    kind: str,
    *,
    at: datetime,
    event: int | None = None,
    contract: int | None = None,
    duty: str = "",
    detail: str = "",
) -> None:
    """Puts it on the lists of these people. Told again of the same event, they are told once."""
    tell_all(
        Inbox(
            person=person,
            noun=subject.noun,
            noun_id=subject.id,
            kind=kind,
            event=event,
            contract=contract,
            duty=duty,
            detail=detail,
            at=at,
        )
        for person in people
    )


def tell_all(items: Iterable[Inbox]) -> None:
    """The same for many things at once, as a tick finds them."""
    Inbox.objects.bulk_create(items, ignore_conflicts=True, batch_size=500)


def tell_responsible(events: Collection[int]) -> None:
    """Tells of each event whoever has to see to its subject now, but not those who made it happen."""
    rows = list(Event.objects.filter(pk__in=events).order_by("pk"))
    by_noun: dict[str, set[int]] = {}
    for row in rows:
        by_noun.setdefault(row.noun, set()).add(row.noun_id)
    responsible = {noun: NOUNS[noun].responsible(numbers) for noun, numbers in by_noun.items() if noun in NOUNS}
    for row in rows:
        people = responsible.get(row.noun, {}).get(row.noun_id, ())
        others = [person for person in people if row.actor != f"user:{person.pk}"]
        tell(others, Key(row.noun, row.noun_id), row.type, at=row.occurred_at, event=row.pk)


def mark_read(person: User, at: datetime, *, item: int | None = None, to: int | None = None) -> None:
    """One of them, or all up to a number, so that what came meanwhile stays new."""
    unread = Inbox.objects.filter(person=person, read_at=None)
    if item is not None:
        unread = unread.filter(pk=item)
    if to is not None:
        unread = unread.filter(pk__lte=to)
    unread.update(read_at=at)


def wish_repeats(person: User, transports: Collection[str]) -> None:
    """From now on what comes into this person's inbox is told them by these ways as well."""
    with transaction.atomic():
        Repeat.objects.filter(person=person).exclude(transport__in=transports).delete()
        Repeat.objects.bulk_create(
            (Repeat(person=person, transport=transport) for transport in transports), ignore_conflicts=True
        )


# --- outside ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refused:
    reason: str


@dataclass(frozen=True)
class Postponed:
    until: datetime


Taken = Parcel | Refused | Postponed | None


def take(number: int, attempt: int, at: datetime) -> Taken:
    """Takes a message out of the queue: as a parcel, unless it may not go, or not yet. None where it is no longer to be sent.

    Of two workers one gets the last that the ceiling leaves room for: they wait for each other at the limits' row.
    """
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).select_related("owner").get(pk=number)
        if message.attempt != attempt or not (message.is_waiting or message.is_on_its_way):
            return None
        limits = _locked_limits(message.owner_id, message.transport)
        address = addresses.address(Key(message.reader_noun, message.reader_id or 0), message.transport)
        message.digest, message.masked = addresses.known_by(address)
        transport = transports()[message.transport]
        message.cost = limits.price * transport.parts(message.text)
        if hindrance := _hindrance(message, limits, address, at):
            return hindrance
        message.state, message.taken_at = State.SENDING, at
        message.save(update_fields=["state", "taken_at", "digest", "masked", "cost"])
    sender = " ".join(kept(message.owner.name).split())
    return Parcel(message.token, address, sender, message.subject, message.text, at)


_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def _hindrance(message: Message, limits: Limits, address: str, at: datetime) -> Refused | Postponed | None:
    is_commercial = wordings()[message.wording].is_commercial
    if not address:
        return Refused("no_address")
    if queries.has_opted_out(message.digest, message.transport, is_commercial=is_commercial):
        return Refused("opted_out")
    if message.good_until and at > message.good_until:
        return Refused("too_late")
    if is_commercial and (until := queries.quiet_until(limits, at)):
        return Refused("quiet_hours") if message.good_until and until > message.good_until else Postponed(until)
    for span, most in ((_HOUR, limits.per_hour), (_DAY, limits.per_day)):
        if queries.taken_since(message.digest, message.transport, at - span) >= most:
            return Refused("recipient_limit")
    if message.cost and queries.spent(message.owner_id, message.transport, at) + message.cost > limits.ceiling:
        return Refused("ceiling")
    return None


def _locked_limits(owner: int, transport: str) -> Limits:
    usual = queries.limits_of(owner, transport)
    if usual.pk is None:
        Limits.objects.bulk_create([usual], ignore_conflicts=True)
    return Limits.objects.select_for_update().get(owner=owner, transport=transport)


def put_back(number: int) -> None:
    """It did not go out, and is to be tried again."""
    Message.objects.filter(pk=number, state=State.SENDING).update(state=State.QUEUED, taken_at=None, cost=0)


def leave_unclear(number: int) -> None:
    """It broke off on its way: what it cost counts, since it may have gone out."""
    Message.objects.filter(pk=number, state=State.SENDING).update(state=State.UNCLEAR)


def postpone(number: int, until: datetime) -> int:
    """Leaves it in the queue until then. The number of the attempt that will take it."""
    message = Message.objects.select_for_update().get(pk=number)
    message.send_at, message.attempt = until, message.attempt + 1
    message.save(update_fields=["send_at", "attempt"])
    return message.attempt


def note_job(number: int, job: int) -> None:
    Message.objects.filter(pk=number).update(job=job)


_NONCES_KEPT: Final = timedelta(minutes=15)  # longer than a signed timestamp is taken


def is_first(transport: str, nonce: str, at: datetime) -> bool:
    """Whether a provider says this for the first time."""
    Nonce.objects.filter(at__lt=at - _NONCES_KEPT).delete()
    try:
        with transaction.atomic():
            Nonce.objects.create(transport=transport, nonce=nonce, at=at)
    except IntegrityError:
        return False
    return True


def set_limits(owner: Organisation, transport: str, values: Mapping[str, Any], *, by: User) -> None:
    require("channels.set_limits", by)
    Limits.objects.update_or_create(owner=owner, transport=transport, defaults=dict(values))
