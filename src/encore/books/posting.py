"""Plain steps for the operations of every feature: to post, to set money aside, to spend or to free what was set aside.

Each runs within the transaction of whoever calls it, and locks in this order: month, budget line, commitment; so that of two
who spend the last of a budget one is refused. Each takes a key: the same key again is the same posting, and changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from encore.books import queries
from encore.books.models import FUNDS, Account, BudgetLine, Commitment, Period, Transfer
from encore.ledger.nouns import Key, key_of
from encore.ledger.refusal import Refusal
from encore.money import Money


class PeriodClosed(Refusal):
    """The month has been closed: the posting goes into the next one, or somebody opens it again and says why."""


class BudgetExceeded(Refusal):
    pass


class KeyTaken(Refusal):
    """The key has been used for something else."""


class CannotSpend(Refusal):
    pass


class AlreadyReversed(Refusal):
    pass


def account(owner: int, code: str, currency: str = "CNY") -> Account:
    """An organisation's account by its code; opened where there was none."""
    return Account.objects.get_or_create(owner_id=owner, code=code, defaults={"currency": currency})[0]


def funds(owner: int, currency: str = "CNY") -> Account:
    """What an organisation pays from."""
    return account(owner, FUNDS if currency == "CNY" else f"{FUNDS}-{currency}", currency)


@dataclass(frozen=True)
class Posting:
    """`day`: of the books. `about`: the row that it was for."""

    money: Money
    day: date
    key: str
    at: datetime
    about: Model | None = None


def post(posting: Posting, *, debit: Account, credit: Account) -> Transfer:
    """Moves money from the credited to the debited account; out of a budget line no more than it has left."""
    return _post(posting, debit, credit, _about(posting.about))


def _post(
    posting: Posting, debit: Account, credit: Account, about: Key | None, reverses: Transfer | None = None
) -> Transfer:
    if debit.owner_id != credit.owner_id:
        raise ValueError("a transfer stays within the books of one organisation")
    if {debit.currency, credit.currency} != {posting.money.currency}:
        raise ValueError(f"{posting.money.currency} between accounts in {debit.currency} and {credit.currency}")
    require_open(debit.owner_id, posting.day)
    if before := Transfer.objects.filter(owner=debit.owner_id, key=posting.key).first():
        if (before.debit_id, before.credit_id, before.money) != (debit.pk, credit.pk, posting.money):
            raise KeyTaken(_("This has been posted already, with another amount or to another account."))
        return before
    if line := BudgetLine.objects.select_for_update().filter(account=debit).first():
        _require_left(line, posting.money)
    return Transfer.objects.create(
        owner_id=debit.owner_id,
        debit=debit,
        credit=credit,
        amount=posting.money.amount,
        currency=posting.money.currency,
        day=posting.day,
        at=posting.at,
        key=posting.key,
        noun=about.noun if about else "",
        noun_id=about.id if about else None,
        reverses=reverses,
    )


def require_open(owner: int, day: date) -> Period:
    """The month of that day, locked; refused where it is closed."""
    Period.objects.get_or_create(owner_id=owner, month=queries.first_of(day))
    period = Period.objects.select_for_update().get(owner_id=owner, month=queries.first_of(day))
    if period.is_closed:
        sentence = _("The books of %(month)s are closed. Take a day of a later month, or have the month opened again.")
        raise PeriodClosed(sentence % {"month": f"{period.month:%Y-%m}"})
    return period


def commit(line: BudgetLine, money: Money, *, key: str, at: datetime, about: Model | None = None) -> Commitment:
    """Sets money of a line aside. Refused where less than that is left."""
    line = BudgetLine.objects.select_for_update().get(pk=line.pk)
    if before := line.commitments.filter(key=key).first():
        if before.money != money:
            raise KeyTaken(_("This has been set aside already, with another amount."))
        return before
    _require_left(line, money)
    row = _about(about)
    return Commitment.objects.create(
        line=line, amount=money.amount, currency=money.currency, key=key, at=at,
        noun=row.noun if row else "", noun_id=row.id if row else None,
    )  # fmt: skip


def spend(commitment: Commitment, posting: Posting) -> Transfer:
    """Pays what was set aside, from the funds; what is not needed of it is free again."""
    owner = commitment.line.owner_id
    require_open(owner, posting.day)
    commitment = _locked(commitment)
    if before := Transfer.objects.filter(owner=owner, key=posting.key).first():
        return before
    if commitment.state != Commitment.State.RESERVED:
        raise CannotSpend(_("This money is not set aside any more."))
    if posting.money > commitment.money:
        raise CannotSpend(_("That is more than was set aside."))
    _end(commitment, Commitment.State.SPENT, posting.at)
    return post(posting, debit=commitment.line.account, credit=funds(owner, commitment.currency))


def release(commitment: Commitment, *, at: datetime) -> None:
    """Frees what was set aside and is not going to be paid. What is free already stays so."""
    commitment = _locked(commitment)
    if commitment.state == Commitment.State.SPENT:
        raise CannotSpend(_("This money has been paid already."))
    if commitment.state == Commitment.State.RESERVED:
        _end(commitment, Commitment.State.RELEASED, at)


def reverse(transfer: Transfer, *, day: date, at: datetime) -> Transfer:
    """Moves the same amount back, in a month that is open: how a mistake in a closed one is put right."""
    require_open(transfer.owner_id, day)
    transfer = Transfer.objects.select_for_update().get(pk=transfer.pk)
    if transfer.reverses_id is not None or Transfer.objects.filter(reverses=transfer).exists():
        raise AlreadyReversed(_("This has been moved back already."))
    about = Key(transfer.noun, transfer.noun_id) if transfer.noun_id is not None else None
    back = Posting(transfer.money, day, f"reverse-{transfer.pk}", at)
    return _post(back, transfer.credit, transfer.debit, about, transfer)


def _require_left(line: BudgetLine, money: Money) -> None:
    left = queries.standing(line).available
    if money > left:
        sentence = _("%(line)s has only %(left)s left. Have its budget raised, or take another line.")
        raise BudgetExceeded(sentence % {"line": line.name, "left": left.shown})


def _about(row: Model | None) -> Key | None:
    return key_of(row) if row is not None else None


def _locked(commitment: Commitment) -> Commitment:
    BudgetLine.objects.select_for_update().get(pk=commitment.line_id)
    rows = Commitment.objects.select_for_update(of=("self",)).select_related("line__account")
    return rows.get(pk=commitment.pk)


def _end(commitment: Commitment, state: Commitment.State, at: datetime) -> None:
    commitment.state, commitment.ended_at = state, at
    commitment.save(update_fields=["state", "ended_at"])
