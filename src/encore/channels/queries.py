from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.timezone import localtime, make_aware

from encore.accounts.models import User
from encore.accounts.queries import people_of
from encore.accounts.rights import may
from encore.channels.models import Inbox, Limits, Message, OptOut, Repeat
from encore.engine import Edition
from encore.ledger.terms import terms_of


def inbox(person: User) -> QuerySet[Inbox]:
    """All that this person has been told."""
    return Inbox.objects.filter(person=person)


def unread(person: User, most: int) -> int:
    """How much of it they have not read yet, counted up to `most`."""
    return inbox(person).filter(read_at=None)[:most].count()


def kinds_told(person: User) -> list[str]:
    return list(inbox(person).order_by("kind").values_list("kind", flat=True).distinct())


def editions(contracts: Collection[int]) -> Mapping[int, Edition]:
    """The editions whose words these contracts use."""
    found = {contract: terms_of(contract) for contract in contracts}
    return {contract: terms.edition for contract, terms in found.items() if terms}


def repeats(person: User) -> list[str]:
    """The ways outside by which this person wants to be told again."""
    return list(Repeat.objects.filter(person=person).values_list("transport", flat=True))


def to_be_repeated(events: Collection[int]) -> list[tuple[int, str]]:
    """Of what people were told of these events: the items that they want to be told outside as well, each with its way.

    Never of messages: one that cannot go out would be told of by another that cannot, and so on for ever.
    """
    told = Inbox.objects.filter(event__in=events, read_at=None).exclude(noun="message")
    items = dict(told.values_list("pk", "person"))
    wished: dict[int, list[str]] = {}
    for person, transport in Repeat.objects.filter(person__in=set(items.values())).values_list("person", "transport"):
        wished.setdefault(person, []).append(transport)
    return [(item, transport) for item, person in items.items() for transport in wished.get(person, ())]


def visible_to(user: User) -> QuerySet[Message]:
    """What one's own organisation sends and gets, and what its people have queued for another."""
    own = Q(owner=user.organisation_id) | Q(queued_by__organisation=user.organisation_id)
    return Message.objects.filter(own).select_related("owner", "queued_by")


def limits_of(owner: int, transport: str) -> Limits:
    """As they were set, or as they are where nobody has."""
    return Limits.objects.filter(owner=owner, transport=transport).first() or Limits(
        owner_id=owner, transport=transport, price=_USUAL_PRICE.get(transport, Decimal("0.00"))
    )


_USUAL_PRICE: Final = {"sms": Decimal("0.05")}


def quiet_until(limits: Limits, at: datetime) -> datetime | None:
    """When the quiet hours end that `at` falls into; None outside of them."""
    here = localtime(at)
    clock, begins, ends = here.time(), limits.quiet_from, limits.quiet_to
    is_quiet = begins <= clock < ends if begins <= ends else (clock >= begins or clock < ends)
    if not is_quiet:
        return None
    day = here.date() if clock < ends else here.date() + timedelta(days=1)
    return make_aware(datetime.combine(day, ends))


def spent(owner: int, transport: str, at: datetime) -> Decimal:
    """What went out today has cost."""
    midnight = make_aware(datetime.combine(localtime(at).date(), time.min))
    taken = Message.objects.filter(owner=owner, transport=transport, taken_at__gte=midnight)
    return taken.aggregate(sum=Sum("cost"))["sum"] or Decimal("0.00")


def taken_since(digest: str, transport: str, since: datetime) -> int:
    """How many messages this recipient has been sent, by whomever."""
    return Message.objects.filter(digest=digest, transport=transport, taken_at__gt=since).count()


def has_opted_out(digest: str, transport: str, *, is_commercial: bool) -> bool:
    found = OptOut.objects.filter(digest=digest, transport=transport)
    return (found if is_commercial else found.filter(is_everything=True)).exists()


def by_provider(transport: str, reference: str) -> Message | None:
    return Message.objects.filter(transport=transport, provider_reference=reference).order_by("-pk").first()


def latest_to(digest: str, transport: str) -> Message | None:
    """The last message that this address was sent: what comes from there answers it, as far as anybody can tell."""
    sent = Message.objects.filter(digest=digest, transport=transport, taken_at__isnull=False)
    return sent.order_by("-taken_at", "-pk").first()


@dataclass(frozen=True)
class Counts:
    """What became of one transport's messages, and why some were not sent."""

    states: Mapping[str, int]
    reasons: Mapping[str, int]
    opted_out: int
    spent: Decimal


def counts(user: User, transport: str, since: datetime, at: datetime) -> Counts:
    own = Message.objects.filter(owner=user.organisation_id, transport=transport, queued_at__gte=since)
    rows = list(own.order_by().values_list("state", "reason").annotate(number=Count("pk")))
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for state, reason, number in rows:
        states[state] = states.get(state, 0) + number
        if reason:
            reasons[reason] = reasons.get(reason, 0) + number
    opted = OptOut.objects.filter(
        transport=transport, digest__in=Message.objects.filter(owner=user.organisation_id).values("digest")
    ).count()
    return Counts(states, reasons, opted, spent(user.organisation_id, transport, at))


def responsible(numbers: Collection[int]) -> dict[int, list[User]]:
    """Whoever queued a message; where nobody did, or for one that came in, those of its owner who talk to guests."""
    messages = list(Message.objects.filter(pk__in=numbers).select_related("queued_by__organisation"))
    people = people_of(message.owner_id for message in messages)
    found: dict[int, list[User]] = {}
    for message in messages:
        by = message.queued_by
        talking = [one for one in people.get(message.owner_id, ()) if may("channels.settle", one)]
        found[message.pk] = [by] if by is not None and by.is_active else talking
    return found
