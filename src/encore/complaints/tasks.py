from collections.abc import Callable, Iterable, Mapping
from typing import Final

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from encore.accounts.models import Post, User
from encore.accounts.queries import people_of
from encore.accounts.rights import may
from encore.channels.drafts import tell as put_into_inboxes
from encore.channels.tasks import repeat_outside
from encore.complaints import operations
from encore.complaints.models import Complaint, Concern, Remedy
from encore.files import operations as files
from encore.files.models import File
from encore.jobs import effects
from encore.ledger.models import Event
from encore.ledger.nouns import Key, key_of
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from encore.ledger.subscriptions import on


@on("event.annulled", label=_("A complaint is put back to where its entries say"))
def put_back(events: list[int]) -> None:
    """In the name of whoever annulled. An annulment is one act, so that there is one event."""
    [number] = events
    event = Event.objects.get(pk=number)
    if event.noun != "complaint":
        return
    annuller = User.objects.select_related("organisation").get(pk=Key.parse(event.actor).id)
    try:
        operations.put_back(Complaint.objects.get(pk=event.noun_id), entry=number, by=annuller, at=now())
    except operations.NothingToPutBack:
        return


# --- silence ------------------------------------------------------------------------------------------------------------


@on("complaint.confirmation_asked", label=_("A guest is given time to answer"))
def give_time(events: list[int]) -> None:
    with effects():
        for event in Event.objects.filter(pk__in=events):
            note_silence.using(run_after=event.occurred_at + operations.TIME_TO_ANSWER).enqueue(event.pk)


@task(label=_("A guest who was asked has not answered"), unique=True)
def note_silence(number: int) -> None:
    """In the name of whoever asked: with the question they set the time for the answer. Where they have left their post, it is
    in the name of whoever answers for the complaint, or of a manager of the house.
    """
    event = Event.objects.get(pk=number)
    complaint = Complaint.objects.select_related("contract").get(pk=event.noun_id)
    stands = any(entry.id == number for entry in history(key_of(complaint)))
    if not stands or complaint.confirmation_asked_at != event.occurred_at:
        return  # the question was annulled, or the complaint reopened: another one asks anew
    asked = User.objects.filter(pk=Key.parse(event.actor).id).select_related("organisation").first()
    people = (asked, complaint.responsible, *_managers(complaint, [complaint.contract.venue_id]))
    by = next((one for one in people if one and one.is_active and may("complaints.note_silence", one)), None)
    if by is None:
        raise LookupError(f"nobody is left who could note the silence about {complaint}")
    try:
        operations.note_silence(complaint, by=by, at=now())
    except Refusal:
        return  # they have answered, or it is closed


# --- money --------------------------------------------------------------------------------------------------------------


@on("approval.given", "approval.refused", "approval.withdrawn", label=_("What a guest is offered has been decided"))
def settle(events: list[int]) -> None:
    """In the name of whoever decided."""
    [number] = events
    event = Event.objects.get(pk=number)
    remedy = Remedy.objects.filter(approval=event.noun_id).select_related("complaint").first()
    if remedy is None:
        return
    decider = User.objects.select_related("organisation").get(pk=Key.parse(event.actor).id)
    if remedy.complaint.concerns.filter(person=decider).exists():
        decider = remedy.by  # the word of whoever it is about does not count: as if it had been withdrawn
    try:
        operations.decide(remedy, by=decider, at=now())
    except (operations.CannotDecide, operations.CannotHandle):
        return


# --- emergencies --------------------------------------------------------------------------------------------------------


@on("complaint.emergency_started", "complaint.evidence_added", label=_("Evidence of an emergency is held"))
def hold_evidence(events: list[int]) -> None:
    """What there is when the procedure starts, and what comes after it. In the name of whoever started or added it, where
    that is somebody who may; otherwise of a manager of the house.
    """
    event = Event.objects.get(pk=events[0])
    complaint = Complaint.objects.select_related("contract").get(pk=event.noun_id)
    if complaint.emergency_at is None:
        return
    actor = None if event.actor == "guest" else User.objects.get(pk=Key.parse(event.actor).id)
    people = (actor, complaint.responsible, *_managers(complaint, [complaint.contract.venue_id]))
    by = next((one for one in people if one and one.is_active and may("files.hold", one)), None)
    evidence = list(File.objects.filter(noun="complaint", noun_id=complaint.pk, original=None, is_own=False))
    if by is None or not evidence:
        return
    try:
        files.hold(evidence, reason="accident", by=by, at=now())
    except files.CannotHold:
        return


# --- inboxes ------------------------------------------------------------------------------------------------------------

People = Iterable[User | None]


def _managers(complaint: Complaint, parties: Iterable[int] = ()) -> list[User]:
    """The managers of both parties, or of these, without those whom it is about."""
    parties = list(parties) or [complaint.contract.venue_id, complaint.contract.agency_id]
    concerned = set(complaint.concerns.values_list("person", flat=True))
    everybody = people_of(parties)
    return [
        one
        for party in parties
        for one in everybody.get(party, ())
        if one.post == Post.MANAGER and one.pk not in concerned
    ]


def _to_concerned(complaint: Complaint, event: Event) -> People:
    column = _TOLD[event.type]
    return [one.person for one in complaint.concerns.filter(**{column: event.occurred_at}).select_related("person")]


_TOLD: Final = {"complaint.concerned_told": "told_at", "complaint.concerned_result": "result_told_at"}
_READERS: Final[Mapping[str, Callable[[Complaint, Event], People]]] = {
    "complaint.assigned": lambda complaint, event: [complaint.responsible],
    "complaint.escalated": lambda complaint, event: _managers(complaint),
    "complaint.emergency_started": lambda complaint, event: _managers(complaint),
    "complaint.regrading_asked": lambda complaint, event: _managers(complaint),
    "complaint.concerned_appealed": lambda complaint, event: _managers(complaint),
    "complaint.concerned_heard": lambda complaint, event: [complaint.responsible],
    "complaint.concerned_told": _to_concerned,
    "complaint.concerned_result": _to_concerned,
    "complaint.answered_promoter": lambda complaint, event: [complaint.reporter],
    "complaint.result_sent_promoter": lambda complaint, event: [complaint.reporter],
    "complaint.result_rejected": lambda complaint, event: [complaint.responsible],
    "complaint.reopened": lambda complaint, event: [complaint.responsible],
}


@on(*_READERS, label=_("People are told what happened to a complaint"))
def tell(events: list[int]) -> None:
    with effects():
        for event in Event.objects.filter(pk__in=events).order_by("pk"):
            _tell(event)
        repeat_outside(events)


def _tell(event: Event) -> None:
    """The people concerned read of it on their own page, all others on the complaint's."""
    if event.noun == "concern":
        complaint = Concern.objects.select_related("complaint__contract").get(pk=event.noun_id).complaint
    else:
        complaint = Complaint.objects.select_related("contract", "responsible", "reporter").get(pk=event.noun_id)
    people = [one for one in _READERS[event.type](complaint, event) if one and f"user:{one.pk}" != event.actor]
    concerns = {one.person_id: one for one in complaint.concerns.all()}
    for person in people:
        about = concerns.get(person.pk)
        if about is not None and event.type not in _TOLD:
            continue
        subject = key_of(about) if about else key_of(complaint)
        put_into_inboxes([person], subject, event.type, at=event.occurred_at, event=event.pk)
