"""Charts: what is drawn, and the table behind it, made of the same values.

What was counted is an int or a Decimal. What was estimated is an `Estimate`, which there is none of without its interval and
its n, or `TooFew` where they say nothing: a bare float is refused.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, Literal, TypeVar

from babel.numbers import format_decimal
from django.contrib.staticfiles import finders
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encore.web import language

BUNDLE: Final = "encore/built/charts.js"
Text = str | Promise
T = TypeVar("T", str, Promise, Text)
Kind = Literal["number", "percent", "money"]


def are_built() -> bool:
    """Whether there is what draws them. Where it could not be built, pages show the tables alone."""
    return finders.find(BUNDLE) is not None


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if not (self.n > 0 and all(map(math.isfinite, (self.value, self.low, self.high)))):
            raise ValueError(f"{self} is no estimate.")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self} lies outside its interval.")


@dataclass(frozen=True)
class TooFew:
    """Fewer answers than anything can be said from."""

    n: int


Value = int | Decimal | Estimate | TooFew | None


@dataclass(frozen=True)
class Series:
    """`marked`: the places of values that stand out, and why. `second`: of what kind, where it has an axis of its own."""

    name: Text
    values: Sequence[Value]
    kind: Literal["bar", "line", "point"] = "bar"
    marked: Mapping[int, Text] = field(default_factory=dict)
    second: Kind | None = None

    def __post_init__(self) -> None:
        for value in self.values:
            if not isinstance(value, int | Decimal | Estimate | TooFew | None):
                raise TypeError(f"{value!r} is neither counted nor an estimate with its interval and n.")
            if isinstance(value, Estimate) and self.kind == "bar":
                raise TypeError("An estimate is drawn as a point or on a line: a bar hides half of its interval.")


@dataclass(frozen=True)
class Limit:
    """A line across the chart, such as a control limit. `is_middle`: the one that values are expected to lie about."""

    name: Text
    value: float
    is_middle: bool = False


@dataclass(frozen=True)
class Cell:
    shown: str
    mark: Text = ""


@dataclass(frozen=True)
class Chart:
    """`axis`: what the categories are, `unit`: what the values are counted in. `id`: its own on the page."""

    id: str
    title: Text
    axis: Text
    categories: Sequence[Text]
    series: Sequence[Series]
    limits: Sequence[Limit] = ()
    kind: Kind = "number"
    unit: Text = ""
    note: Text = ""
    lies: bool = False

    def __post_init__(self) -> None:
        if any(len(one.values) != len(self.categories) for one in self.series):
            raise ValueError(f"{self.id}: every series has a value, or None, for each category.")

    @property
    def is_empty(self) -> bool:
        return not any(value is not None for one in self.series for value in one.values)

    @property
    def rows(self) -> list[tuple[Text, list[Cell]]]:
        """The table: each category with its values, written out."""
        return [
            (category, [Cell(self._shown(one, place), one.marked.get(place, "")) for one in self.series])
            for place, category in enumerate(self.categories)
        ]

    @property
    def bounds(self) -> list[tuple[Text, str]]:
        return [(one.name, _written(one.value, self.kind)) for one in self.limits]

    @property
    def drawing(self) -> dict[str, Any]:
        """What the script draws, whose words are all here."""
        return {
            "categories": [str(one) for one in self.categories],
            "series": [self._drawn(one) for one in self.series],
            "limits": [
                {"name": str(one.name), "value": one.value, "shown": shown, "middle": one.is_middle}
                for one, (_name, shown) in zip(self.limits, self.bounds, strict=True)
            ],
            "kind": self.kind,
            "lies": self.lies,
            "language": language.html_lang(get_language() or ""),
            "description": _("{title}. The numbers stand in the table below.").format(title=self.title),
        }

    def _drawn(self, one: Series) -> dict[str, Any]:
        return {
            "name": str(one.name),
            "kind": one.kind,
            "values": [_number(value) for value in one.values],
            "intervals": [[value.low, value.high] if isinstance(value, Estimate) else None for value in one.values],
            "shown": [self._shown(one, place) for place in range(len(one.values))],
            "marked": sorted(one.marked),
            "second": one.second,
        }

    def _shown(self, one: Series, place: int) -> str:
        kind, value = one.second or self.kind, one.values[place]
        match value:
            case Estimate():
                low, high, n = _written(value.low, kind), _written(value.high, kind), language.number(value.n)
                return _("{value} ({low} to {high}), n = {n}").format(
                    value=_written(value.value, kind), low=low, high=high, n=n
                )
            case TooFew():
                return _("too few to say, n = {n}").format(n=language.number(value.n))
            case None:
                return "–"
        return _written(value, kind)


def pareto(id: str, title: Text, axis: Text, counts: Mapping[T, int], unit: Text = "") -> Chart:
    """The most frequent first, with the share that each and all before it make up."""
    ranked = sorted(((name, count) for name, count in counts.items() if count), key=lambda one: -one[1])
    total = sum(count for _name, count in ranked)
    shares = [Decimal(part) / total for part in accumulate(count for _name, count in ranked)]
    return Chart(
        id,
        title,
        axis,
        [name for name, _count in ranked],
        [
            Series(_("Count"), [count for _name, count in ranked]),
            Series(_("Share up to here"), shares, "line", second="percent"),
        ],
        unit=unit,
    )


def _number(value: Value) -> float | int | None:
    match value:
        case Estimate():
            return value.value
        case Decimal():
            return float(value)
        case int():
            return value
    return None


def _written(value: float | Decimal, kind: Kind) -> str:
    match kind:
        case "percent":
            return language.percent(float(value))
        case "money":
            return language.money(Decimal(value))
    return str(format_decimal(value, "#,##0.##", locale=language.locale()))
