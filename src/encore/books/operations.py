"""What is done with budgets, costs and months. Who has to approve beforehand, and above which amount, is not known here."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from django.db import IntegrityError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.accounts.rights import NotYours
from encore.books import posting, queries
from encore.books.models import BudgetLine, Commitment, Cost, CostItem, Period
from encore.books.posting import Posting
from encore.ledger.nouns import NOUNS, key_of, require_visible
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.money import Money, total

# Why a month is opened again.
REASONS: Final = {
    "late_invoice": _("an invoice came late"),
    "wrong_amount": _("an amount was wrong"),
    "wrong_line": _("something stood under the wrong budget line"),
    "audit": _("an audit asks for it"),
}


class CannotSetBudget(Refusal):
    pass


class CannotSubmit(Refusal):
    pass


class AlreadySubmitted(Refusal):
    """The same form came twice."""


class InvoiceTaken(Refusal):
    pass


class CannotDecide(Refusal):
    pass


class CannotPay(Refusal):
    pass


class CannotClose(Refusal):
    pass


class CannotReopen(Refusal):
    pass


@dataclass(frozen=True)
class Budget:
    """`key`: of the edition's vocabulary of budget lines, where the budget is owed under a contract."""

    name: str
    money: Money
    from_day: date
    to_day: date
    key: str = ""
    contract: Model | None = None


@operation
def set_budget(budget: Budget, *, line: BudgetLine | None = None, by: User, at: datetime) -> BudgetLine:
    """A new line, or another amount for a `line` that there is. Never less than is paid or promised already."""
    if budget.contract is not None:
        require_visible([key_of(budget.contract)], by)
    if line is None:
        line = _new_line(budget, by, at)
    else:
        line = BudgetLine.objects.select_for_update().get(pk=line.pk)
        used = queries.standing(line).committed + queries.standing(line).paid
        if budget.money < used:
            raise CannotSetBudget(_("%(used)s of it is paid or promised already.") % {"used": used.shown})
        line.amount = budget.money.amount
        line.save(update_fields=["amount"])

    named: dict[str, Any] = {"budget_line": line.key} if line.key else {}
    days: dict[str, Any] = {"from_day": line.from_day, "to_day": line.to_day}
    record(
        "budget.set", subject=line, actor=by, occurred_at=at, amount=line.money, currency=line.currency, **days, **named
    )
    return line


def _new_line(budget: Budget, by: User, at: datetime) -> BudgetLine:
    if budget.to_day < budget.from_day:
        raise CannotSetBudget(_("A budget ends after it begins."))
    if budget.money < Money.zero(budget.money.currency):
        raise CannotSetBudget(_("A budget is not negative."))
    owner = by.organisation_id
    if BudgetLine.objects.filter(owner=owner, name=budget.name, from_day=budget.from_day).exists():
        raise CannotSetBudget(_("There is a line of this name from that day on already: set its amount anew."))
    account = posting.account(owner, f"line-{secrets.token_hex(8)}", budget.money.currency)
    return BudgetLine.objects.create(
        owner_id=owner,
        name=budget.name,
        key=budget.key,
        contract_id=budget.contract.pk if budget.contract else None,
        amount=budget.money.amount,
        currency=budget.money.currency,
        from_day=budget.from_day,
        to_day=budget.to_day,
        account=account,
        set_at=at,
    )


# --- costs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    day: date
    what: str
    money: Money
    invoice: str = ""


@dataclass(frozen=True)
class Claim:
    """What somebody laid out. `about`: the row that it was spent on. `form_key` names the form that it stands in."""

    line: BudgetLine
    purpose: str
    items: Sequence[Item]
    form_key: str
    attachments: int = 0
    about: Model | None = None


@operation
def submit_cost(claim: Claim, *, by: User, at: datetime) -> Cost:
    """Asks for what one laid out. Refused where the line has less left: that is said before anybody approves."""
    if not claim.items:
        raise CannotSubmit(_("Say what the money was spent on, line by line."))
    if claim.line.owner_id != by.organisation_id:
        raise CannotSubmit(_("This budget line belongs to another organisation."))
    if not claim.line.from_day <= queries.day_of(at) <= claim.line.to_day:
        raise CannotSubmit(_("This budget line is not open today."))
    refs = [claim.about] if claim.about is not None else []
    require_visible(map(key_of, refs), by)
    line = BudgetLine.objects.select_for_update().get(pk=claim.line.pk)
    claimed, left = total(item.money for item in claim.items), queries.standing(line).available
    if claimed > left:
        sentence = _("%(line)s has only %(left)s left. Have its budget raised, or take another line.")
        raise CannotSubmit(sentence % {"line": line.name, "left": left.shown})
    cost = _taken_in(claim, claimed, by, at)

    named: dict[str, Any] = {"budget_line": line.key} if line.key else {}
    record(
        "cost.submitted", subject=cost, actor=by, occurred_at=at, refs=refs, amount=claimed, currency=claimed.currency,
        **named,
    )  # fmt: skip
    return cost


def _taken_in(claim: Claim, claimed: Money, by: User, at: datetime) -> Cost:
    about = key_of(claim.about) if claim.about is not None else None
    try:
        cost = Cost.objects.create(
            owner_id=by.organisation_id,
            requester=by,
            department=by.department,
            line=claim.line,
            purpose=claim.purpose,
            attachments=claim.attachments,
            noun=about.noun if about else "",
            noun_id=about.id if about else None,
            amount=claimed.amount,
            currency=claimed.currency,
            submitted_at=at,
            form_key=claim.form_key,
        )
        CostItem.objects.bulk_create(
            CostItem(
                cost=cost, owner_id=cost.owner_id, day=item.day, what=item.what, invoice=item.invoice,
                amount=item.money.amount, currency=item.money.currency,
            )
            for item in claim.items
        )  # fmt: skip
    except IntegrityError as error:
        if "form_key" in str(error):
            raise AlreadySubmitted(_("This form has been submitted already.")) from None
        if "invoice" in str(error):
            raise InvoiceTaken(
                _("An invoice is paid once: its number stands on another form, or twice on this one.")
            ) from None
        raise
    return cost


@operation
def approve_cost(cost: Cost, *, amount: Money, by: User, at: datetime) -> Cost:
    """Approves all of it, or less; the money is set aside from now on. Nobody approves what is their own."""
    cost = _locked(cost)
    _require_others(cost, by)
    grant(cost, amount=amount, by=by, at=at)

    record(
        "cost.approved",
        subject=cost,
        actor=by,
        occurred_at=at,
        refs=_about(cost),
        amount=amount,
        currency=cost.currency,
    )
    return cost


def grant(cost: Cost, *, amount: Money, by: User, at: datetime) -> None:
    """The plain step: for whoever approves by more than one signature. The cost is locked."""
    if not cost.awaits_decision:
        raise CannotDecide(_("This has been decided already."))
    if not Money.zero(cost.currency) < amount <= cost.money:
        raise CannotDecide(_("At most what is claimed can be approved, and more than nothing."))
    posting.commit(cost.line, amount, key=f"cost-{cost.pk}", at=at, about=cost)
    cost.state, cost.approved, cost.decided_by, cost.decided_at = Cost.State.APPROVED, amount.amount, by, at
    cost.save(update_fields=["state", "approved", "decided_by", "decided_at"])


@operation
def reject_cost(cost: Cost, *, reason: str, words: str = "", by: User, at: datetime) -> Cost:
    """Refuses it, and says why. Its invoices may be submitted again, on another form."""
    cost = _locked(cost)
    _require_others(cost, by)
    if not cost.awaits_decision:
        raise CannotDecide(_("This has been decided already."))
    if reason not in Cost.Reason.values or (reason == Cost.Reason.OTHER and not words.strip()):
        raise CannotDecide(_("Say why, so that it can be put right."))

    cost.state, cost.decided_by, cost.decided_at, cost.reason = Cost.State.REJECTED, by, at, reason
    cost.words, cost.salt = words, secrets.token_hex(16) if words else ""
    cost.save(update_fields=["state", "decided_by", "decided_at", "reason", "words", "salt"])
    cost.items.update(counts=False)

    more: dict[str, Any] = {"words": sha256(f"{cost.salt}{words}".encode()).hexdigest()} if words else {}
    record("cost.rejected", subject=cost, actor=by, occurred_at=at, refs=_about(cost), reason=reason, **more)
    return cost


@operation
def pay_cost(cost: Cost, *, day: date, by: User, at: datetime) -> Cost:
    """What was approved has been paid on that day, which lies in a month that is open."""
    cost = _locked(cost)
    _require_others(cost, by)
    if not cost.awaits_payment:
        raise CannotPay(_("Only what has been approved, and is not paid yet, can be paid."))
    if day < queries.day_of(cost.submitted_at) or day > queries.day_of(at):
        raise CannotPay(_("The day of the payment lies between the form's day and today."))
    granted = cost.granted
    assert granted is not None
    commitment = Commitment.objects.get(line=cost.line_id, key=f"cost-{cost.pk}")
    posting.spend(commitment, Posting(granted, day, f"cost-{cost.pk}", at, about=cost))

    cost.state, cost.paid_by, cost.paid_at, cost.paid_day = Cost.State.PAID, by, at, day
    cost.save(update_fields=["state", "paid_by", "paid_at", "paid_day"])

    record(
        "cost.paid", subject=cost, actor=by, occurred_at=at, refs=_about(cost), amount=granted, currency=cost.currency
    )
    return cost


def _locked(cost: Cost) -> Cost:
    return Cost.objects.select_for_update(of=("self",)).select_related("line").get(pk=cost.pk)


def _require_others(cost: Cost, by: User) -> None:
    if cost.requester_id == by.pk:
        raise NotYours(_("Nobody decides on their own costs, or pays them: ask a colleague."))


def _about(cost: Cost) -> list[Model]:
    """What the money was spent on, where it was said."""
    noun = NOUNS.get(cost.noun)
    return list(noun.model._default_manager.filter(pk=cost.noun_id)) if noun else []  # noqa: SLF001


# --- months -----------------------------------------------------------------------------------------------------------


@operation
def close_period(month: date, *, by: User, at: datetime) -> Period:
    """Closes the books of a month that is over. What is found afterwards goes into the next, or the month is opened again."""
    month = queries.first_of(month)
    last = queries.last_of(month)
    if last >= queries.day_of(at):
        raise CannotClose(_("This month is not over yet."))
    Period.objects.get_or_create(owner_id=by.organisation_id, month=month)
    period = Period.objects.select_for_update().get(owner=by.organisation_id, month=month)
    if period.is_closed:
        raise CannotClose(_("This month has been closed already."))
    transfers = list(queries.transfers_of(period))

    period.closed_at, period.closed_by, period.closings = at, by, period.closings + 1
    period.digest = queries.digest(transfers)
    period.save(update_fields=["closed_at", "closed_by", "closings", "digest"])

    record(
        "period.closed", subject=period, actor=by, occurred_at=at, from_day=month, to_day=last,
        transfers=len(transfers), document=period.digest,
    )  # fmt: skip
    return period


@operation
def reopen_period(period: Period, *, reason: str, by: User, at: datetime) -> Period:
    """Opens a closed month again, so that it can be put right; the ledger keeps what it was closed with."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if not period.is_closed:
        raise CannotReopen(_("This month is open."))
    if reason not in REASONS:
        raise CannotReopen(_("Say why it is opened again."))

    period.closed_at = period.closed_by = None
    period.save(update_fields=["closed_at", "closed_by"])

    record("period.reopened", subject=period, actor=by, occurred_at=at, from_day=period.month, reason=reason)
    return period
