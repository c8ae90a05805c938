"""Durations and deadlines by the Civil Code (arts. 200–204): days that are counted, months that end where they must."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple, cast

from encore.engine.calendar import Calendar
from encore.engine.moments import HOUR, MINUTE, Zone

Unit = Literal["min", "h", "wd", "d", "w", "mo", "q", "y"]

_WRITTEN: Final = re.compile(r"(-?)([0-9]{1,7})(min|h|wd|d|w|mo|q|y)")
_ELAPSED: Final[dict[str, int]] = {"min": MINUTE, "h": HOUR}
_MONTHS: Final[dict[str, int]] = {"mo": 1, "q": 3, "y": 12}
_MOST: Final[dict[str, int]] = {  # a thousand years each: beyond any contract, within the calendar of datetime
    "min": 9_999_999, "h": 8_760_000, "wd": 250_000, "d": 365_000, "w": 52_000, "mo": 12_000, "q": 4_000, "y": 1_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duration:
    """`24h`, `5wd`, `1mo`: a whole number of one unit."""

    text: str
    amount: int
    unit: Unit

    @property
    def elapsed(self) -> int | None:
        """Microseconds, for the units that run through nights and holidays; None for those counted in days."""
        length = _ELAPSED.get(self.unit)
        return None if length is None else length * self.amount

    @property
    def roughly(self) -> int:
        """About how many minutes it is: a month as the twelfth part of a year."""
        return _MINUTES[self.unit] * self.amount

    @property
    def months(self) -> int | None:
        length = _MONTHS.get(self.unit)
        return None if length is None else length * self.amount


# only to compare durations of different units, as a parameter's `min` and `max` do
_MINUTES: Final[dict[str, int]] = {
    "min": 1, "h": 60, "wd": 1440, "d": 1440, "w": 10080, "mo": 43800, "q": 131400, "y": 525600,
}  # fmt: skip


class Deadline(NamedTuple):
    moment: int
    provisional: bool  # a day was counted in a year whose make-up days are not published


def duration(text: str, *, signed: bool = False) -> Duration:
    """Reads a duration. `ValueError` when it is none; only an offset (`-1mo`) may be negative."""
    match = _WRITTEN.fullmatch(text)
    if match is None or (match[1] and not signed):
        raise ValueError(text)
    amount, unit = int(match[2]), cast(Unit, match[3])
    if amount > _MOST[unit]:
        raise ValueError(text)
    return Duration(text, -amount if match[1] else amount, unit)


def add_months(day: int, months: int) -> int:
    """The corresponding day, or the month's last day where there is none (art. 202)."""
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1).toordinal()
    return min(date(year, month + 1, 1).toordinal() + start.day - 1, first_of_next - 1)


def _last_day(start: int, span: Duration, times: int = 1) -> int:
    """The last day, not moved for holidays; the day of the start is not counted (art. 201)."""
    months = span.months
    if months is not None:
        return add_months(start, months * times)
    return start + span.amount * times * (7 if span.unit == "w" else 1)


def start_day(start: int, zone: Zone, *, after: bool) -> int:
    """The day that is not counted. `after`: the start is an end written 00:00, which belongs to the day that ends."""
    day = zone.day(start)
    return day - 1 if after and zone.midnight(day) == start else day


def counted_to(start: int, span: Duration, calendar: Calendar) -> tuple[int, bool]:
    """The last day counted from the day `start`, moved to a working day, and whether that is provisional."""
    if span.unit == "wd":
        last = calendar.working_day(start, span.amount)
    else:
        last = _last_day(start, span)
    moved = calendar.working_day_from(last)
    first = min(start + 1, last) if span.unit == "wd" else last
    return moved, calendar.provisional(first, moved)


def deadline(start: int, span: Duration, zone: Zone, calendar: Calendar, *, after: bool = False) -> Deadline:
    """Until when what starts at `start` and has `span` may be done; for `after` see `start_day`."""
    elapsed = span.elapsed
    if elapsed is not None:
        return Deadline(start + elapsed, provisional=False)
    day = start_day(start, zone, after=after)
    table = calendar.counted.setdefault(span.text, {})
    found = table.get(day)
    if found is None:
        found = table[day] = counted_to(day, span, calendar)
    return Deadline(zone.midnight(found[0] + 1), found[1])


def boundary(anchor: int, every: Duration, times: int, zone: Zone, *, after: bool = False) -> int:
    """Where period number `times` ends that is counted from `anchor`; holidays do not move it."""
    elapsed = every.elapsed
    if elapsed is not None:
        return anchor + elapsed * times
    return zone.midnight(_last_day(start_day(anchor, zone, after=after), every, times) + 1)


def calendar_boundary(anchor: int, every: Duration, times: int, zone: Zone) -> int:
    """The same by calendar months, quarters, years: the first period is what is left of the current one."""
    unit = _MONTHS[every.unit]
    start = date.fromordinal(zone.day(anchor))
    current = (start.year * 12 + start.month - 1) // unit
    year, month = divmod((current + 1 + (times - 1) * every.amount) * unit, 12)
    return zone.midnight(date(year, month + 1, 1).toordinal())
