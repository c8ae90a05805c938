"""What is done about a complaint, from its receipt to the archive. Which of it is owed by when, the contract says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import queries
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotReceive(Refusal):
    pass


class AlreadyReceived(Refusal):
    """The same form came twice."""


class CannotVerify(Refusal):
    pass


class CannotAssess(Refusal):
    pass


class CannotPlan(Refusal):
    pass


class CannotStart(Refusal):
    pass


class CannotResolve(Refusal):
    pass


class CannotSendResult(Refusal):
    pass


class CannotFollowUp(Refusal):
    pass


class CannotArchive(Refusal):
    pass


class NothingToPutBack(Refusal):
    pass


@dataclass(frozen=True)
class Told:
    """What somebody complains about. `form_key` names the form or the row of a file that it stands in."""

    text: str
    form_key: str
    room: str = ""


@operation
def receive(told: Told, *, contract: Contract, channel: str, by: User | None, at: datetime) -> Complaint:
    """Takes a complaint. `by` None is the guest; `at` is when it reached the house."""
    try:
        [complaint] = _received([told], contract=contract, channel=channel, by=by, at=at)
    except IntegrityError as error:
        if "form_key" not in str(error):
            raise
        raise AlreadyReceived(_("This complaint has already been received.")) from None
    return complaint


@operation
def bring_in(told: Sequence[Told], *, contract: Contract, channel: str, by: User, at: datetime) -> list[Complaint]:
    """Takes a batch of complaints that were written down elsewhere, all or none."""
    return _received(told, contract=contract, channel=channel, by=by, at=at)


def _received(
    told: Iterable[Told], *, contract: Contract, channel: str, by: User | None, at: datetime
) -> list[Complaint]:
    if contract.effective_at is None:
        raise CannotReceive(_("The contract that this complaint would fall under is not in force yet."))

    complaints = Complaint.objects.bulk_create(
        Complaint(
            contract=contract,
            owner_id=contract.venue_id,
            text=one.text,
            room=one.room,
            channel=channel,
            received_at=at,
            form_key=one.form_key,
        )
        for one in told
    )
    for complaint in complaints:
        record("complaint.received", subject=complaint, actor=by, occurred_at=at, channel=channel)
    return complaints


@operation
def verify(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if not complaint.awaits_verification:
        raise CannotVerify(_("This complaint has already been verified."))

    complaint.verified_at = at
    complaint.save(update_fields=["verified_at"])

    record("complaint.verified", subject=complaint, actor=by, occurred_at=at)
    return complaint


@operation
def assess(complaint: Complaint, *, severity: str, category: str, by: User, at: datetime) -> Complaint:
    """`severity` and `category` are keys of the edition that governs the contract."""
    complaint = Complaint.objects.select_for_update(of=("self",)).select_related("contract").get(pk=complaint.pk)
    if not complaint.awaits_assessment:
        raise CannotAssess(_("Only a complaint that has been verified and not yet assessed can be assessed."))
    known = edition_of(complaint.contract).vocabulary
    if severity not in known["severity"] or category not in known["category"]:
        raise CannotAssess(_("The contract does not know this level or this category."))

    complaint.severity, complaint.category, complaint.assessed_at = severity, category, at
    complaint.save(update_fields=["severity", "category", "assessed_at"])

    record("complaint.assessed", subject=complaint, actor=by, occurred_at=at, severity=severity, category=category)
    return complaint


@operation
def plan(complaint: Complaint, *, plan: str, by: User, at: datetime) -> Complaint:
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if not complaint.awaits_plan:
        raise CannotPlan(_("A plan is made once, after the complaint has been assessed."))

    complaint.plan, complaint.planned_at = plan, at
    complaint.save(update_fields=["plan", "planned_at"])

    record("complaint.planned", subject=complaint, actor=by, occurred_at=at)
    return complaint


@operation
def start(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if not complaint.awaits_start:
        raise CannotStart(_("Execution starts once, after there is a plan."))

    complaint.started_at = at
    complaint.save(update_fields=["started_at"])

    record("complaint.started", subject=complaint, actor=by, occurred_at=at)
    return complaint


@operation
def resolve(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if not complaint.awaits_resolution:
        raise CannotResolve(_("Only what has been started, and is not finished, can be finished."))

    complaint.resolved_at = at
    complaint.save(update_fields=["resolved_at"])

    record("complaint.resolved", subject=complaint, actor=by, occurred_at=at, channel=complaint.channel)
    return complaint


@operation
def send_result(complaint: Complaint, *, result: str, by: User, at: datetime) -> Complaint:
    """Gives the guest the result, in writing, on the page that they follow the complaint by."""
    complaint = Complaint.objects.select_for_update(of=("self",)).select_related("contract").get(pk=complaint.pk)
    if not complaint.awaits_result:
        raise CannotSendResult(_("The result is sent once, after the complaint has been resolved."))

    complaint.result, complaint.result_sent_at = result, at
    complaint.save(update_fields=["result", "result_sent_at"])

    way = queries.channel(edition_of(complaint.contract), "web")
    record("complaint.result_sent", subject=complaint, actor=by, occurred_at=at, channel=way, form="written")
    return complaint


@operation
def follow_up(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    """The guest was asked whether what was done holds; as often as the contract wants it."""
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if not complaint.awaits_archiving:
        raise CannotFollowUp(_("What is followed up is a complaint whose result was sent, until it is archived."))

    complaint.followed_up_at = at
    complaint.save(update_fields=["followed_up_at"])

    record("complaint.followed_up", subject=complaint, actor=by, occurred_at=at)
    return complaint


@operation
def archive(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if not complaint.awaits_archiving:
        raise CannotArchive(_("A complaint is archived once, after the guest has been given the result."))

    complaint.archived_at = at
    complaint.save(update_fields=["archived_at"])

    record("complaint.archived", subject=complaint, actor=by, occurred_at=at)
    return complaint


@operation
def put_back(complaint: Complaint, *, entry: int, by: User, at: datetime) -> Complaint:
    """Makes the complaint stand where the entries that count say it stands, after `entry` annulled one of them.

    Words stay: who takes the step again finds them in its form.
    """
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    reached = queries.reached(history(key_of(complaint)))
    changed = [name for name in queries.REACHED.values() if getattr(complaint, name) != reached.get(name)]
    if not changed:
        raise NothingToPutBack(_("The complaint stands where its entries say."))

    for name in changed:
        setattr(complaint, name, reached.get(name))
    if complaint.assessed_at is None:
        complaint.severity = complaint.category = ""
    complaint.save(update_fields=[*changed, "severity", "category"])

    record("complaint.put_back", subject=complaint, actor=by, occurred_at=at, entry=entry)
    return complaint
