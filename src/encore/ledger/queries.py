from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _

from encore.accounts.models import User
from encore.ledger.kinds import label_of
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import Key


@dataclass
class Tally:
    """How a duty stands: its clocks by state, and the next deadline among those that are open."""

    states: dict[str, int] = field(default_factory=dict)
    next_due: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.states.values())


def tallies(contract: int, now: datetime) -> dict[str, Tally]:
    """For each duty that has clocks. What is past its due counts as breached, whether or not a tick has come by."""
    overdue = Count("id", filter=Q(state="open", due_at__lt=now))
    rows = (
        Clock.objects.filter(contract=contract)
        .values_list("duty", "state")
        .annotate(number=Count("id"), overdue=overdue, next_due=Min("due_at", filter=Q(state="open", due_at__gte=now)))
        .order_by("duty", "state")
    )
    found: dict[str, Tally] = {}
    for duty, state, number, passed, next_due in rows:
        tally = found.setdefault(duty, Tally())
        if number > passed:
            tally.states[state] = tally.states.get(state, 0) + number - passed
        if passed:
            tally.states["breached"] = tally.states.get("breached", 0) + passed
        tally.next_due = min(filter(None, (tally.next_due, next_due)), default=None)
    return found


def running(contracts: Iterable[int]) -> QuerySet[Clock]:
    """Clocks that something can still happen to, the nearest deadline first."""
    return Clock.objects.filter(contract__in=contracts, is_ended=False).order_by("due_at", "id")


def clocks_of(key: Key, contract: int) -> QuerySet[Clock]:
    """All clocks of a subject under a contract, in the order in which they opened."""
    return Clock.objects.filter(contract=contract, noun=key.noun, noun_id=key.id).order_by(
        "opened_at", "started_by", "due_at", "id"
    )


@dataclass(frozen=True)
class Entry:
    """An event as a page tells it."""

    type: str
    label: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str  # the name of a person; empty for what the ledger found by itself
    data: dict[str, Any]

    @property
    def is_late(self) -> bool:
        """Whether it was recorded so long after it happened that one should see both times."""
        return self.recorded_at - self.occurred_at > _AT_ONCE and bool(self.actor)


_AT_ONCE: Final = timedelta(minutes=5)


def history(key: Key) -> list[Entry]:
    """What happened to a subject, in the order of its time."""
    events = list(Event.objects.filter(noun=key.noun, noun_id=key.id).order_by("occurred_at", "id"))
    actors = {event.actor: Key.parse(event.actor).id for event in events if ":" in event.actor}
    people = User.objects.in_bulk(set(actors.values()))
    names = {actor: people[number].name for actor, number in actors.items() if number in people}
    names["guest"] = _("guest")
    return [
        Entry(
            event.type,
            label_of(event.type),
            event.occurred_at,
            event.recorded_at,
            names.get(event.actor, ""),
            orjson.loads(bytes(event.body))["data"],
        )
        for event in events
    ]
