"""How a clock and a moment are told to people."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from babel.dates import format_date, format_skeleton, get_timezone_name
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from encore.web.language import locale

Tone = Literal["calm", "soon", "overdue", "paused", "kept", "missed", "quiet"]

_SOON = 0.2  # of the time allowed


@dataclass(frozen=True)
class Face:
    """What the ring and the words beside it show: the share of the time that is left, in percent."""

    share: int
    words: str
    tone: Tone


def face(state: str, opened_at: datetime, due_at: datetime, closed_at: datetime | None, now: datetime) -> Face:
    """A clock at the moment `now`; an open one past its due is overdue though no tick has come by yet."""
    left = due_at - now
    match state:
        case "open" if left >= timedelta(0):
            share = min(1.0, left / max(due_at - opened_at, timedelta(microseconds=1)))
            return Face(
                max(1, round(share * 100)),
                _("%(span)s left") % {"span": span(left)},
                "soon" if share <= _SOON else "calm",
            )
        case "open" | "breached":
            return Face(0, _("overdue by %(span)s") % {"span": span(-left)}, "overdue")
        case "suspended":
            return Face(100, _("suspended"), "paused")
        case "fulfilled":
            return Face(100, _("kept in time"), "kept")
        case "late":
            late = span((closed_at or due_at) - due_at)
            return Face(0, _("done %(span)s late") % {"span": late}, "missed")
        case "discharged":
            return Face(0, _("no longer owed"), "quiet")
        case _:
            return Face(0, _("excused"), "quiet")


def span(length: timedelta) -> str:
    """Two units at most, cut off rather than rounded: nobody should be told of a minute that is not there."""
    minutes = int(length.total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        told = [ngettext("%(n)s day", "%(n)s days", days) % {"n": days}]
        if hours:
            told.append(ngettext("%(n)s h", "%(n)s h", hours) % {"n": hours})
        return " ".join(told)
    told = [ngettext("%(n)s h", "%(n)s h", hours) % {"n": hours}] if hours else []
    if minutes:
        told.append(ngettext("%(n)s min", "%(n)s min", minutes) % {"n": minutes})
    return " ".join(told) or _("less than a minute")


def moment(at: datetime, now: datetime) -> str:
    """`today 21:40`, `5 Mar 21:40`."""
    local = localtime(at)
    return _on(local.date(), f"{local:%H:%M}", now)


def deadline(at: datetime, now: datetime) -> str:
    """The same, but midnight is 24:00 of the day that ends."""
    local = localtime(at)
    if local.time() == time(0):
        return _on(local.date() - timedelta(days=1), "24:00", now)
    return moment(at, now)


def _on(day: date, clock: str, now: datetime) -> str:
    today = _today(now)
    days = (day - today).days
    match days:
        case 0:
            return _("today %(time)s") % {"time": clock}
        case -1:
            return _("yesterday %(time)s") % {"time": clock}
        case 1:
            return _("tomorrow %(time)s") % {"time": clock}
    return f"{_day('MMMd' if day.year == today.year else 'yMMMd', day, locale())} {clock}"


def full(at: datetime) -> str:
    """The whole date and time, to the second, with the zone."""
    local, reading = localtime(at), locale()
    return f"{_whole_day(local.date(), reading)} {local:%H:%M:%S} ({_zone(reading)})"


# A page tells dozens of moments on few days, and telling one takes Babel longer than the rest of its row.
@lru_cache(maxsize=16)
def _today(now: datetime) -> date:
    return localtime(now).date()


@lru_cache(maxsize=1024)
def _day(skeleton: str, day: date, reading: str) -> str:
    return str(format_skeleton(skeleton, day, locale=reading))


@lru_cache(maxsize=1024)
def _whole_day(day: date, reading: str) -> str:
    return str(format_date(day, "full", locale=reading))


@lru_cache(maxsize=16)
def _zone(reading: str) -> str:
    return str(get_timezone_name(get_default_timezone(), locale=reading))
