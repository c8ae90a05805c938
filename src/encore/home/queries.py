"""What the board shows: every duty of a contract, how it stands, and what runs out next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from encore.contracts.models import Contract
from encore.engine import Edition
from encore.ledger import queries as ledger
from encore.ledger.models import Clock
from encore.ledger.queries import Tally
from encore.web.tables import PAGE, Place, after

FIRST: Final = 6

# The columns of the board, and the states of a clock that each counts.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "running": ("open", "suspended"),
    "kept": ("fulfilled",),
    "late": ("late",),
    "missed": ("breached",),
    "dropped": ("discharged", "excused"),
}


@dataclass(frozen=True)
class Line:
    """A duty of the edition with the number of its clocks in each column."""

    duty: str
    counts: Mapping[str, int]
    next_due: datetime | None


@dataclass(frozen=True)
class Section:
    """A clause on which duties hang."""

    number: str
    lines: list[Line]


def sections(contract: Contract, edition: Edition, now: datetime) -> list[Section]:
    """The clauses in the edition's order; duties of an earlier edition that still have clocks come last."""
    tallies = ledger.tallies(contract.pk, now)
    found: dict[str, Section] = {}
    for number in edition.clauses:
        lines = [_line(duty.id, tallies) for duty in edition.duties.values() if duty.clause == number]
        if lines:
            found[number] = Section(number, lines)
    return list(found.values())


def _line(duty: str, tallies: Mapping[str, Tally]) -> Line:
    tally = tallies.get(duty, Tally())
    counts = {column: sum(tally.states.get(state, 0) for state in states) for column, states in COLUMNS.items()}
    return Line(duty, counts, tally.next_due)


def overdue(contract: Contract, now: datetime) -> QuerySet[Clock]:
    """Clocks past their due on which something is still owed, the one that has waited longest first."""
    return ledger.running([contract.pk]).filter(due_at__lt=now).exclude(state="suspended")


def upcoming(contract: Contract, now: datetime) -> QuerySet[Clock]:
    """Clocks that run, the one with the least time left first."""
    return ledger.running([contract.pk]).filter(state="open", due_at__gte=now)


def rows(contract: Contract, duty: str, column: str, now: datetime, place: Place | None) -> list[Clock]:
    """A page of the clocks that a number of the board counts, the earliest deadline first, and one row more."""
    found = Clock.objects.filter(contract=contract.pk)
    passed = Q(state="open", due_at__lt=now)
    if column == "missed":
        found = found.filter(Q(state="breached") | passed)
    elif column == "overdue":
        found = overdue(contract, now)
    elif column:
        found = found.filter(~passed, state__in=COLUMNS[column])
    if duty:
        found = found.filter(duty=duty)
    return list(found.filter(after("due_at", place)).order_by("due_at", "pk")[: PAGE + 1])
