"""How a complaint comes in: told by the guest, taken by the desk or by a promoter, or brought from other records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, Final

from django.db import IntegrityError
from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.complaints import course, queries
from encore.complaints.models import Complaint, Statement
from encore.complaints.operations.letters import write
from encore.complaints.operations.steps import handled, locked, say, took
from encore.contracts.models import Contract
from encore.contracts.queries import terms_lately
from encore.customers.models import Contact
from encore.customers.operations import Consented, Known, keep
from encore.engine import Edition
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


@dataclass(frozen=True)
class Arrived:
    """A complaint, how it reached the house and when. `channel`: a key of the edition."""

    told: Told
    channel: str
    at: datetime
    reached: Reached | None = None


MOST_BACK: Final = timedelta(days=31)
# What is read out to the guest before anything of theirs is written down; it is kept with their consent, word for word.
READ_OUT: Final = _(
    "We write down how to reach you only to answer this complaint. It is kept encrypted; you can have it erased at any time, "
    "and your complaint is handled just the same without it."
)


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
    reports: bool = False,
) -> Complaint:
    """Takes a complaint. `by` None is the guest, who is shown at once that it has arrived. `at` is when it reached the house,
    `recorded_at` when it was written down; left out, that is the same moment. `evidence` has been stored before. `reports`: a
    promoter hands it up by the same act.
    """
    recorded_at = recorded_at or at
    arrived = Arrived(told, channel, at, reached)
    complaint = take_in(arrived, contract, by, recorded_at, evidence, ["complaint.reported"] if reports else [])
    if reached is not None and by is None:
        write(complaint, "complaint-received", by=by, at=recorded_at, key="received")
    return complaint


@operation
def bring_in(told: Sequence[Told], *, contract: Contract, channel: str, by: User, at: datetime) -> list[Complaint]:
    """Takes a batch of complaints that were written down elsewhere, all or none."""
    return received([Arrived(one, channel, at) for one in told], contract, by, at)


# --- plain steps ------------------------------------------------------------------------------------------------------


def take_in(
    arrived: Arrived,
    contract: Contract,
    by: User | None,
    recorded_at: datetime,
    evidence: Sequence[Stored],
    also: Sequence[str] = (),
) -> Complaint:
    """One complaint, with what came with it. `also`: what happened besides by the time that it was written down."""
    if by is not None and recorded_at - arrived.at > MOST_BACK:
        raise CannotReceive(
            _("It was told more than %(days)s days ago. What is older comes in by a sheet.") % {"days": MOST_BACK.days}
        )
    try:
        [complaint] = received([arrived], contract, by, recorded_at, also)
    except IntegrityError as error:
        if "paper" in str(error):
            raise CannotReceive(_("The form of this number has been entered already.")) from None
        if "form_key" not in str(error):
            raise
        raise AlreadyReceived(_("This complaint has already been received.")) from None
    for one in evidence:
        _attach(one, complaint, by, recorded_at)
    return complaint


def received(
    arrived: Sequence[Arrived],
    contract: Contract,
    by: User | None,
    recorded_at: datetime,
    also: Sequence[str] = (),
    batch: int | None = None,
) -> list[Complaint]:
    """The rows, and what is recorded of each. Who takes one up as it arrives does so then, and answers for it."""
    if contract.effective_at is None:
        raise CannotReceive(_("The contract that this complaint would fall under is not in force yet."))

    in_force = terms_lately(contract)
    is_taken_up = "complaint.taken_up" in also
    people = queries.on_duty(contract, in_force, recorded_at)
    # One is given its person by the statement that inserts it; of a batch, each person gets their share.
    turns: Iterable[Any] = (
        [by.pk] if by and is_taken_up
        else [Subquery(people.values("pk")[:1])] if len(arrived) == 1
        else people.values_list("pk", flat=True)
    )  # fmt: skip
    acts = [_acts(one, by, recorded_at, also) for one in arrived]
    complaints = [
        Complaint(
            contract=contract,
            owner_id=contract.venue_id,
            channel=one.channel,
            received_at=one.at,
            responsible_id=turn,
            reporter=by if by and by.post == Post.PROMOTER else None,
            contact=_kept(one, contract, recorded_at),
            batch=batch,
            **_columns(in_force.edition, one, happened),
            **vars(one.told),
        )
        for one, happened, turn in zip(arrived, acts, cycle(turns or [None]), strict=False)
    ]
    Complaint.objects.bulk_create(complaints)
    if len(arrived) == 1:
        del complaints[0].__dict__["responsible_id"]  # it is read when somebody asks for it
    index(*complaints)
    for complaint, happened in zip(complaints, acts, strict=True):
        for type, moment in happened:
            record(type, subject=complaint, actor=by, occurred_at=moment, **_said(type, complaint))
    return complaints


def _acts(one: Arrived, by: User | None, recorded_at: datetime, also: Sequence[str]) -> list[tuple[str, datetime]]:
    """What has happened to it by then, in the order of its time."""
    present = ["complaint.recorded"] if by else ["complaint.recorded", "complaint.acknowledged"]
    acts = [("complaint.received", one.at)]
    acts += [(type, one.at) for type in also if type == "complaint.taken_up"]
    return acts + [(type, recorded_at) for type in (*present, *also) if type != "complaint.taken_up"]


def _columns(edition: Edition, one: Arrived, happened: Iterable[tuple[str, datetime]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for type, moment in happened:
        if type in course.REACHED:
            columns[course.REACHED[type]] = moment
        if stage := course.entered_by(edition, type, {"channel": one.channel}):
            columns |= {"stage": stage.key, "stage_since": moment}
    return columns


def _kept(one: Arrived, contract: Contract, at: datetime) -> Contact | None:
    if one.reached is None:
        return None
    return keep(owner=contract.venue, at=at, consent=one.reached.consent, **vars(one.reached.known))


def _said(type: str, complaint: Complaint) -> dict[str, Any]:
    return {} if type in ("complaint.reported", "complaint.taken_up") else {"channel": complaint.channel}


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
    columns = {"reporter": by} if complaint.reporter_id is None and _reporter(by) else {}
    return took(complaint, "complaint.reported", by=by, at=at, columns=columns)


def _reporter(by: User | None) -> User | None:
    return by if by is not None and by.post == Post.PROMOTER else None


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
