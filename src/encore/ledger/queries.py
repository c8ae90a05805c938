from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encore.accounts.models import User
from encore.engine import Edition
from encore.engine.batch import annulled_ids
from encore.engine.events import ANNULLED
from encore.engine.patterns import Pattern
from encore.ledger import annulment
from encore.ledger.kinds import KEY, KINDS, label_of
from encore.ledger.late import REASONS
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import Key, Page, pages
from encore.ledger.parties import debtor
from encore.web.language import clause_label, duty_label, reading, row_label


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
class Struck:
    """By whom, when and why an entry was annulled, or asked to be."""

    actor: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Entry:
    """An event as a page tells it."""

    type: str
    label: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str  # the name of a person; empty for what the ledger found by itself
    data: dict[str, Any]
    reason: str = ""  # in words, why it was recorded so late
    id: int = 0
    details: tuple[str, ...] = ()  # what its data say, in words
    annulled: Struck | None = None
    asked: Struck | None = None
    can_be_annulled: bool = False
    others: tuple[Page, ...] = ()  # what else it concerns, as far as the reader may see that

    @property
    def delay(self) -> timedelta:
        return self.recorded_at - self.occurred_at

    @property
    def is_late(self) -> bool:
        """Whether it was recorded so long after it happened that one should see both times."""
        return self.delay > _AT_ONCE and bool(self.actor)


_AT_ONCE: Final = timedelta(minutes=5)


def history(key: Key) -> list[Entry]:
    """What happened to a subject and was not annulled, in the order of its time."""
    return [entry for entry in timeline(key) if entry.annulled is None]


def timeline(key: Key, edition: Edition | None = None, reader: User | None = None) -> list[Entry]:
    """All that was recorded of a subject and found about it, in the order of its time, told in the edition's words."""
    events = list(Event.objects.filter(noun=key.noun, noun_id=key.id).order_by("occurred_at", "id"))
    bodies = {event.pk: orjson.loads(bytes(event.body)) for event in events}
    actors = {event.actor: Key.parse(event.actor).id for event in events if ":" in event.actor}
    people = User.objects.in_bulk(set(actors.values()))
    names = {actor: people[number].name for actor, number in actors.items() if number in people}
    names["guest"] = _("guest")
    struck, asked = _struck(events, bodies, names)
    labels = {event.pk: event_label(edition, event.type) if edition else label_of(event.type) for event in events}
    others = {number: _others(body) for number, body in bodies.items()}
    known = pages({one for found in others.values() for one in found}, reader) if reader else {}
    found = []
    for event in events:
        data = bodies[event.pk]["data"]
        told = told_of(event.type, data, edition) if edition else ()
        if event.type in (ANNULLED, annulment.ASKED):
            told = (
                labels.get(data["id"], f"#{data['id']}"),
                str(annulment.REASONS.get(data["reason"], data["reason"])),
            )
        is_struck = event.pk in struck
        found.append(
            Entry(
                event.type,
                labels[event.pk],
                event.occurred_at,
                event.recorded_at,
                names.get(event.actor, ""),
                data,
                str(REASONS.get(bodies[event.pk].get("reason"), "")),
                event.pk,
                told,
                struck.get(event.pk),
                None if is_struck else asked.get(event.pk),
                not is_struck and annulment.can_be_annulled(event),
                tuple(known[one] for one in others[event.pk] if one in known),
            )
        )
    return found


def _others(body: Mapping[str, Any]) -> list[Key]:
    """What an event concerns besides its subject and the contract, and what its data name."""
    kind = KINDS.get(body["type"])
    declared = {**kind.fields, **kind.may} if kind else {}
    named = [value for name, value in body["data"].items() if declared.get(name) is KEY]
    return [Key.parse(ref) for ref in (*body["refs"], *named) if not ref.startswith("contract:")]


def _struck(
    events: Iterable[Event], bodies: Mapping[int, Mapping[str, Any]], names: Mapping[str, str]
) -> tuple[dict[int, Struck], dict[int, Struck]]:
    """By their numbers, the entries of a stream that were annulled, and those that somebody asked to annul."""
    struck: dict[int, Struck] = {}
    asked: dict[int, Struck] = {}
    said = [event for event in sorted(events, key=lambda event: event.pk) if event.type in (ANNULLED, annulment.ASKED)]
    void = annulled_ids(
        (str(event.pk), str(bodies[event.pk]["data"]["id"])) for event in said if event.type == ANNULLED
    )
    for event in said:
        data = bodies[event.pk]["data"]
        reason = str(annulment.REASONS.get(data["reason"], data["reason"]))
        one = Struck(names.get(event.actor, ""), event.occurred_at, reason)
        if event.type == annulment.ASKED:
            asked[data["id"]] = one
        elif str(data["id"]) in void and str(event.pk) not in void:
            struck[data["id"]] = one
    return struck, asked


_STATES: Final = {
    "open": gettext_lazy("running"),
    "suspended": gettext_lazy("suspended"),
    "fulfilled": gettext_lazy("kept in time"),
    "late": gettext_lazy("done late"),
    "breached": gettext_lazy("overdue or missed"),
    "discharged": gettext_lazy("no longer owed"),
    "excused": gettext_lazy("excused"),
    "void": gettext_lazy("never owed"),
}


def state_label(state: str) -> str:
    return str(_STATES[state])


def event_label(edition: Edition, type: str) -> str:
    """What people call an event: by its own name, else by the stage that it enters, else by a duty that speaks of it."""
    if type in KINDS:
        return label_of(type)
    if stage := next((row for row in edition.file.stage if row.enters == (Pattern(type),)), None):
        return reading(stage.label)
    places = {"done": _("%(duty)s: done"), "when": _("%(duty)s: begins"), "forbid": _("%(duty)s: broken"),
              "cancel": _("%(duty)s: falls away"), "until": _("%(duty)s: ends"), "from": _("%(duty)s: counts from here")}  # fmt: skip
    for place, text in places.items():
        for duty in edition.file.duty:
            patterns = duty.from_ if place == "from" else getattr(duty, place)
            nameless = {pattern.event for pattern in patterns or ()} - KINDS.keys()
            if type in nameless:
                label = text % {"duty": duty_label(edition, duty.id)}
                return label if len(nameless) == 1 else f"{label} ({type})"
    return label_of(type)


def told_of(type: str, data: Mapping[str, Any], edition: Edition) -> tuple[str, ...]:
    """What the data of an event say, in the words of the edition; what it has no words for is left out."""
    told = []
    for name, value in data.items():
        if name == "duty":
            told.append(duty_label(edition, value))
            if value in edition.duties:
                told.append(clause_label(edition.duties[value].clause))
        elif name == "state":
            told.append(state_label(value))
        elif name == "share":
            told.append(_("%(share)s of the time is used up") % {"share": f"{Decimal(value):.0%}"})
        elif name in edition.vocabulary and value in edition.vocabulary[name]:
            told.append(row_label(edition, name, value))
    return tuple(told)


@dataclass(frozen=True)
class Finding:
    """What the ledger found about a clock. `debtor`: the role of the party that owes it; empty where that is not one party."""

    event: int
    type: str
    key: Key
    contract: int
    occurred_at: datetime
    data: Mapping[str, Any]
    debtor: str


def findings(numbers: Iterable[int]) -> list[Finding]:
    """Warnings, breaches and corrections, by the numbers of their events, in their order."""
    found = []
    debtors: dict[tuple[int, str], str] = {}
    for event in Event.objects.filter(pk__in=list(numbers)).order_by("pk"):
        body = orjson.loads(bytes(event.body))
        [contract] = [Key.parse(ref).id for ref in body["refs"] if ref.startswith("contract:")] or [event.noun_id]
        data = body["data"]
        place = contract, data["duty"]
        if place not in debtors:
            debtors[place] = debtor(contract, data["duty"])
        key = Key(event.noun, event.noun_id)
        found.append(Finding(event.pk, event.type, key, contract, event.occurred_at, data, debtors[place]))
    return found
