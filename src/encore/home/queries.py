"""What the board shows: every duty of a contract, how it stands, and what runs out next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from encore.contracts.models import Contract
from encore.engine import Edition
from encore.ledger import queries as ledger
from encore.ledger.models import Clock
from encore.ledger.queries import Tally

FIRST: Final = 6

# The columns of the board, and the states of a clock that each counts.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "running": ("open",),
    "suspended": ("suspended",),
    "kept": ("fulfilled",),
    "late": ("late",),
    "missed": ("breached",),
    "dropped": ("discharged", "excused"),
}


@dataclass(frozen=True)
class Counts:
    """How many clocks stand in each column."""

    columns: Mapping[str, int]

    @property
    def kept(self) -> int:
        return self.columns["kept"]

    @property
    def decided(self) -> int:
        """Those of which it is known whether they were kept; what was dropped or excused is not among them."""
        return self.columns["kept"] + self.columns["late"] + self.columns["missed"]


@dataclass(frozen=True)
class Line(Counts):
    """A duty of the edition."""

    duty: str
    clause: str
    next_due: datetime | None


@dataclass(frozen=True)
class Part(Counts):
    """The duties whose clauses begin with the same number; `number` is empty for those that have none."""

    number: str
    lines: list[Line]


def parts(contract: Contract, edition: Edition, now: datetime) -> list[Part]:
    """In the edition's order; what stands outside its numbered clauses comes last."""
    tallies = ledger.tallies(contract.pk, now)
    order = {number: place for place, number in enumerate(edition.clauses)}
    grouped: dict[str, list[Line]] = {}
    for duty in sorted(edition.duties.values(), key=lambda duty: order[duty.clause]):
        first = duty.clause.partition(".")[0]
        grouped.setdefault(first if first.isdecimal() else "", []).append(_line(duty.id, duty.clause, tallies))
    return [
        Part(summed(lines), number, lines) for number, lines in sorted(grouped.items(), key=lambda part: not part[0])
    ]


def _line(duty: str, clause: str, tallies: Mapping[str, Tally]) -> Line:
    tally = tallies.get(duty, Tally())
    counts = {column: sum(tally.states.get(state, 0) for state in states) for column, states in COLUMNS.items()}
    return Line(counts, duty, clause, tally.next_due)


def summed(rows: Iterable[Counts]) -> dict[str, int]:
    rows = list(rows)
    return {column: sum(row.columns[column] for row in rows) for column in COLUMNS}


def overdue(contract: Contract, now: datetime) -> QuerySet[Clock]:
    """Clocks past their due on which something is still owed, the one that has waited longest first."""
    return ledger.running([contract.pk]).filter(due_at__lt=now).exclude(state="suspended")


def upcoming(contract: Contract, now: datetime) -> QuerySet[Clock]:
    """Clocks that run, the one with the least time left first."""
    return ledger.running([contract.pk]).filter(state="open", due_at__gte=now)


def standing(column: str, now: datetime) -> Q:
    """The clocks that a column of the board counts; `overdue` are those of the missed on which something is still owed."""
    passed = Q(state="open", due_at__lt=now)
    match column:
        case "missed":
            return Q(state="breached") | passed
        case "overdue":
            return Q(is_ended=False, due_at__lt=now) & ~Q(state="suspended")
        case "running":
            return Q(state="open", due_at__gte=now)
    return Q(state__in=COLUMNS[column])


def column_of(clock: Clock, now: datetime) -> str:
    """The column of the board that counts this clock."""
    if clock.state == "open" and clock.due_at < now:
        return "missed"
    return next(column for column, states in COLUMNS.items() if clock.state in states)
