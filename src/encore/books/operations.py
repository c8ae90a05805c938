"""What is done with budgets, costs and months. Who has to approve a cost, and above which amount, is not
known here: `workflows` asks them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.accounts.rights import NotYours
from encore.books import posting, queries
from encore.books.models import BudgetLine, Commitment, Cost, CostItem, Period, Transfer
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

# Why a payment is moved back.
REVERSALS: Final = {
    "wrong_amount": _("the amount was wrong"),
    "wrong_line": _("it stood under the wrong budget line"),
    "paid_twice": _("it was paid twice"),
    "given_back": _("the money was given back"),
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


class CannotReverse(Refusal):
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
    """What somebody laid out. `about`: the row that it was spent on. `form_key` names the form that it stands in.

    `beneficiary`: whose money it was, where a colleague fills in the form.
    """

    line: BudgetLine
    purpose: str
    items: Sequence[Item]
    form_key: str
    attachments: int = 0
    about: Model | None = None
    beneficiary: User | None = None


def take_claim(claim: Claim, *, by: User, at: datetime) -> Cost:
    """The plain step. Refused where the line has less left: that is said before anybody approves."""
    if not claim.items:
        raise CannotSubmit(_("Say what the money was spent on, line by line."))
    if claim.line.owner_id != by.organisation_id:
        raise CannotSubmit(_("This budget line belongs to another organisation."))
    if claim.beneficiary is not None and claim.beneficiary.organisation_id != by.organisation_id:
        raise CannotSubmit(_("The money goes to somebody of the house."))
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
            beneficiary=claim.beneficiary if claim.beneficiary != by else None,
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


def grant(cost: Cost, *, by: User, at: datetime) -> None:
    """The plain step: all that was claimed is approved by whoever has the last word, and set aside from now on."""
    cost = _undecided(cost)
    posting.commit(cost.line, cost.money, key=f"cost-{cost.pk}", at=at, about=cost)
    cost.state, cost.approved, cost.decided_by, cost.decided_at = Cost.State.APPROVED, cost.amount, by, at
    cost.save(update_fields=["state", "approved", "decided_by", "decided_at"])

    record(
        "cost.approved", subject=cost, actor=by, occurred_at=at, refs=_about(cost), amount=cost.money,
        currency=cost.currency,
    )  # fmt: skip


def turn_down(cost: Cost, *, words: str, by: User, at: datetime) -> None:
    """The plain step: it is rejected. Its invoices may be submitted again, on another form."""
    cost = _undecided(cost)
    cost.state, cost.decided_by, cost.decided_at, cost.words = Cost.State.REJECTED, by, at, words
    cost.save(update_fields=["state", "decided_by", "decided_at", "words"])
    cost.items.update(counts=False)

    record("cost.rejected", subject=cost, actor=by, occurred_at=at, refs=_about(cost))


def call_off(cost: Cost, *, by: User, at: datetime) -> None:
    """The plain step: whoever submitted it does not ask for it any more."""
    cost = _undecided(cost)
    cost.state, cost.decided_at = Cost.State.WITHDRAWN, at
    cost.save(update_fields=["state", "decided_at"])
    cost.items.update(counts=False)

    record("cost.withdrawn", subject=cost, actor=by, occurred_at=at, refs=_about(cost))


def _undecided(cost: Cost) -> Cost:
    cost = _locked(cost)
    if not cost.awaits_decision:
        raise CannotDecide(_("This has been decided already."))
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


@operation
def reverse_transfer(transfer: Transfer, *, day: date, reason: str, by: User, at: datetime) -> Transfer:
    """Puts a payment right by moving it back, on a day whose month is open. The form it paid may be filled in anew."""
    if reason not in REVERSALS:
        raise CannotReverse(_("Say why it is moved back."))
    if not transfer.day <= day <= queries.day_of(at):
        raise CannotReverse(_("The day lies between the payment's day and today."))
    line = BudgetLine.objects.filter(account=transfer.debit_id).first()
    if line is None:
        raise CannotReverse(_("Only what was paid out of a budget line is moved back."))
    cost = _paid_by(transfer)
    if cost is not None:
        _require_others(cost, by)
    back = posting.reverse(transfer, day=day, at=at)
    if cost is not None:
        cost.state = Cost.State.RETURNED
        cost.save(update_fields=["state"])
        cost.items.update(counts=False)

    record(
        "transfer.reversed", subject=line, actor=by, occurred_at=at, refs=[cost, *_about(cost)] if cost else [],
        amount=back.money, currency=back.currency, day=day, reason=reason,
    )  # fmt: skip
    return back


def _paid_by(transfer: Transfer) -> Cost | None:
    """The form that this transfer paid, locked."""
    if transfer.noun != "cost" or transfer.noun_id is None:
        return None
    return _locked(Cost(pk=transfer.noun_id))


def _locked(cost: Cost) -> Cost:
    return Cost.objects.select_for_update(of=("self",)).select_related("line").get(pk=cost.pk)


def _require_others(cost: Cost, by: User) -> None:
    if by.pk in cost.barred:
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
