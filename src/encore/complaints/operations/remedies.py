"""What the guest is offered, who approves it, and that it was given: each once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.approvals.models import Kind, State
from encore.approvals.operations import ask
from encore.books.models import BudgetLine
from encore.books.posting import Posting, account, funds, post
from encore.books.queries import day_of
from encore.complaints import queries
from encore.complaints.models import Complaint, Remedy
from encore.complaints.operations.steps import handled, locked, refuse_the_concerned
from encore.contracts.queries import edition_of
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.money import Money
from encore.web.language import reading

COSTS: Final = "complaint-costs"  # the account of what guests were given, and the key of a budget line for it


class CannotOffer(Refusal):
    pass


class CannotDecide(Refusal):
    pass


class CannotGive(Refusal):
    pass


TWICE: Final = timedelta(minutes=1)  # the same offer within this time is the same form, sent again


@operation
def offer(complaint: Complaint, *, kind: str, words: str, amount: Decimal | None, by: User, at: datetime) -> Remedy:
    """`kind`: a key of the edition. What goes beyond what this person may give waits for the approval of others; what was
    offered on the complaint before counts with it.
    """
    return offered(handled(complaint, by), kind, words, amount, by, at)


def offered(complaint: Complaint, kind: str, words: str, amount: Decimal | None, by: User, at: datetime) -> Remedy:
    """The plain step."""
    kinds = edition_of(complaint.contract).vocabulary["remedy_kind"]
    if kind not in kinds:
        raise CannotOffer(_("The contract does not know this kind of remedy."))
    if amount is not None and amount <= 0:
        raise CannotOffer(_("An amount is more than nothing."))
    again = complaint.remedies.filter(kind=kind, words=words, amount=amount, by=by, at__gt=at - TWICE)
    if again.exists():
        raise CannotOffer(_("This was offered a moment ago."))
    waits = amount is not None and queries.offered_so_far(complaint) + amount > queries.own_limit(by)
    remedy: Remedy = complaint.remedies.create(
        kind=kind,
        words=words,
        amount=amount,
        currency=complaint.contract.currency,
        state=Remedy.State.ASKED if waits else Remedy.State.OFFERED,
        by=by,
        at=at,
    )
    if waits:
        remedy.approval = ask(
            complaint,
            kind=Kind.COMPENSATION,
            words=" · ".join(filter(None, [complaint.reference, reading(kinds[kind].label), words])),
            form_key=f"remedy-{remedy.pk}",
            amount=amount,
            currency=remedy.currency,
            by=by,
            at=at,
        )
        remedy.save(update_fields=["approval"])
    money: dict[str, Any] = {"amount": f"{amount:.2f}", "currency": remedy.currency} if amount is not None else {}
    record("complaint.remedy_offered", subject=complaint, actor=by, occurred_at=at, remedy=kind, **money)
    return remedy


@operation
def decide(remedy: Remedy, *, by: User, at: datetime) -> Remedy:
    """Takes over what was decided about it where it waited for approval. `by`: who decided, or who withdraws it: whoever
    offered it.
    """
    complaint, remedy = _locked(remedy)
    approval = remedy.approval
    if remedy.state != Remedy.State.ASKED or approval is None or approval.is_open:
        raise CannotDecide(_("It has been decided already, or nobody has decided yet."))
    refuse_the_concerned(complaint, by)
    is_theirs = by.pk != remedy.by_id and approval.steps.filter(decided_by=by).exists()
    agrees = approval.state == State.GIVEN and is_theirs
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
def give(remedy: Remedy, *, by: User, at: datetime, laid_out: bool = False) -> Remedy:
    """The guest has got it. Once. Money goes through the books of whoever offered it, unless somebody laid it out: they claim it
    back by a form of its own, and it is not paid twice.
    """
    complaint, remedy = _locked(remedy)
    refuse_the_concerned(complaint, by)
    if by.organisation_id != remedy.by.organisation_id:
        raise CannotGive(_("It is given by whoever offered it: their house pays."))
    if complaint.is_void:
        raise CannotGive(_("This complaint is closed."))
    return given(remedy, complaint, by, at, laid_out=laid_out)


def given(remedy: Remedy, complaint: Complaint, by: User, at: datetime, *, laid_out: bool = False) -> Remedy:
    """The plain step."""
    if not remedy.can_be_given:
        raise CannotGive(_("Only what was offered, and approved where it takes that, is given; and once."))
    remedy.state, remedy.given_by, remedy.given_at, remedy.laid_out = Remedy.State.GIVEN, by, at, laid_out
    remedy.save(update_fields=["state", "given_by", "given_at", "laid_out"])
    if not laid_out and remedy.money is not None:
        _post(remedy, remedy.money, complaint, at)
    record("complaint.remedy_given", subject=complaint, actor=by, occurred_at=at, remedy=remedy.kind)
    return remedy


def _post(remedy: Remedy, money: Money, complaint: Complaint, at: datetime) -> None:
    payer, day = remedy.by.organisation_id, day_of(at)
    lines = BudgetLine.objects.filter(owner=payer, key=COSTS, from_day__lte=day, to_day__gte=day)
    line = lines.select_related("account").order_by("-from_day", "pk").first()
    costs = line.account if line else account(payer, COSTS, remedy.currency)
    post(Posting(money, day, f"remedy-{remedy.pk}", at, complaint), debit=costs, credit=funds(payer, remedy.currency))


def _locked(remedy: Remedy) -> tuple[Complaint, Remedy]:
    complaint = locked(Complaint(pk=remedy.complaint_id))
    rows = Remedy.objects.select_for_update(of=("self",)).select_related("by", "approval")
    return complaint, rows.get(pk=remedy.pk)
