from typing import Final

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskContext, task

from encore.channels import drafts, operations, queries
from encore.channels.drafts import Postponed, Refused
from encore.channels.models import Inbox, Message, State
from encore.channels.transports import transports
from encore.jobs import NothingWentOut, effects
from encore.ledger.models import Event
from encore.ledger.subscriptions import on

_MOST_ATTEMPTS: Final = 8  # in some twenty minutes


@on("message.queued", label=_("Messages to be put on their way"))
def put_on_their_way(events: list[int]) -> None:
    with effects():
        numbers = Event.objects.filter(pk__in=events).values_list("noun_id", flat=True)
        for message in Message.objects.filter(pk__in=list(numbers), state=State.QUEUED).order_by("pk"):
            job = send.using(run_after=message.send_at).enqueue(message.pk, message.attempt)
            drafts.note_job(message.pk, int(job.id))


@on(
    "message.failed",
    "message.refused",
    "message.received",
    "approval.requested",
    "approval.passed",
    "approval.delegated",
    "approval.added",
    "approval.given",
    "approval.refused",
    label=_("What waits for somebody, put on their lists"),
)
def tell(events: list[int]) -> None:
    with effects():
        drafts.tell_responsible(events)
        repeat_outside(events)


def repeat_outside(events: list[int]) -> None:
    """Puts in, with what tells people inside, that those who wish it are told outside as well."""
    for item, transport in queries.to_be_repeated(events):
        repeat.enqueue(item, transport)


@task(label=_("What stands in an inbox, told outside as well"), unique=True)
def repeat(item: int, transport: str) -> None:
    told = Inbox.objects.select_related("person__organisation").filter(pk=item).first()
    if told is None:
        return
    try:
        operations.repeat(told, transport=transport, by=None, at=now())
    except operations.AlreadyTold:
        pass


@task(label=_("Sending a message"), outside=True, unique=True, takes_context=True, most_attempts=_MOST_ATTEMPTS)
def send(context: TaskContext, number: int, attempt: int) -> None:
    """Sends a message once. Where nobody knows whether it went out, it is unclear, and people decide."""
    message = Message.objects.get(pk=number)
    taken = drafts.take(number, attempt, now())
    if taken is None:
        return
    if isinstance(taken, Refused):
        operations.refuse(message, reason=taken.reason, by=None, at=now())
        return
    if isinstance(taken, Postponed):
        with effects():
            later = drafts.postpone(number, taken.until)
            job = send.using(run_after=taken.until).enqueue(number, later)
            drafts.note_job(number, int(job.id))
        return
    try:
        reference = transports()[message.transport].send(taken)
    except NothingWentOut as failure:
        if failure.final or context.attempt >= _MOST_ATTEMPTS:
            reason = "not_taken" if failure.final else "not_reached"
            operations.fail(message, reason=reason, by=None, at=now())
            return
        drafts.put_back(number)
        raise
    except Exception:
        drafts.leave_unclear(number)
        raise
    operations.confirm(message, provider_reference=reference, by=None, at=now())
