"""Lists. A table's columns are declared once; the page, the cards on a phone, the sheet and the JSON all come from that."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeVar

from django.db.models import F, Field, Model, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from encore.web.dates import read_date

PAGE: Final = 50
MOST_COUNTED: Final = 1_000

Text = str | Promise
Value = Text | int | Decimal | date | datetime | None
Kind = Literal["text", "reference", "number", "money", "moment", "deadline", "badge", "excerpt", "clock", "clause"]
Cell = tuple[str, Kind, Any, str]  # its attributes, its kind, what it shows, where it leads
M = TypeVar("M", bound=Model)
R = TypeVar("R")


# --- what is declared -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column(Generic[R]):
    """`value`: what sheets and JSON give. `show`: what the page shows, for kinds that need more than the value."""

    key: str
    title: Text
    value: Callable[[R], Value]
    kind: Kind = "text"
    show: Callable[[R], Any] | None = None
    link: Callable[[R], str] | None = None
    sort: str = ""  # the field of the database, where one may sort by it
    total: str = ""  # the field of the database, where its sum is given
    is_shown: bool = True  # as long as nobody has chosen


@dataclass(frozen=True)
class Choice:
    """A filter by what is listed. Several of one filter are any of them."""

    key: str
    title: Text
    choices: Sequence[tuple[str, Text]]
    where: Callable[[str], Q]

    def condition(self, asked: QueryDict) -> Q:
        chosen = [value for value in asked.getlist(f"f.{self.key}") if value]
        if not set(chosen) <= {value for value, _label in self.choices}:
            raise Http404
        found = Q()
        for value in chosen:
            found |= self.where(value)
        return found

    def names(self) -> Iterator[str]:
        yield f"f.{self.key}"


@dataclass(frozen=True)
class Days:
    """A filter from one day to another, both of them included."""

    key: str
    title: Text
    field: str

    def condition(self, asked: QueryDict) -> Q:
        first, last = (read_date(asked.get(name, "")) for name in self.names())
        found = Q()
        if first:
            found &= Q(**{f"{self.field}__gte": make_aware(datetime.combine(first, time.min))})
        if last and last < date.max:
            found &= Q(**{f"{self.field}__lt": make_aware(datetime.combine(last + timedelta(days=1), time.min))})
        return found

    def names(self) -> Iterator[str]:
        yield from (f"f.{self.key}.from", f"f.{self.key}.to")


Filter = Choice | Days


def _as_they_are(rows: list[Any]) -> list[Any]:
    return rows


@dataclass(frozen=True)
class Table(Generic[M, R]):
    """`sort`: a column's key, with `-` before it for the highest first. `load`: makes a page's rows of what was found."""

    name: str
    caption: Text
    columns: Sequence[Column[R]]
    sort: str
    filters: Sequence[Filter] = ()
    search: Callable[[str], Q] | None = None
    search_hint: Text = ""
    load: Callable[[list[M]], list[R]] = _as_they_are

    def column(self, key: str) -> Column[R] | None:
        return next((column for column in self.columns if column.key == key), None)


# --- what is asked ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """By which column, and in which direction; rows that are equal in it follow by number."""

    key: str
    path: str
    descending: bool
    field: "Field[Any, Any]"
    may_be_null: bool

    def by(self) -> list[Any]:
        first = F(self.path).desc(nulls_last=True) if self.descending else F(self.path).asc(nulls_last=True)
        plain = f"-{self.path}" if self.descending else self.path
        return [first if self.may_be_null else plain, "-pk" if self.descending else "pk"]

    def place(self, row: Model) -> str:
        """Where a page ends whose last row this is."""
        value: Any = row
        for name in self.path.split("__"):
            value = getattr(value, name, None)
        return f"{_written(value)}~{row.pk}"

    def beyond(self, place: str) -> Q:
        """The rows after that place; a mistyped one is as good as none."""
        text, _tilde, number = place.rpartition("~")
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            return Q()
        later, at_or_later = ("lt", "lte") if self.descending else ("gt", "gte")
        beyond_equals = Q(**{f"pk__{later}": int(number)})
        null = Q(**{f"{self.path}__isnull": True})
        if not text and self.may_be_null:
            return null & beyond_equals
        value = _read(self.field, text)
        if value is None:
            return Q()
        # The range comes first and alone, so that it can be looked up in an index.
        following = Q(**{f"{self.path}__{at_or_later}": value}) & (
            Q(**{f"{self.path}__{later}": value}) | beyond_equals
        )
        return following | null if self.may_be_null else following


def _written(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime() | date():
            return value.isoformat()
    return str(value)


def _read(field: "Field[Any, Any]", text: str) -> Any:
    try:
        match field.get_internal_type():
            case "DateTimeField":
                at = datetime.fromisoformat(text)
                return at.astimezone(UTC) if at.tzinfo else None
            case "DateField":
                return date.fromisoformat(text)
            case "DecimalField":
                number = Decimal(text)
                return number if number.is_finite() and abs(number.adjusted()) < 18 else None
            case "CharField" | "TextField":
                return text if "\x00" not in text else None
            case _:
                return int(text) if len(text) < 19 else None
    except (ValueError, OverflowError, InvalidOperation):
        return None


def _field(model: type[Model], path: str) -> "tuple[Field[Any, Any], bool]":
    """The field at the end of a path, and whether anything on the way to it may be null."""
    may_be_null = False
    for name in path.split("__"):
        found: Any = model._meta.get_field(name)  # noqa: SLF001 - Django's documented way to its fields
        may_be_null = may_be_null or found.null
        model = found.related_model or model
    return found, may_be_null


@dataclass
class Listing(Generic[M, R]):
    """A table as somebody asked for it: `q`, `sort`, `f.…`, `cols` and `after` of the address.

    404 for a column or a filter that is not declared.
    """

    table: Table[M, R]
    every: QuerySet[M]
    asked: QueryDict
    remembered: str = ""  # the columns that were chosen on this device, as `chosen` gives them
    _found: list[M] = field(init=False)

    def __post_init__(self) -> None:
        if any(name.startswith("f.") and name not in self.filter_names for name in self.asked):
            raise Http404
        page = self.narrowed.filter(self.order.beyond(self.asked.get("after", ""))).order_by(*self.order.by())
        self._found = list(page[: PAGE + 1])

    @cached_property
    def words(self) -> str:
        return " ".join(self.asked.get("q", "").replace("\x00", "").split())[:200]

    @cached_property
    def narrowed(self) -> QuerySet[M]:
        found = self.every
        for one in self.table.filters:
            if condition := one.condition(self.asked):
                found = found.filter(condition)
        return found.filter(self.table.search(self.words)) if self.words and self.table.search else found

    @cached_property
    def order(self) -> Order:
        sort = self.asked.get("sort") or self.table.sort
        column = self.table.column(sort.removeprefix("-"))
        if column is None or not column.sort:
            raise Http404
        field, may_be_null = _field(self.every.model, column.sort)
        return Order(column.key, column.sort, sort.startswith("-"), field, may_be_null)

    @cached_property
    def columns(self) -> list[Column[R]]:
        """Those that were chosen, in the order in which they are declared."""
        chosen = self.asked.getlist("cols") or [key for key in self.remembered.split(".") if key]
        known = [column for column in self.table.columns if column.key in chosen]
        if "cols" in self.asked and len(known) < len(set(chosen)):
            raise Http404
        return known or [column for column in self.table.columns if column.is_shown]

    @property
    def chosen(self) -> str:
        return ".".join(column.key for column in self.columns)

    @cached_property
    def rows(self) -> list[R]:
        return self.table.load(self._found[:PAGE])

    @cached_property
    def number(self) -> int:
        """How many rows there are in all; counted no further than one more than 1,000."""
        if "after" not in self.asked and len(self._found) <= PAGE:
            return len(self._found)
        return self.narrowed.order_by()[: MOST_COUNTED + 1].count()

    @cached_property
    def totals(self) -> Mapping[str, Value]:
        """The sums of the columns that have one, over all rows; none where there are more rows than are counted."""
        summed = {column.key: Sum(column.total) for column in self.columns if column.total}
        if not summed or self.number > MOST_COUNTED:
            return {}
        return {key: value or 0 for key, value in self.narrowed.order_by().aggregate(**summed).items()}

    @property
    def is_summed(self) -> bool:
        return any(column.total for column in self.columns)

    @property
    def filter_names(self) -> list[str]:
        return [name for one in self.table.filters for name in one.names()]

    @property
    def is_filtered(self) -> bool:
        return any(self.asked.get(name) for name in self.filter_names)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words) or self.is_filtered

    @property
    def heads(self) -> list[tuple[Column[R], str]]:
        return heads(self.columns)

    @property
    def cells(self) -> Iterator[list[Cell]]:
        return cells(self.columns, self.rows)

    # --- addresses ---

    def address(self, *without: str, **instead: str) -> str:
        """The same list, changed by that; from its beginning."""
        asked = self.asked.copy()
        for name in ("after", "as", *without):
            asked.pop(name, None)
        for name, value in instead.items():
            asked[name] = value
        for name in [name for name, values in asked.lists() if not any(values)]:
            del asked[name]
        return f"?{asked.urlencode()}"

    @property
    def following(self) -> str:
        """The address of the next page, empty on the last one."""
        if len(self._found) <= PAGE:
            return ""
        return self.address(after=self.order.place(self._found[PAGE - 1]))

    @property
    def is_first(self) -> bool:
        return not self.asked.get("after")

    def sorted_by(self, column: Column[R]) -> str:
        """The address of the list sorted by that column; the other way round where it is sorted so already."""
        already = column.key == self.order.key and not self.order.descending
        return self.address(sort=f"-{column.key}" if already else column.key)

    def direction(self, column: Column[R]) -> str:
        """As `aria-sort` says it; empty for columns that the list is not sorted by."""
        if column.key != self.order.key:
            return ""
        return "descending" if self.order.descending else "ascending"

    @property
    def whole(self) -> str:
        """The address without search and filters."""
        return self.address("q", *self.filter_names)

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """What else the address says, for a form that changes only these."""
        dropped = {"after", "as", *without}
        return [
            (name, value) for name, values in self.asked.lists() if name not in dropped for value in values if value
        ]

    @property
    def orders(self) -> list[tuple[str, Text, bool]]:
        """What the list can be sorted by, for a menu: its value, its name, whether it is so."""
        present = f"-{self.order.key}" if self.order.descending else self.order.key
        return [
            (sort, text, sort == present)
            for column in self.table.columns
            if column.sort
            for sort, text in (
                (column.key, _("%(column)s, lowest first") % {"column": column.title}),
                (f"-{column.key}", _("%(column)s, highest first") % {"column": column.title}),
            )
        ]


def heads(columns: Sequence[Column[R]]) -> list[tuple[Column[R], str]]:
    """Each column with what its cells say of it: their class, and the title that stands before them on a phone."""
    return [(column, format_html(' class="cell-{}" data-title="{}"', column.kind, column.title)) for column in columns]


def cells(columns: Sequence[Column[R]], rows: Iterable[R]) -> Iterator[list[Cell]]:
    """Row by row as a page shows it; made here, since a template takes several times as long to ask each column."""
    made = [(head, column.kind, column.show or column.value, column.link) for column, head in heads(columns)]
    for row in rows:
        yield [(head, kind, show(row), link(row) if link else "") for head, kind, show, link in made]


def listing(request: HttpRequest, table: Table[M, R], every: QuerySet[M]) -> Listing[M, R]:
    return Listing(table, every, request.GET, request.COOKIES.get(cookie(table.name), ""))


def cookie(name: str) -> str:
    return f"columns-{name}"
