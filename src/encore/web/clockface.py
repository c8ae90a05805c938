"""How a clock and a moment are told to people."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from babel.dates import format_datetime, format_skeleton
from django.utils.timezone import localtime
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
    parts = [
        (days, ngettext("%(n)s day", "%(n)s days", days)),
        (hours, ngettext("%(n)s h", "%(n)s h", hours)),
        (minutes, ngettext("%(n)s min", "%(n)s min", minutes)),
    ]
    first = next((place for place, (n, _text) in enumerate(parts) if n), None)
    if first is None:
        return _("less than a minute")
    told = [text % {"n": n} for n, text in parts[first : first + 2] if n]
    return " ".join(told)


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
    today = localtime(now).date()
    days = (day - today).days
    match days:
        case 0:
            return _("today %(time)s") % {"time": clock}
        case -1:
            return _("yesterday %(time)s") % {"time": clock}
        case 1:
            return _("tomorrow %(time)s") % {"time": clock}
    skeleton = "MMMd" if day.year == today.year else "yMMMd"
    return f"{format_skeleton(skeleton, day, locale=locale())} {clock}"


def full(at: datetime) -> str:
    """The whole date and time, to the second, with the zone."""
    local = localtime(at)
    return str(format_datetime(local, "full", locale=locale()))
