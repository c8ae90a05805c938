"""How a complaint comes in: told by the guest, taken by the desk or by a promoter, or brought from other records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from typing import Any

from django.db import IntegrityError
from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import course, queries
from encore.complaints.models import Complaint, Statement
from encore.complaints.operations.steps import handled, locked, say, took
from encore.contracts.models import Contract
from encore.contracts.queries import terms_lately
from encore.customers.operations import Consented, Known, keep
from encore.files.models import attach
from encore.files.store import Stored
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.search.index import index
from encore.venues.models import Room


class CannotReceive(Refusal):
    pass


class AlreadyReceived(Refusal):
    """The same form came twice."""


class CannotAdd(Refusal):
    pass


class CannotReport(Refusal):
    pass


class CannotAcknowledge(Refusal):
    pass


@dataclass(frozen=True)
class Told:
    """What somebody complains about. `form_key` names the form or the row of a file that it stands in.

    `wish` is what the guest asks for, `answer_by` the channel that they want the answer by. `authority` passed it on, and
    has a number and a deadline of its own.
    """

    text: str
    form_key: str
    room: str = ""
    wish: str = ""
    answer_by: str = ""
    authority: str = ""
    authority_number: str = ""
    authority_due_at: datetime | None = None
    paper_number: str = ""
    place: Room | None = None


@dataclass(frozen=True)
class Reached:
    """How the guest can be reached, and what they consented to. Personal: it goes into the contact's own row and nowhere else."""

    known: Known
    consent: Consented


@operation
def receive(
    told: Told,
    *,
    contract: Contract,
    channel: str,
    by: User | None,
    at: datetime,
    recorded_at: datetime | None = None,
    reached: Reached | None = None,
    evidence: Sequence[Stored] = (),
) -> Complaint:
    """Takes a complaint. `by` None is the guest, who is shown at once that it has arrived. `at` is when it reached the house,
    `recorded_at` when it was written down; left out, that is the same moment. `evidence` has been stored before.
    """
    recorded_at = recorded_at or at
    try:
        [complaint] = _received([told], contract, channel, by, at, recorded_at)
    except IntegrityError as error:
        if "form_key" not in str(error):
            raise
        raise AlreadyReceived(_("This complaint has already been received.")) from None
    if reached is not None:
        complaint.contact = keep(owner=contract.venue, at=recorded_at, consent=reached.consent, **vars(reached.known))
        complaint.save(update_fields=["contact"])
    for one in evidence:
        _attach(one, complaint, by, recorded_at)
    return complaint


@operation
def bring_in(told: Sequence[Told], *, contract: Contract, channel: str, by: User, at: datetime) -> list[Complaint]:
    """Takes a batch of complaints that were written down elsewhere, all or none."""
    return _received(told, contract, channel, by, at, at)


def _received(
    told: Iterable[Told], contract: Contract, channel: str, by: User | None, at: datetime, recorded_at: datetime
) -> list[Complaint]:
    if contract.effective_at is None:
        raise CannotReceive(_("The contract that this complaint would fall under is not in force yet."))

    in_force = terms_lately(contract)
    acts = ["complaint.recorded"] if by else ["complaint.recorded", "complaint.acknowledged"]
    columns: dict[str, Any] = {course.REACHED[type]: recorded_at for type in acts}
    for type, moment in (("complaint.received", at), *((type, recorded_at) for type in acts)):
        if stage := course.entered_by(in_force.edition, type, {"channel": channel}):
            columns |= {"stage": stage.key, "stage_since": moment}
    told, people = list(told), queries.on_duty(contract, in_force)
    # One is given its person by the statement that inserts it; of a batch, each person gets their share.
    turns: Iterable[Any] = (
        [Subquery(people.values("pk")[:1])] if len(told) == 1 else people.values_list("pk", flat=True)
    )
    complaints = [
        Complaint(
            contract=contract,
            owner_id=contract.venue_id,
            channel=channel,
            received_at=at,
            responsible_id=turn,
            **columns,
            **vars(one),
        )
        for one, turn in zip(told, cycle(turns or [None]), strict=False)
    ]
    Complaint.objects.bulk_create(complaints)
    if len(told) == 1:
        del complaints[0].__dict__["responsible_id"]  # it is read when somebody asks for it
    index(*complaints)
    for complaint in complaints:
        record("complaint.received", subject=complaint, actor=by, occurred_at=at, channel=channel)
        for type in acts:
            record(type, subject=complaint, actor=by, occurred_at=recorded_at, channel=channel)
    return complaints


@operation
def add_evidence(complaint: Complaint, *, evidence: Sequence[Stored], by: User | None, at: datetime) -> Complaint:
    """More photos, sound or film, which have been stored before; also once it is archived."""
    complaint = locked(complaint)
    if complaint.is_void or not evidence:
        raise CannotAdd(_("Nothing can be added to this complaint."))
    for one in evidence:
        _attach(one, complaint, by, at)
    return complaint


def _attach(stored: Stored, complaint: Complaint, by: User | None, at: datetime) -> None:
    owner = by.organisation if by else complaint.contract.venue
    attach(stored, row=complaint, owner=owner, by=by, purpose="evidence", at=at)
    record("complaint.evidence_added", subject=complaint, actor=by, occurred_at=at, file=stored.sha256)


@operation
def report(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    """A promoter hands up what a guest told them; `at` is when it reached the department that takes such reports."""
    complaint = handled(complaint, by)
    if complaint.reported_at is not None:
        raise CannotReport(_("This complaint has already been reported."))
    return took(complaint, "complaint.reported", by=by, at=at)


@operation
def acknowledge(complaint: Complaint, *, channel: str, by: User, at: datetime) -> Complaint:
    """The guest was told that the complaint has arrived, its number and what is promised."""
    complaint = handled(complaint, by)
    if not complaint.awaits_acknowledgement:
        raise CannotAcknowledge(_("Its receipt has already been acknowledged."))
    return took(complaint, "complaint.acknowledged", by=by, at=at, data={"channel": channel})


@operation
def add(complaint: Complaint, *, words: str, by: User | None, at: datetime) -> Complaint:
    """The guest adds to what they told, on their page."""
    complaint = handled(complaint, by)
    say(complaint, Statement.Kind.ADDED, "complaint.contacted", words, by, at, complaint.channel)
    return took(complaint, "complaint.contacted", by=by, at=at, data={"channel": complaint.channel})
