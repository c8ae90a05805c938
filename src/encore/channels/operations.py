"""What is done about messages outside. Which may go out, and when, `drafts.take` decides at the last moment."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, Role, User
from encore.channels import addresses, queries
from encore.channels.models import Inbox, Message, OptOut, State
from encore.channels.wordings import wordings
from encore.jobs.models import Job
from encore.jobs.models import State as JobState
from encore.ledger.nouns import NOUNS, contract_of, key_of
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class AlreadyTold(Refusal):
    pass


class CannotConfirm(Refusal):
    pass


class CannotRefuse(Refusal):
    pass


class CannotDeliver(Refusal):
    pass


class CannotReceive(Refusal):
    pass


class AlreadyReceived(Refusal):
    pass


class CannotSettle(Refusal):
    pass


class CannotTryAgain(Refusal):
    pass


class CannotOptOut(Refusal):
    pass


def queue(
    wording: str,
    *,
    to: Model,
    about: Model,
    by: User | None,
    at: datetime,
    key: str,
    owner: Organisation,
    transport: str,
    language: str = "zh-Hans",
    good_until: datetime | None = None,
    **values: object,
) -> Message:
    """A step of the operation under way: what it does is told to somebody outside, once it is done.

    `to` is a row of a noun that `addresses` knows; `key` names the message, which is queued once, however often it is asked
    for. `KeyError` for an unknown wording, `NotAValue` for values that its fields do not take.
    """
    if (already := Message.objects.filter(key=key).first()) is not None:
        return already
    said, reader, subject = wordings()[wording], key_of(to), key_of(about)
    kept = said.written(values)
    title, text = said.rendered(kept, language)
    digest, masked = addresses.known_by(addresses.address(reader, transport))
    until = queries.quiet_until(queries.limits_of(owner.pk, transport), at) if said.is_commercial else None
    message = Message.objects.create(
        owner=owner,
        queued_by=by,
        noun=subject.noun,
        noun_id=subject.id,
        contract_id=contract_of(about),
        reader_noun=reader.noun,
        reader_id=reader.id,
        masked=masked,
        digest=digest,
        transport=transport,
        wording=wording,
        language=language,
        values=kept,
        subject=title,
        text=f"【{owner.name}】{text}" if transport == "sms" else text,
        key=key,
        queued_at=at,
        send_at=until,
        good_until=good_until,
    )
    record("message.queued", subject=message, actor=by, occurred_at=at, channel=transport, template=wording)
    return message


@operation
def repeat(item: Inbox, *, transport: str, by: User | None, at: datetime) -> Message:
    """Tells somebody outside what stands in their inbox: that it waits, and where; not what it is."""
    noun, key = NOUNS[item.noun], f"inbox-{item.pk}-{transport}"
    if item.read_at is not None or Message.objects.filter(key=key).exists():
        raise AlreadyTold(_("This person knows of it already."))
    subject = noun.model._default_manager.get(pk=item.noun_id)  # noqa: SLF001 - Django's documented way to any model's rows
    link = reverse(noun.url_name, args=[str(subject)])
    return queue(
        "task-waiting",
        to=item.person,
        about=subject,
        by=by,
        at=at,
        key=key,
        owner=item.person.organisation,
        transport=transport,
        reference=str(subject),
        link=link,
    )


@operation
def confirm(message: Message, *, provider_reference: str, by: User | None, at: datetime) -> Message:
    """The other side has taken it."""
    message = _locked(message)
    if not message.is_on_its_way:
        raise CannotConfirm(_("Only a message that is on its way can have been sent."))

    message.state, message.sent_at, message.provider_reference = State.SENT, at, provider_reference
    message.save(update_fields=["state", "sent_at", "provider_reference"])

    record("message.sent", subject=message, actor=by, occurred_at=at, channel=message.transport)
    return message


@operation
def refuse(message: Message, *, reason: str, by: User | None, at: datetime) -> Message:
    """It may not go out."""
    message = _locked(message)
    if not (message.is_waiting or message.is_on_its_way):
        raise CannotRefuse(_("This message no longer waits."))

    message.state, message.reason, message.ended_at, message.cost = State.REFUSED, reason, at, Decimal("0.00")
    message.save(update_fields=["state", "reason", "ended_at", "cost"])

    record(
        "message.refused", subject=message, actor=by, occurred_at=at, channel=message.transport, reason=message.reason
    )
    return message


@operation
def fail(message: Message, *, reason: str, by: User | None, at: datetime) -> Message:
    """The other side will not have it, or says later that it did not arrive."""
    message = _locked(message)
    if not (message.is_on_its_way or message.may_still_arrive):
        raise CannotDeliver(_("What became of this message is known already."))

    message.cost = message.cost if message.may_still_arrive else Decimal("0.00")
    message.state, message.reason, message.ended_at = State.FAILED, reason, at
    message.save(update_fields=["state", "reason", "ended_at", "cost"])

    record("message.failed", subject=message, actor=by, occurred_at=at, channel=message.transport, reason=reason)
    return message


@operation
def deliver(message: Message, *, by: User | None, at: datetime) -> Message:
    message = _locked(message)
    if not message.may_still_arrive:
        raise CannotDeliver(_("What became of this message is known already."))

    message.state, message.delivered_at = State.DELIVERED, at
    message.save(update_fields=["state", "delivered_at"])

    record("message.delivered", subject=message, actor=by, occurred_at=at, channel=message.transport)
    return message


@operation
def read(message: Message, *, by: User | None, at: datetime) -> Message:
    message = _locked(message)
    if not message.may_still_be_read:
        raise CannotDeliver(_("What became of this message is known already."))

    message.state, message.read_at = State.READ, at
    message.save(update_fields=["state", "read_at"])

    record("message.read", subject=message, actor=by, occurred_at=at, channel=message.transport)
    return message


@dataclass(frozen=True)
class Received:
    """What a provider hands over. `id` is its own name for it."""

    transport: str
    sender: str
    text: str
    id: str


_STOP: Final = frozenset({"r", "t", "td", "n", "退订", "拒收", "退訂", "stop"})


@operation
def receive(received: Received, *, by: User | None, at: datetime) -> Message:
    """Takes a message in. It is put beside what its sender was last sent, and changes nothing there: senders can be forged.

    A word that refuses is obeyed at once, and never answered.
    """
    named = f"{received.transport} {received.id}".encode()
    key = f"in-{sha256(named).hexdigest()[:48]}"
    if Message.objects.filter(key=key).exists():
        raise AlreadyReceived(_("This message has already been received."))
    digest, masked = addresses.known_by(addresses.plain(received.sender, received.transport))
    before = queries.latest_to(digest, received.transport) if digest else None
    owner = before.owner if before else Organisation.objects.filter(role=Role.VENUE).order_by("pk").first()
    if owner is None:
        raise CannotReceive(_("There is nobody here to receive a message."))

    message = Message.objects.create(
        owner=owner,
        noun=before.noun if before else "",
        noun_id=before.noun_id if before else None,
        contract_id=before.contract_id if before else None,
        masked=masked,
        digest=digest,
        transport=received.transport,
        text=received.text,
        state=State.RECEIVED,
        key=key,
        provider_reference=received.id,
        answer_to=before,
        queued_at=at,
    )
    record("message.received", subject=message, actor=by, occurred_at=at, channel=received.transport)
    if digest and received.text.strip().casefold() in _STOP:
        _note_opt_out(message, is_everything=False, by=by, at=at)
    return message


@operation
def opt_out(message: Message, *, is_everything: bool, by: User, at: datetime) -> Message:
    """Whoever this message went to or came from wants no more commercial messages this way, or none at all."""
    message = _locked(message)
    if not message.digest:
        raise CannotOptOut(_("There is no address to this message."))
    _note_opt_out(message, is_everything=is_everything, by=by, at=at)
    return message


def _note_opt_out(message: Message, *, is_everything: bool, by: User | None, at: datetime) -> None:
    row, is_new = OptOut.objects.get_or_create(
        digest=message.digest, transport=message.transport, defaults={"is_everything": is_everything, "at": at}
    )
    if not is_new and is_everything and not row.is_everything:
        row.is_everything = True
        row.save(update_fields=["is_everything"])
    record("message.opted_out", subject=message, actor=by, occurred_at=at, everything=is_everything)


@operation
def settle(message: Message, *, went_out: bool, by: User, at: datetime) -> Message:
    """Somebody has found out what became of a message that nobody knew of."""
    message = _locked(message)
    if not message.is_unclear(at):
        raise CannotSettle(_("There is no doubt about this message."))

    _settle_job(message, by, at)
    if went_out:
        message.state, message.sent_at = State.SENT, message.taken_at
        message.save(update_fields=["state", "sent_at"])
        record("message.sent", subject=message, actor=by, occurred_at=at, channel=message.transport)
        return message
    message.state, message.reason, message.ended_at, message.cost = State.FAILED, "broke_off", at, Decimal("0.00")
    message.save(update_fields=["state", "reason", "ended_at", "cost"])
    record("message.failed", subject=message, actor=by, occurred_at=at, channel=message.transport, reason="broke_off")
    return message


def _settle_job(message: Message, by: User, at: datetime) -> None:
    """The job that broke off waits for a decision as well: this is it."""
    if message.job is None:
        return
    waiting = Job.objects.filter(pk=message.job, state__in=[JobState.UNCLEAR, JobState.DEAD], settled_at=None)
    waiting.update(settled_by=by, settled_at=at)


@operation
def try_again(message: Message, *, by: User, at: datetime) -> Message:
    """Queues it anew. Limits, quiet hours and refusals are looked at again."""
    message = _locked(message)
    if not message.can_be_tried_again:
        raise CannotTryAgain(_("Only what was not sent or did not arrive can be sent again."))

    _settle_job(message, by, at)
    message.state, message.attempt, message.reason = State.QUEUED, message.attempt + 1, ""
    message.taken_at = message.sent_at = message.ended_at = message.send_at = None
    message.save(update_fields=["state", "attempt", "reason", "taken_at", "sent_at", "ended_at", "send_at"])

    record(
        "message.queued",
        subject=message,
        actor=by,
        occurred_at=at,
        channel=message.transport,
        template=message.wording,
    )
    return message


def _locked(message: Message) -> Message:
    return Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
