"""Moments: the integer microseconds since 1970 (UTC) that the engine counts with, and how they are read and written."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_MOST_CACHED = 100_000

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?",
)
_DATE_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3])")
_LONG_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")


class Zoneless(ValueError):
    """A time that does not say how far it is from UTC."""


def from_datetime(value: datetime) -> int:
    """The moment of an aware datetime."""
    if value.tzinfo is None:
        raise Zoneless(value.isoformat())
    return (value - _EPOCH) // _MICROSECOND


def to_datetime(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def _parse_slowly(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(text)
    if match["offset"] is None:
        raise Zoneless(text)
    return from_datetime(datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text).upper()))


class OutOfRange(ValueError):
    """A time in no year that a contract of this law could speak of."""


FIRST_YEAR, LAST_YEAR = 1900, 2999  # a thousand years more, the longest duration, are still within datetime's calendar


class Times:
    """Reads RFC 3339 times; the two halves of a time that was valid once are remembered, for a file repeats them."""

    def __init__(self) -> None:
        self.hours: dict[str, int] = {}  # "2026-02-02T20" -> that hour, as if it were UTC's
        self.tails: dict[str, int] = {}  # ":00:00+08:00" -> what is to be added

    def parse(self, text: str) -> int:
        """The moment that `text` names. `Zoneless`, `OutOfRange`, or `ValueError` when it is no RFC 3339 time."""
        hour, tail = self.hours.get(text[:13]), self.tails.get(text[13:])
        if hour is not None and tail is not None:
            return hour + tail
        moment = _parse_slowly(text) if tail is None else None
        hour = _hour(text[:13])
        if moment is None:
            moment = hour + (tail or 0)
        if len(self.hours) > _MOST_CACHED or len(self.tails) > _MOST_CACHED:
            self.hours.clear()
            self.tails.clear()
        self.hours[text[:13]] = hour
        self.tails[text[13:]] = moment - hour
        return moment


def _hour(text: str) -> int:
    """The moment of a date and hour, such as 2026-02-02T20, as if they were UTC's."""
    if _DATE_HOUR.fullmatch(text) is None:
        raise ValueError(text)
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise OutOfRange(text)
    return (date.fromisoformat(text[:10]).toordinal() - _EPOCH_DAY) * DAY + int(text[11:]) * HOUR


class Zone:
    """A time zone: which local day a moment belongs to, when a local day begins, and how a moment is written there."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.info = ZoneInfo(key)
        self._days: dict[
            int, tuple[int, int, int]
        ] = {}  # by the day of UTC: the local day it begins in, the next two midnights
        self._midnights: dict[int, int] = {}
        self._offsets: dict[int, tuple[int, str]] = {}  # by the day of UTC

    def local(self, moment: int) -> datetime:
        return to_datetime(moment).astimezone(self.info)

    def day(self, moment: int) -> int:
        """The ordinal of the local date; 00:00 belongs to the day that begins."""
        known = self._days.get(moment // DAY)
        if known is None:
            day = self.local(moment // DAY * DAY).toordinal()
            known = self._days[moment // DAY] = (day, self.midnight(day + 1), self.midnight(day + 2))
        day, next_midnight, one_after = known
        return day if moment < next_midnight else day + 1 if moment < one_after else day + 2

    def midnight(self, day: int) -> int:
        """The moment at which the local day begins, which is 24:00 of the day before."""
        moment = self._midnights.get(day)
        if moment is None:
            local = date.fromordinal(day)
            moment = from_datetime(datetime(local.year, local.month, local.day, tzinfo=self.info))
            self._midnights[day] = moment
        return moment

    def text(self, moment: int) -> str:
        """RFC 3339 in this zone, fractions of a second only where there are any."""
        known = self._offsets.get(moment // DAY)
        if known is None:
            known = self._offsets[moment // DAY] = self._offset(moment // DAY * DAY)
        offset, suffix = known
        day, rest = divmod(moment + offset, DAY)
        second, fraction = divmod(rest, SECOND)
        if fraction or not suffix:
            return self.local(moment).isoformat()
        return (_DATES.get(day) or _date(day)) + (_TIMES.get(second) or _time(second)) + suffix

    def _offset(self, begin: int) -> tuple[int, str]:
        """How far local time is from UTC all through a day of UTC, as written; not written where that changes."""
        first, last = self.local(begin), self.local(begin + DAY)
        if first.utcoffset() != last.utcoffset():
            return 0, ""
        return (first.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND - begin, first.isoformat()[19:]


_DATES: dict[int, str] = {}
_TIMES: dict[int, str] = {}


def _date(day: int) -> str:
    """The day counted from 1970, with the T that ends it."""
    written = _DATES[day] = f"{date.fromordinal(day + _EPOCH_DAY).isoformat()}T"
    return written


def _time(second: int) -> str:
    written = _TIMES[second] = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return written


_zones: dict[str, Zone] = {}


def zone(key: str) -> Zone:
    """The zone of that IANA name, made once. `ValueError` when there is none."""
    known = _zones.get(key)
    if known is None:
        try:
            known = _zones[key] = Zone(key)
        except (KeyError, OSError) as error:
            raise ValueError(key) from error
    return known
