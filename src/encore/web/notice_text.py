"""Days as a holiday notice tells them: the yearly notice of the State Council, and lists of days that people type."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_DAY: Final = r"(?:(\d{4})\s*[年/.-]\s*)?(?:(\d{1,2})\s*[月/.-]\s*)?(\d{1,2})\s*[日号號]?"
_TOLD_DAY: Final = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日"
_TOLD: Final = re.compile(rf"{_TOLD_DAY}(?:\s*(?:至|到|—|–|-|~)+\s*{_TOLD_DAY})?|(放假|补休|補休|休息|上班)|([。;\n])")
_TYPED: Final = re.compile(rf"{_DAY}(?:\s*(?:至|到|—|–|~|\.\.|to)\s*{_DAY})?")
_ASIDE: Final = re.compile(r"\([^()]*\)")
_OF_YEAR: Final = re.compile(r"(\d{4})\s*年(?!\s*\d{1,2}\s*月)")
_MOST: Final = 60  # days in a row: longer than any holiday


@dataclass(frozen=True)
class Read:
    """What a notice lays down. `unread`: days of which it is not clear whether they are off or worked."""

    year: int
    off: frozenset[date]
    work: frozenset[date]
    unread: tuple[str, ...]


def read_notice(text: str, year: int) -> Read:
    """Reads “2月15日至23日放假调休，共9天。2月14日、2月28日上班。” The year stands in the text, or is the one that is given."""
    plain = _ASIDE.sub("", unicodedata.normalize("NFKC", text))
    if named := _OF_YEAR.search(plain):
        year = int(named[1])
    off: set[date] = set()
    work: set[date] = set()
    unread: list[str] = []
    pending: list[tuple[str, list[date]]] = []
    month = 0
    for match in _TOLD.finditer(plain):
        if match[7]:
            days = {day for _said, found in pending for day in found}
            (work if match[7] == "上班" else off).update(days)
            pending.clear()
        elif match[8]:
            unread += [said for said, _found in pending]
            pending.clear()
        else:
            month = int(match[5] or match[2] or month)
            found = _between(match.groups()[:6], year, month=int(match[2] or month))
            if found:
                pending.append((match[0], found))
            else:
                unread.append(match[0])
    unread += [said for said, _found in pending]
    return Read(year, frozenset(off), frozenset(work - off), tuple(unread))


def read_days(text: str, year: int) -> tuple[frozenset[date], list[str]]:
    """Days and spans of days, one a line or between commas, such as `2027-2-5 至 2027-2-12` or `1月1日至3日`; and what is neither."""
    days: set[date] = set()
    unread: list[str] = []
    for piece in re.split(r"[\n,;、]", unicodedata.normalize("NFKC", text)):
        said = piece.strip()
        if not said:
            continue
        match = _TYPED.fullmatch(said)
        found = _between(match.groups(), year, month=0) if match else []
        if found:
            days.update(found)
        else:
            unread.append(said)
    return frozenset(days), unread


def _between(parts: Iterable[str | None], year: int, *, month: int) -> list[date]:
    """The days from the first to the last that are named; none where there is no such day."""
    numbers = [int(part) if part else 0 for part in parts]
    try:
        first = date(numbers[0] or year, numbers[1] or month, numbers[2])
        if not numbers[5]:
            return [first]
        last_year = numbers[3] or (year if numbers[0] else first.year)
        last = date(last_year, numbers[4] or first.month, numbers[5])
    except ValueError:
        return []
    length = (last - first).days + 1
    return [first + timedelta(days=number) for number in range(length)] if 0 < length <= _MOST else []


def spans(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Days as spans: the first and the last of each row of days without a gap."""
    begun: date | None = None
    before: date | None = None
    for day in sorted(days):
        if begun is None or before is None or day - before > timedelta(days=1):
            if begun is not None and before is not None:
                yield begun, before
            begun = day
        before = day
    if begun is not None and before is not None:
        yield begun, before


def written(days: Iterable[date]) -> str:
    """As `read_days` reads them, a span a line."""
    return "\n".join(f"{first}" if first == last else f"{first} 至 {last}" for first, last in spans(days))
