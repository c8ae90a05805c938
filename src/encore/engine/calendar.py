"""Working days in China: weekends, public holidays and make-up days (调休), overlaid by the notices published since."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# `holidays` computes lunar festivals within these years; outside them only weekends are known.
_FIRST_YEAR, _LAST_YEAR = 1950, 2100

_days_off: dict[int, dict[int, str]] = {}
_make_up_days: dict[int, frozenset[int]] = {}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a year's holiday notice lays down: days off and make-up working days."""

    year: int
    off: frozenset[date]
    work: frozenset[date]


def _load(year: int) -> None:
    """The year as `holidays` has it; its neighbours are loaded too, for 31 December can be one of the next New Year."""
    if year in _days_off:
        return
    off: dict[int, str] = {}
    work: set[int] = set()
    if _FIRST_YEAR <= year <= _LAST_YEAR:
        from holidays import country_holidays  # noqa: PLC0415 - costs 0.1 s, and only editions that count days need it

        known = country_holidays("CN", years=range(year - 1, year + 2), language="zh_CN")
        off = {day.toordinal(): name for day, name in known.items() if day.year == year}
        work = {day.toordinal() for day in known.weekend_workdays if day.year == year}
    _days_off[year] = off
    _make_up_days[year] = frozenset(work)


def _last_published() -> int:
    """The last year whose make-up days `holidays` knows: no year since 2001 was without them."""
    year = 2024
    while year < _LAST_YEAR:
        _load(year + 1)
        # A notice may move the last days of the year before it, which says nothing of that year itself.
        if not any(date.fromordinal(day).month < 12 for day in _make_up_days[year + 1]):
            break
        year += 1
    return year


_published: list[int] = []


class Calendar:
    """Days are ordinals (`date.toordinal`). Immutable: a notice gives a new calendar."""

    def __init__(self, notices: tuple[Notice, ...] = ()) -> None:
        self.notices = notices
        self.counted: dict[str, dict[int, tuple[int, bool]]] = {}
        self._off = {day.toordinal() for notice in notices for day in notice.off}
        self._work = {day.toordinal() for notice in notices for day in notice.work}
        for notice in notices:  # the later notice speaks last
            off, work = ({day.toordinal() for day in days} for days in (notice.off, notice.work))
            self._off = self._off - work | off
            self._work = self._work - off | work
        self._years = {notice.year for notice in notices}
        self._working: list[int] = []
        self._from = self._to = 0

    def with_notice(self, year: int, off: Iterable[date], work: Iterable[date]) -> "Calendar":
        return Calendar((*self.notices, Notice(year, frozenset(off), frozenset(work))))

    def is_published(self, year: int) -> bool:
        if not _published:
            _published.append(_last_published())
        return year <= _published[0] or year in self._years

    def provisional(self, first: int, last: int) -> bool:
        """Whether a day from `first` to `last` lies in a year whose make-up days are not published yet."""
        years = range(date.fromordinal(first).year, date.fromordinal(last).year + 1)
        return not all(self.is_published(year) for year in years)

    def is_working(self, day: int) -> bool:
        if day in self._work:
            return True
        if day in self._off:
            return False
        year = date.fromordinal(day).year
        _load(year)
        return day in _make_up_days[year] or (day % 7 not in (6, 0) and day not in _days_off[year])

    def why_off(self, day: int) -> str:
        """What keeps the day from being a working day: a festival's name, or nothing for a plain weekend."""
        year = date.fromordinal(day).year
        _load(year)
        return "" if day in self._off else _days_off[year].get(day, "")

    def is_make_up(self, day: int) -> bool:
        """A weekend day that is worked."""
        return day % 7 in (6, 0) and self.is_working(day)

    def working_day_from(self, day: int) -> int:
        """The day itself where it is a working day, else the next one."""
        self._reach(day, 0)
        return self._working[bisect_left(self._working, day)]

    def working_day(self, after: int, number: int) -> int:
        """Working day number `number` after the day `after`; the day itself for 0."""
        if not number:
            return after
        self._reach(after, number)
        return self._working[bisect_right(self._working, after) + number - 1]

    def _reach(self, day: int, number: int) -> None:
        """Extends the list of working days so that it covers `number` of them after `day`, with a year to spare."""
        first = date.fromordinal(day).year
        if not self._working:
            self._from, self._to = first, first - 1
        while first < self._from:
            self._from -= 1
            self._working[:0] = self._year(self._from)
        while self._to <= first or len(self._working) - bisect_right(self._working, day) <= number:
            self._to += 1
            self._working.extend(self._year(self._to))

    def _year(self, year: int) -> list[int]:
        return [
            day for day in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()) if self.is_working(day)
        ]


PUBLISHED = Calendar()
"""The calendar as `holidays` is pinned, with no notice laid over it."""
