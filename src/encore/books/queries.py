from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import orjson
from django.db.models import Count, DecimalField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from encore.accounts.models import Post, User
from encore.accounts.rights import may
from encore.books.models import FUNDS, Account, BudgetLine, Commitment, Cost, CostItem, Period, Transfer
from encore.money import Money

_CENT: Final = Decimal("0.01")
_SUM: Final[DecimalField[Any, Any]] = DecimalField(max_digits=18, decimal_places=2)
KEEPING: Final = (Post.MANAGER, Post.FINANCE)  # who see all of their organisation's books


def keeps(user: User) -> bool:
    return user.post in KEEPING


# Who else sees costs: packages above say so, such as whoever is asked to approve them.
ALSO_SHOWN: Final[list[Callable[[User], Q]]] = []


def costs_visible_to(user: User) -> QuerySet[Cost]:
    """Of one's own organisation: all, for those who keep its books; for everybody else what comes to themselves."""
    people = ("requester", "beneficiary", "line", "decided_by", "paid_by")
    own = Cost.objects.filter(owner=user.organisation_id).select_related(*people)
    if keeps(user):
        return own
    shown = Q(requester=user.pk) | Q(beneficiary=user.pk)
    for also in ALSO_SHOWN:
        shown |= also(user)
    return own.filter(shown)


def lines_visible_to(user: User) -> QuerySet[BudgetLine]:
    return BudgetLine.objects.filter(owner=user.organisation_id) if keeps(user) else BudgetLine.objects.none()


def periods_visible_to(user: User) -> QuerySet[Period]:
    return Period.objects.filter(owner=user.organisation_id) if keeps(user) else Period.objects.none()


def responsible(numbers: Collection[int]) -> dict[int, list[User]]:
    """Those who see to it that a cost is decided on, and pay it: never who gets the money."""
    costs = Cost.objects.filter(pk__in=numbers, state__in=(Cost.State.SUBMITTED, Cost.State.APPROVED))
    people: dict[int, list[User]] = {}
    keeping = User.objects.filter(is_active=True, post__in=KEEPING, organisation__in=costs.values("owner"))
    for person in keeping.select_related("organisation"):
        people.setdefault(person.organisation_id, []).append(person)
    return {
        cost.pk: [
            one for one in people.get(cost.owner_id, []) if one.pk not in cost.barred and may("books.pay_cost", one)
        ]
        for cost in costs
    }


# --- what may be spent ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A budget line in its four numbers: 预算 已批未付 已付 可用."""

    line: BudgetLine
    committed: Money
    paid: Money

    @property
    def budget(self) -> Money:
        return self.line.money

    @property
    def available(self) -> Money:
        return self.budget - self.committed - self.paid


def standings(lines: QuerySet[BudgetLine]) -> list[Standing]:
    """All four numbers of all these lines, in one query.

    SQLite adds decimals as floats: each sum is brought back to the cent before anything is done with it.
    """
    reserved = Commitment.objects.filter(line=OuterRef("pk"), state=Commitment.State.RESERVED)
    found = lines.annotate(
        committed=_sum(reserved.values("line")),
        debited=_sum(Transfer.objects.filter(debit=OuterRef("account")).values("debit")),
        credited=_sum(Transfer.objects.filter(credit=OuterRef("account")).values("credit")),
    )
    return [
        Standing(
            line,
            Money(line.committed.quantize(_CENT), line.currency),
            Money(line.debited.quantize(_CENT) - line.credited.quantize(_CENT), line.currency),
        )
        for line in found
    ]


def _sum(rows: QuerySet[Any, Any]) -> Coalesce:
    summed = rows.annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(summed, output_field=_SUM), Decimal(0), output_field=_SUM)


def standing(line: BudgetLine) -> Standing:
    [found] = standings(BudgetLine.objects.filter(pk=line.pk))
    return found


def open_lines(organisation: int, day: date) -> list[Standing]:
    """The lines that can be spent from on that day, by their names."""
    lines = BudgetLine.objects.filter(owner=organisation, from_day__lte=day, to_day__gte=day)
    return standings(lines.order_by("name", "pk"))


def balances(owner: int) -> dict[str, Money]:
    """Of each account of an organisation. Together they are nothing: what one got another gave."""
    found: dict[str, Money] = {}
    rows = Account.objects.filter(owner=owner).annotate(
        debited=_sum(Transfer.objects.filter(debit=OuterRef("pk")).values("debit")),
        credited=_sum(Transfer.objects.filter(credit=OuterRef("pk")).values("credit")),
    )
    for account in rows.order_by("code"):
        found[account.code] = Money(
            account.debited.quantize(_CENT) - account.credited.quantize(_CENT), account.currency
        )
    return found


# --- months -----------------------------------------------------------------------------------------------------------


def day_of(at: datetime) -> date:
    """The day of the books: the calendar's, in the house's zone."""
    return localtime(at).date()


def first_of(day: date) -> date:
    return day.replace(day=1)


def last_of(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def transfers_of(period: Period) -> QuerySet[Transfer]:
    within = Q(owner=period.owner_id, day__gte=period.month, day__lte=last_of(period.month))
    return Transfer.objects.filter(within).order_by("day", "pk")


def digest(transfers: Iterable[Transfer]) -> str:
    """What binds a closed month: any transfer that came, went or changed since makes another."""
    rows = [
        [one.pk, one.debit_id, one.credit_id, str(one.amount), one.currency, one.day.isoformat(), one.key]
        for one in transfers
    ]
    return sha256(orjson.dumps(rows)).hexdigest()


@dataclass(frozen=True)
class Month:
    """A month in the list: its row, where it has one; how many transfers; whether it is over and may be closed."""

    month: date
    period: Period | None
    transfers: int
    is_over: bool


def months(user: User, at: datetime) -> list[Month]:
    """The latest two years of months with anything in them, and the month that is under way, the latest first."""
    today = day_of(at)
    present = first_of(today)
    since = present.replace(year=present.year - 2)
    days = Transfer.objects.filter(owner=user.organisation_id, day__gte=since)
    counted = {
        row["month"]: row["number"]
        for row in days.annotate(month=TruncMonth("day")).values("month").annotate(number=Count("pk")).order_by()
    }
    periods = {row.month: row for row in periods_visible_to(user).filter(month__gte=since).select_related("closed_by")}
    known = sorted({*counted, *periods, present}, reverse=True)
    return [Month(month, periods.get(month), counted.get(month, 0), month < present) for month in known]


@dataclass(frozen=True)
class MonthLine:
    """What a month did to one budget line."""

    line: BudgetLine
    paid: Money
    taken_back: Money


def month_lines(period: Period) -> list[MonthLine]:
    within = Q(day__gte=period.month, day__lte=last_of(period.month))
    lines = (
        BudgetLine.objects.filter(owner=period.owner_id)
        .annotate(
            debited=_sum(Transfer.objects.filter(within, debit=OuterRef("account")).values("debit")),
            credited=_sum(Transfer.objects.filter(within, credit=OuterRef("account")).values("credit")),
        )
        .filter(Q(debited__gt=0) | Q(credited__gt=0))
        .order_by("name", "pk")
    )
    return [
        MonthLine(
            line,
            Money(line.debited.quantize(_CENT), line.currency),
            Money(line.credited.quantize(_CENT), line.currency),
        )
        for line in lines
    ]


# --- costs ------------------------------------------------------------------------------------------------------------


def submitted(user: User, form_key: str) -> Cost | None:
    """What came of a form that this person has sent before."""
    return Cost.objects.filter(requester=user, form_key=form_key).first() if form_key else None


def taken_invoices(owner: int, invoices: Collection[str]) -> dict[str, Cost]:
    """Of these numbers, those that another form already has, and which."""
    items = CostItem.objects.filter(owner=owner, counts=True, invoice__in=[one for one in invoices if one])
    return {item.invoice: item.cost for item in items.select_related("cost")}


def commitments_of(line: BudgetLine) -> QuerySet[Commitment]:
    return line.commitments.filter(state=Commitment.State.RESERVED).order_by("at", "pk")


def payments_of(line: BudgetLine) -> QuerySet[Transfer]:
    """All that moved on the line's account, the latest first."""
    moved = Q(debit=line.account_id) | Q(credit=line.account_id)
    undone = Exists(Transfer.objects.filter(reverses=OuterRef("pk")))
    return Transfer.objects.filter(moved).annotate(is_reversed=undone).order_by("-day", "-pk")


def reversible(line: BudgetLine) -> QuerySet[Transfer]:
    """What was paid out of the line and not moved back, the latest first."""
    return payments_of(line).filter(debit=line.account_id, reverses=None, reversed_by=None)


def account_name(account: Account) -> str:
    """What people call an account: its budget line, or what is paid from."""
    line = getattr(account, "line", None)
    return line.name if line is not None else _("funds") if account.code.startswith(FUNDS) else account.code
