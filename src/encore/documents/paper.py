"""What stands on a paper, whatever it is made into: said once, it becomes PDF, DOCX and XLSX."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.timezone import localtime

from encore.money import Money

Text = str | Promise
Value = Text | int | Decimal | Money | date | datetime | None
Side = Literal["left", "right", "center"]


@dataclass(frozen=True)
class Heading:
    text: Text


@dataclass(frozen=True)
class Words:
    """Paragraphs as somebody wrote them; framed, where they are somebody's own words."""

    text: Text
    is_framed: bool = False


@dataclass(frozen=True)
class Facts:
    """A frame of names and values, two pairs in a line; a value that is long has the line for itself."""

    pairs: Sequence[tuple[Text, Value]]


@dataclass(frozen=True)
class Grid:
    """`widths`: the columns' shares of the line. `total`: a last row, in bold."""

    head: Sequence[Text]
    rows: Sequence[Sequence[Value]]
    widths: Sequence[int] = ()
    sides: Sequence[Side] = ()
    total: Sequence[Value] = ()
    none: Text = ""  # what is said instead of an empty grid


Block = Heading | Words | Facts | Grid


@dataclass(frozen=True)
class Paper:
    """`form`: what a template of its own needs besides. `signatures`: who signs at its end; `seals`: whose seals have a place."""

    title: Text
    organisation: str
    blocks: Sequence[Block] = ()
    form: Mapping[str, Any] = field(default_factory=dict)
    signatures: Sequence[Text] = ()
    seals: Sequence[Text] = ()


def written(value: Value) -> str:
    """A value as it stands on paper: days and times as tables have them, amounts with their sign."""
    match value:
        case None:
            return "—"
        case datetime():
            return f"{localtime(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case Money():
            return value.shown
        case Decimal():
            return f"{value:,}"
    return str(value)
