"""What would follow from an event: judged as if it had happened, without writing anything."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import orjson
from django.db.models import Q, QuerySet

from encore.engine import Clock, Judge, Terms, judge_all
from encore.engine.events import CONTRACT_WIDE, EFFECTIVE, PUBLISHED, Judged, Reader
from encore.engine.mentions import mentions
from encore.engine.moments import from_datetime
from encore.ledger.canonical import written
from encore.ledger.models import Clock as ClockRow
from encore.ledger.models import Concern, Event, TermsInForce
from encore.ledger.nouns import Key
from encore.ledger.terms import KeptEditions, terms, versions_of

_LAST: Final = 2**62
"""The place of an event that has none yet: after all that are there."""


@dataclass(frozen=True)
class Outlook:
    """A clock as it would stand, with the columns of a stored one. `before`: how it stands now, empty for a new one."""

    duty: str
    clause: str
    noun: str
    noun_id: int
    opened_at: datetime
    due_at: datetime
    first_due_at: datetime | None
    closed_at: datetime | None
    state: str
    provisional: bool
    before: str
    counts_on: int  # how many more such events its period would still need
    was_due_at: datetime | None = None  # as things stand; None for a new one

    @property
    def key(self) -> Key:
        return Key(self.noun, self.noun_id)


def foresee(
    type: str, *, contract: int, subject: Key, data: Mapping[str, object], at: datetime, now: datetime
) -> list[Outlook]:
    """The clocks on the subject and on the contract itself that would be other than they are, in the order of their opening.

    `subject` may be one that is not there yet. What an event does to all other subjects, because it concerns the whole
    contract, is not looked at.
    """
    versions = versions_of(contract)
    if not versions:
        return []
    return _foreseen(contract, versions, {subject}, _raw(type, contract, subject, data, at), now)


def foresee_calendar(contract: int, data: Mapping[str, object], *, at: datetime, now: datetime) -> list[Outlook]:
    """The provisional deadlines, on whatever subject, that are another once a year's working days are published."""
    rows = ClockRow.objects.filter(contract=contract, is_ended=False, provisional=True)
    subjects = {Key(noun, number) for noun, number in rows.values_list("noun", "noun_id").distinct()}
    versions = versions_of(contract)
    if not versions or not subjects:
        return []
    raw = _raw(PUBLISHED, contract, Key("contract", contract), data, at)
    return _foreseen(contract, versions, subjects, raw, now)


def foresee_start(first: Terms, *, at: datetime, now: datetime) -> list[Outlook]:
    """The clocks that would run, or have run out, at `now` under a contract that nobody has signed yet, in force from `at`."""
    subject = Key("contract", 0)
    event = Reader().take(_raw(EFFECTIVE, 0, subject, {}, at), 1)
    clocks = _judged(first, {str(subject)}, now, [event])
    return sorted((_outlook(clock, None) for clock in clocks.values()), key=lambda one: (one.due_at, one.duty))


def _raw(type: str, contract: int, subject: Key, data: Mapping[str, object], at: datetime) -> dict[str, object]:
    refs = [str(Key("contract", contract))]
    return {"type": type, "subject": str(subject), "at": written(at), "refs": refs, "data": dict(data)}


def _foreseen(
    contract: int, versions: Sequence[TermsInForce], subjects: set[Key], raw: dict[str, object], now: datetime
) -> list[Outlook]:
    first, concerned = versions[0], {*map(str, subjects), str(Key("contract", contract))}
    found = list(_events(contract, subjects, _heeded(contract, versions, str(raw["type"])), first.since))
    judged = partial(_judged, terms(first.edition_id, first.parameters), concerned, now)
    before, after = judged(found), judged([*found, Reader().take(raw, _LAST)])
    changed = [place for place, clock in after.items() if place not in before or _told(clock) != _told(before[place])]
    changed.sort(key=lambda place: (after[place].opened, after[place].due))
    return [_outlook(after[place], before.get(place)) for place in changed]


def _heeded(contract: int, versions: Iterable[TermsInForce], type: str) -> set[str]:
    """The events that clocks on the contract itself may heed: of the duties that have run there, and those that would start."""
    ran = ClockRow.objects.filter(contract=contract, noun="contract", noun_id=contract)
    duties = set(ran.values_list("duty", flat=True).distinct())
    said = [mention for row in versions for mention in mentions(terms(row.edition_id, row.parameters))]
    duties |= {one.rule.id for one in said if one.place == "when" and one.pattern.event == type}
    return {one.pattern.event for one in said if one.rule.id in duties} | CONTRACT_WIDE


def _events(contract: int, subjects: set[Key], heeded: set[str], since: datetime) -> Iterable[Judged]:
    def concerning(noun: str, numbers: Collection[int]) -> QuerySet[Concern, int]:
        found = Concern.objects.filter(contract=contract, noun=noun, noun_id__in=numbers)
        return found.values_list("event", flat=True)

    which = Q(type__in=heeded, pk__in=concerning("contract", [contract]))
    for noun in {key.noun for key in subjects} - {"contract"}:
        which |= Q(pk__in=concerning(noun, [key.id for key in subjects if key.noun == noun]))
    reader = Reader()
    for event in Event.objects.filter(which).order_by("pk"):
        raw = {**orjson.loads(bytes(event.body)), "id": str(event.pk)}
        if event.type == EFFECTIVE and event.occurred_at == since:  # the judge has the first terms already
            raw["data"] = {}
        yield reader.take(raw, event.pk)


def _judged(first: Terms, only: set[str], now: datetime, events: list[Judged]) -> dict[tuple[str, str, int], Clock]:
    make = partial(Judge, only=only)
    judge = judge_all(first, lambda: events, from_datetime(now), editions=KeptEditions(), make=make)
    return {(clock.subject, clock.duty, clock.index): clock for clock in judge.clocks()}


def _told(clock: Clock) -> tuple[object, ...]:
    return (clock.state, clock.opened, clock.due, clock.closed, clock.need)


def _outlook(clock: Clock, before: Clock | None) -> Outlook:
    return Outlook(
        clock.duty, clock.clause, *Key.parse(clock.subject), clock.opened_at, clock.due_at, clock.first_due_at,
        clock.closed_at, clock.name, clock.provisional, before.name if before else "", clock.need,
        before.due_at if before else None,
    )  # fmt: skip
