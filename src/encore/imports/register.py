"""What can be brought in by a sheet. A package says so in its `importers.py`, which is found when the house starts:

    register(
        Importer(
            kind="sale-lines",
            label=_("sale lines"),
            columns=(Column("product", _("Product"), text(80), ("商品", "品名"), "澜溪精酿 330ml", is_required=True), ...),
            key=("bill", "line"),
            roles=frozenset({Role.VENUE}),
            plain=Plain(SaleLine, "line_key", ("sold_at", "quantity", "amount"), make),
        )
    )

`columns` read a cell into a value, or raise `Wrong` with a sentence for people. `key` names the columns that name a row among
all of its owner's; where they are empty, a row is named by all that it says and by its place among rows that say the same, so
that the same sheet brought in twice is taken once.

Rows that are nothing but rows are `plain`: `make` turns some of them into unsaved objects of the model, one each, or None with
a sentence in `row.faults`; it looks up what it needs once for all of them. The objects get the row's key in the field that
`Plain` names, unless `make` has put a better one there, and the model has a column `owner` and an integer column `batch`. What stands there already is left as it is or changed, and a
batch can be taken back.

Rows that are acts, since each of them records an event (a complaint), have `act` in place of `plain`. It gets rows that nobody
has taken yet or, after a crash, some that were; it runs one operation, which takes those whose key is new, and within that
operation's transaction calls `settle(Counts(new=…, same=…))`. Such a batch is taken back by acts as well, where `back` has them:
one operation for all that can go, which calls `settle` with their number.
`check`, with which the sheet is tried out, adds faults and gives the keys that are there already.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Generic, TypeVar

from django.db.models import Model, Q
from django.utils.functional import Promise
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from encore.accounts.models import Organisation, Role
from encore.imports.models import Batch
from encore.imports.sheets import Cell
from encore.money import Money
from encore.web.dates import read_date, read_day_of_year, read_moment, read_serial
from encore.web.phones import is_rounded, read_phone

M = TypeVar("M", bound=Model)
Text = str | Promise


class Wrong(ValueError):
    """A cell that cannot be read. Its text says what to do."""


@dataclass(frozen=True)
class Reading:
    """What is known beside the cell. `year`: of days that are written without one."""

    year: int | None = None


@dataclass(frozen=True)
class Reader:
    """`read` a cell that is not empty into a value, which JSON can hold; `load` makes of that what `make` is given."""

    read: Callable[[Cell, Reading], Any]
    load: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Column:
    """`synonyms`: titles by which sheets call it, beside its own. `choices`: what a template offers."""

    key: str
    title: Text
    reader: Reader
    synonyms: Sequence[str] = ()
    example: str = ""
    hint: Text = ""
    is_required: bool = False
    choices: Callable[[Organisation], Sequence[str]] | None = None


@dataclass
class Row:
    """`number`: as the sheet counts."""

    number: int
    key: str
    values: dict[str, Any]
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    new: int = 0
    same: int = 0
    changed: int = 0


Settle = Callable[[Counts], None]


@dataclass(frozen=True)
class Plain(Generic[M]):
    """`fields`: what a further sheet may change. `needed`: of the rows of a batch, those that cannot be taken back.

    `added`: what has to stand beside new rows, in the same transaction; it goes with them by its foreign key.
    """

    model: type[M]
    key: str
    fields: Sequence[str]
    make: Callable[[Sequence[Row], Batch], Sequence[M | None]]
    added: Callable[[Sequence[M], Sequence[Row], Batch, datetime], None] | None = None
    needed: Q | None = None


@dataclass(frozen=True)
class Importer:
    """`right`: the act of `accounts/rights.py` that whoever brings it in must be allowed."""

    kind: str
    label: Text
    columns: Sequence[Column]
    key: Sequence[str] = ()
    roles: frozenset[Role] = frozenset({Role.VENUE, Role.AGENCY})
    right: str = "imports.take"
    hint: Text = ""
    plain: Plain[Any] | None = None
    act: Callable[[Sequence[Row], Batch, datetime, Settle], None] | None = None
    check: Callable[[Sequence[Row], Batch], set[str]] | None = None
    back: Callable[[Batch, datetime, Callable[[int], None]], None] | None = None

    kinds: ClassVar[dict[str, "Importer"]] = {}

    @property
    def goes_back(self) -> bool:
        return self.plain is not None or self.back is not None

    def mapped(self, headers: Sequence[str], titles: Mapping[str, str]) -> dict[str, int]:
        """Which column of the sheet each of ours is: as it was said last time, or else by its name."""
        plain = [plain_title(header) for header in headers]
        found: dict[str, int] = {}
        for column in self.columns:
            names = [titles[column.key]] if column.key in titles else []
            for name in (*names, str(column.title), column.key, *column.synonyms):
                place = plain.index(plain_title(name)) if plain_title(name) in plain else -1
                if place >= 0 and place not in found.values():
                    found[column.key] = place
                    break
        return found


def register(importer: Importer) -> None:
    Importer.kinds[importer.kind] = importer


def plain_title(title: str) -> str:
    """A title without what sheets put around it: signs, spaces, and units in brackets."""
    text = unicodedata.normalize("NFKC", title).casefold().partition("(")[0]
    return "".join(sign for sign in text if sign.isalnum())


# --- readers ----------------------------------------------------------------------------------------------------------


def plain_text(cell: Cell) -> str:
    """A cell as people see it; numbers that a sheet made of words, without .0."""
    match cell:
        case None:
            return ""
        case bool():
            return "是" if cell else "否"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if cell.time() == cell.min.time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
    return " ".join(str(cell).split())


def text(most: int) -> Reader:
    def read(cell: Cell, reading: Reading) -> str:
        found = unicodedata.normalize("NFC", plain_text(cell))
        if len(found) > most:
            raise Wrong(_("At most %(most)s characters go here.") % {"most": most})
        return found

    return Reader(read)


def one_of(words: Callable[[], Mapping[str, str]], offered: Callable[[], Sequence[str]] = tuple) -> Reader:
    """`words`: what is written, as `plain_title` gives it, and what is meant. `offered`: those that are named to people."""

    def read(cell: Cell, reading: Reading) -> str:
        known = words()
        found = known.get(plain_title(plain_text(cell)))
        if found is None:
            named = "、".join(offered() or known)[:120]
            raise Wrong(
                _("“%(word)s” is not known here. Write one of: %(words)s.")
                % {"word": plain_text(cell)[:40], "words": named}
            )
        return found

    return Reader(read)


def _whole(cell: Cell, reading: Reading) -> int:
    written = unicodedata.normalize("NFKC", plain_text(cell)).replace(",", "")
    sign = -1 if written.startswith("-") else 1
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
        raise Wrong(_("This is no whole number."))
    return sign * int(digits)


def _money(cell: Cell, reading: Reading) -> str:
    if isinstance(cell, float):
        cents = round(cell * 100)
        if abs(cell * 100 - cents) > 0.0001:  # more than what a sheet loses by counting in fractions of two
            raise Wrong(_("An amount of money has at most two decimals."))
        return str(Decimal(cents).scaleb(-2))
    found = Money.parse(plain_text(cell))
    if found is None:
        raise Wrong(_("This is no amount of money. Write it like 1,234.50."))
    return str(found.amount)


def _day(cell: Cell, reading: Reading) -> str:
    match cell:
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
    found = read_date(plain_text(cell))
    if found is None and (moment := _moment_of(cell)) is not None:
        found = moment.date()
    if found is None and reading.year is not None:
        found = read_day_of_year(plain_text(cell), reading.year)
    if found is None:
        raise Wrong(_wrong_day(cell))
    return found.isoformat()


def _moment(cell: Cell, reading: Reading) -> str:
    """To the minute or second; a day alone is its midnight."""
    if isinstance(cell, datetime):
        return cell.replace(microsecond=0).isoformat()
    if (moment := _moment_of(cell)) is not None:
        return moment.isoformat()
    return f"{_day(cell, reading)}T00:00:00"


def _day_or_moment(cell: Cell, reading: Reading) -> str:
    """What a sheet says of a day alone stays one: midnight is no time at which anything was seen to happen."""
    found = _moment(cell, reading)
    return found.removesuffix("T00:00:00")


def _loaded_day_or_moment(written: str) -> date | datetime:
    return make_aware(datetime.fromisoformat(written)) if "T" in written else date.fromisoformat(written)


def _moment_of(cell: Cell) -> datetime | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return read_serial(cell)
    written = plain_text(cell)
    read = read_moment(written)
    return read.replace(tzinfo=None) if read is not None else read_serial(written)


def _wrong_day(cell: Cell) -> str:
    if read_day_of_year(plain_text(cell), 2024) is not None:
        return _("This day has no year. Say above which year the sheet is of.")
    return _("This is no day of the calendar. Write it like 2026-3-5 or 2026年3月5日.")


def _phone(cell: Cell, reading: Reading) -> str:
    written = plain_text(cell)
    found = read_phone(written)
    if found is None:
        if is_rounded(written) or (isinstance(cell, float) and "e" in repr(cell)):
            raise Wrong(
                _("The sheet has rounded this number (1.38E+10). Format the column as text and write all its digits.")
            )
        raise Wrong(_("This is no telephone number. Write eleven digits, or +, country and number."))
    return found


WHOLE: Final = Reader(_whole)
MONEY: Final = Reader(_money, Decimal)
DAY: Final = Reader(_day, date.fromisoformat)
MOMENT: Final = Reader(_moment, lambda written: make_aware(datetime.fromisoformat(written)))
DAY_OR_MOMENT: Final = Reader(_day_or_moment, _loaded_day_or_moment)
PHONE: Final = Reader(_phone)
