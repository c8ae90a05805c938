"""Whether all is well: a handful of signs, each a few rows of an index, for a monitor and for the manager."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.jobs import parked
from encore.ledger import checkpoints
from encore.ledger.models import Event, Leaf, Sealing
from encore.running import heartbeat
from encore.running.models import Heartbeat
from encore.web.tables import MOST_COUNTED


class State(StrEnum):
    """The best first. Only what is *bad* keeps the house from running or its word from being kept."""

    WELL = "well"
    WORRYING = "worrying"
    BAD = "bad"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: Final = {
    # Translators: how a part of the installation does: nothing is to be done.
    State.WELL: _("all is well"),
    # Translators: how a part of the installation does: it works, but somebody should look at it these days.
    State.WORRYING: _("look at it soon"),
    # Translators: how a part of the installation does: something does not work, or soon will not.
    State.BAD: _("act now"),
}

_SILENT: Final = timedelta(seconds=60)  # four heartbeats
_WAITED: Final = (timedelta(minutes=10), timedelta(hours=1))
_FREE: Final = ((1 << 30, 0.05), (200 << 20, 0.01))  # bytes, share of the disk: both have to be there
_BACKUP: Final = timedelta(hours=26)  # a day, and some hours for the one under way
_VERIFIED: Final = timedelta(days=8)
_UNSEALED: Final = timedelta(minutes=5)
_ALTERED: Final = 3  # the status of `encore verify`


@dataclass(frozen=True)
class Sign:
    """`at`: when it was last seen to work. `number`: what is to be counted there."""

    name: str
    state: State
    at: datetime | None = None
    number: int | None = None


def signs(at: datetime) -> list[Sign]:
    heard = heartbeat.heard()
    return [
        _beating(heartbeat.TICK, heard, at),
        _beating(heartbeat.WORKER, heard, at),
        *_jobs(at),
        _disk(),
        _backup(heard.get(heartbeat.BACKUP), at),
        _verification(heard.get(heartbeat.VERIFICATION), at),
        _checkpoint(at),
    ]


def worst(found: list[Sign]) -> State:
    order = list(State)
    return max((sign.state for sign in found), key=order.index)


def _beating(name: str, heard: dict[str, Heartbeat], at: datetime) -> Sign:
    last = heard[name].at if name in heard else None
    return Sign(name, State.WELL if last and at - last <= _SILENT else State.BAD, last)


def _jobs(at: datetime) -> Iterator[Sign]:
    load = parked.load(at, MOST_COUNTED + 1)
    waited = at - load.since if load.since else timedelta(0)
    # What is held back on purpose waits without anybody being at fault.
    held = parked.held_since()
    late = State.WORRYING if held or waited <= _WAITED[1] else State.BAD
    yield Sign("queue", State.WELL if waited <= _WAITED[0] else late, load.since, load.due)
    number = parked.number(MOST_COUNTED + 1)
    yield Sign("parked", State.WORRYING if number else State.WELL, number=number)
    if held:
        yield Sign("held", State.WORRYING, held)


def _disk() -> Sign:
    usage = shutil.disk_usage(settings.ENCORE_HOME)
    worrying, bad = (usage.free < max(least, share * usage.total) for least, share in _FREE)
    return Sign("disk", State.BAD if bad else State.WORRYING if worrying else State.WELL, number=usage.free)


def _backup(last: Heartbeat | None, at: datetime) -> Sign:
    if last is None:
        return Sign("backup", State.WORRYING)
    return Sign("backup", State.WELL if at - last.at <= _BACKUP else State.WORRYING, last.at, last.number)


def _verification(last: Heartbeat | None, at: datetime) -> Sign:
    if last is None:
        return Sign("verification", State.WORRYING)
    is_fine = last.number == 0 and at - last.at <= _VERIFIED
    state = State.BAD if last.number == _ALTERED else State.WELL if is_fine else State.WORRYING
    return Sign("verification", state, last.at, last.number)


def _checkpoint(at: datetime) -> Sign:
    """Sealing stands still where an event has waited for minutes: the tick is gone, or the key."""
    sealing, said = Sealing.objects.first(), checkpoints.latest()
    unsealed = Event.objects.filter(~Exists(Leaf.objects.filter(event=OuterRef("pk"))))
    first = unsealed.filter(pk__gt=sealing.settled_to if sealing else 0).order_by("pk").first()
    is_waiting = first is not None and at - first.recorded_at > _UNSEALED
    return Sign("checkpoint", State.BAD if is_waiting else State.WELL, said.made_at if said else None)
