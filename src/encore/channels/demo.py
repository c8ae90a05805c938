"""What a made-up house has sent, and what came of it: arrived, read, not delivered, unclear, and somebody who wants no more."""

from datetime import datetime, timedelta
from typing import Final

from encore.accounts.models import Organisation, Post, User
from encore.channels import addresses, drafts, operations, queries
from encore.channels.models import Inbox, Message
from encore.channels.operations import Received
from encore.channels.transports import Parcel, transports
from encore.ledger.late import entered_late
from encore.ledger.models import Event

_TOLD: Final = ("approval.requested", "approval.passed", "approval.delegated", "approval.added", "approval.given")
_FATES: Final = ("read", "delivered", "sent", "delivered", "failed", "unclear", "read", "delivered", "stop")


@entered_late("demonstration")
def write(organisation: Organisation, at: datetime) -> None:
    """Gives the people addresses that nobody has, tells them what waits for them, and some of it by text message as well."""
    people = list(User.objects.filter(organisation=organisation, is_active=True).order_by("pk"))
    for person in people:
        person.phone, person.email = f"1380000{1000 + person.pk % 9000:04}", f"{person.username}@example.com"
        person.save(update_fields=["phone", "email"])
        if person.post in (Post.MANAGER, Post.FINANCE):
            drafts.wish_repeats(person, ["sms", "mail"] if person.post == Post.FINANCE else ["sms"])
    events = list(Event.objects.filter(noun="approval", type__in=_TOLD).order_by("pk").values_list("pk", flat=True))
    drafts.tell_responsible(events)
    for number, (item, transport) in enumerate(queries.to_be_repeated(events)):
        told = Inbox.objects.select_related("person__organisation").get(pk=item)
        message = operations.repeat(told, transport=transport, by=None, at=told.at)
        _fare(message, _FATES[number % len(_FATES)], told.at + timedelta(seconds=20))
    older = Inbox.objects.filter(person__in=people, read_at=None, at__lt=at - timedelta(days=3))
    older.update(read_at=at - timedelta(days=2))


def _fare(message: Message, fate: str, at: datetime) -> None:
    taken = drafts.take(message.pk, message.attempt, at)
    if isinstance(taken, drafts.Refused):
        operations.refuse(message, reason=taken.reason, by=None, at=at)
    if not isinstance(taken, Parcel):
        return
    if fate == "unclear":
        drafts.leave_unclear(message.pk)
        return
    reference = transports()[message.transport].send(taken) if transports()[message.transport].is_simulated else ""
    operations.confirm(message, provider_reference=reference, by=None, at=at)
    later = at + timedelta(seconds=40)
    match fate:
        case "read":
            operations.read(message, by=None, at=later + timedelta(minutes=6))
        case "delivered":
            operations.deliver(message, by=None, at=later)
        case "failed":
            operations.fail(message, reason="provider", by=None, at=later)
        case "stop" if message.transport == "sms":
            sender = addresses.of_person(message.reader_id or 0, message.transport)
            received = Received(message.transport, sender, "R", f"demonstration-{message.pk}")
            operations.receive(received, by=None, at=later)
