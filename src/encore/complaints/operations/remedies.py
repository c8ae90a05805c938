"""What the guest is offered, who approves it, and that it was given: each once."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import queries
from encore.complaints.models import Complaint, Remedy
from encore.complaints.operations.steps import handled, refuse_the_concerned
from encore.contracts.queries import edition_of
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotOffer(Refusal):
    pass


class CannotDecide(Refusal):
    pass


class CannotGive(Refusal):
    pass


@operation
def offer(complaint: Complaint, *, kind: str, words: str, amount: Decimal | None, by: User, at: datetime) -> Remedy:
    """`kind`: a key of the edition. Above what this person may give on their own, it waits for somebody else's approval."""
    complaint = handled(complaint, by)
    if kind not in edition_of(complaint.contract).vocabulary["remedy_kind"]:
        raise CannotOffer(_("The contract does not know this kind of remedy."))
    if amount is not None and amount <= 0:
        raise CannotOffer(_("An amount is more than nothing."))
    waits = amount is not None and amount > queries.own_limit(by)
    remedy: Remedy = complaint.remedies.create(
        kind=kind,
        words=words,
        amount=amount,
        currency=complaint.contract.currency,
        state=Remedy.State.ASKED if waits else Remedy.State.OFFERED,
        by=by,
        at=at,
    )
    money: dict[str, Any] = {"amount": f"{amount:.2f}", "currency": remedy.currency} if amount is not None else {}
    record("complaint.remedy_offered", subject=complaint, actor=by, occurred_at=at, remedy=kind, **money)
    return remedy


@operation
def decide(remedy: Remedy, *, agrees: bool, by: User, at: datetime) -> Remedy:
    """Nobody approves what they offered themselves."""
    complaint = handled(remedy.complaint, by)
    remedy = Remedy.objects.select_for_update().get(pk=remedy.pk)
    if remedy.state != Remedy.State.ASKED:
        raise CannotDecide(_("This has been decided already."))
    if remedy.by_id == by.pk:
        raise CannotDecide(_("Somebody else than who offered it decides."))
    if agrees and remedy.amount is not None and remedy.amount > queries.own_limit(by):
        raise CannotDecide(_("The amount is above what you may approve."))
    remedy.state = Remedy.State.APPROVED if agrees else Remedy.State.REFUSED
    remedy.decided_by, remedy.decided_at = by, at
    remedy.save(update_fields=["state", "decided_by", "decided_at"])
    record(
        "complaint.remedy_approved" if agrees else "complaint.remedy_refused",
        subject=complaint,
        actor=by,
        occurred_at=at,
        remedy=remedy.kind,
    )
    return remedy


@operation
def give(remedy: Remedy, *, by: User, at: datetime) -> Remedy:
    """The guest has got it. Once."""
    complaint = Complaint.objects.select_for_update(of=("self",)).select_related("contract").get(pk=remedy.complaint_id)
    refuse_the_concerned(complaint, by)
    remedy = Remedy.objects.select_for_update().get(pk=remedy.pk)
    if remedy.state not in (Remedy.State.OFFERED, Remedy.State.APPROVED):
        raise CannotGive(_("Only what was offered, and approved where it takes that, is given; and once."))
    remedy.state, remedy.given_at = Remedy.State.GIVEN, at
    remedy.save(update_fields=["state", "given_at"])
    record("complaint.remedy_given", subject=complaint, actor=by, occurred_at=at, remedy=remedy.kind)
    return remedy
