"""What it would change to annul an entry, found by judging both ways, and for whom that is good."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.engine.batch import annulled_ids
from encore.engine.events import ANNULLED, CONTRACT_WIDE, Judged, Reader
from encore.ledger.canonical import written
from encore.ledger.judging import Standing, _events, _judge_anew, _listeners, _marked, standing_of
from encore.ledger.kinds import KINDS
from encore.ledger.models import Concern, Event, Memory
from encore.ledger.nouns import Key
from encore.ledger.parties import role_of
from encore.ledger.stored import memos_of

REASONS: Final[dict[str, str | Promise]] = {
    "mistyped": _("entered wrongly"),
    "elsewhere": _("belongs to something else"),
    "twice": _("recorded twice"),
    "untrue": _("did not happen"),
}
ASKED: Final = "event.annulment_asked"
_WORSE: Final = {"fulfilled": 0, "discharged": 0, "excused": 0, "open": 1, "suspended": 1, "late": 2, "breached": 3}
_LAST: Final = 2**62
"""The place of an event that has none yet: after all that are there."""


@dataclass(frozen=True)
class Side:
    """How a clock stands, judged one way."""

    state: str
    due: int

    def is_better_than(self, other: "Side | None") -> bool:
        """For whoever owes it; None is a clock that is not there, so that nothing is owed."""
        if other is None:
            return False
        mine, theirs = _WORSE[self.state], _WORSE[other.state]
        return mine < theirs or (mine == theirs == _WORSE["open"] and self.due > other.due)


@dataclass(frozen=True)
class Change:
    """A clock that would stand otherwise. `debtor`: the role of the party that owes it; empty where that is not one party."""

    contract: int
    key: Key
    duty: str
    debtor: str
    before: Side | None
    after: Side | None

    def helps(self, role: str) -> bool:
        if self.debtor not in ("", role):
            return False
        if self.after is None:
            return self.before is not None and _WORSE[self.before.state] > 0
        return self.after.is_better_than(self.before)


def data_of(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(bytes(event.body))["data"]
    return found


def can_be_annulled(event: Event) -> bool:
    kind = KINDS.get(event.type)
    return kind is None or not kind.stays


def root_of(event: Event) -> Event:
    """What an annulment annuls in the end, or the event itself."""
    while event.type == ANNULLED:
        event = Event.objects.get(pk=data_of(event)["id"])
    return event


def is_wide(event: Event) -> bool:
    """Whether it may move the clocks of the whole contract."""
    root = root_of(event)
    return root.noun == "contract" or root.type in CONTRACT_WIDE


def is_void(event: Event) -> bool:
    found = Event.objects.filter(noun=event.noun, noun_id=event.noun_id, type=ANNULLED).order_by("pk")
    return str(event.pk) in annulled_ids((str(one.pk), str(data_of(one)["id"])) for one in found)


def asked(event: Event) -> list[tuple[Event, int | None]]:
    """When people asked to annul it, the latest first, and of which organisation they are."""
    asked = Event.objects.filter(noun=event.noun, noun_id=event.noun_id, type=ASKED).order_by("-pk")
    those = [one for one in asked if data_of(one)["id"] == event.pk]
    home = homes(one.actor for one in those)
    return [(one, home.get(one.actor)) for one in those]


def asked_by(event: Event, organisation: int) -> Event | None:
    return next((one for one, home in asked(event) if home == organisation), None)


def asked_by_others(event: Event, organisation: int) -> Event | None:
    return next((one for one, home in asked(event) if home != organisation), None)


def homes(actors: Iterable[str]) -> dict[str, int]:
    """The organisations of those who acted; guests and the ledger have none."""
    numbers = {actor: Key.parse(actor).id for actor in set(actors) if actor.startswith("user:")}
    found = dict(User.objects.filter(pk__in=numbers.values()).values_list("pk", "organisation"))
    return {actor: found[number] for actor, number in numbers.items()}


def needs_another(event: Event, user: User, changes: Collection[Change]) -> bool:
    """Whether it takes somebody of another organisation as well: it helps one's own, or the entry is not one's own."""
    home = homes([event.actor]).get(event.actor, user.organisation_id)
    return home != user.organisation_id or any(change.helps(user.organisation.role) for change in changes)


def changes(event: Event, now: datetime) -> list[Change]:
    """All clocks that would stand otherwise at `now` if the event had never been, in the order of their opening."""
    concerned = Concern.objects.filter(event=event).values_list("contract", flat=True)
    found: list[Change] = []
    for contract in sorted({contract for contract in concerned if contract is not None}):
        remembered = Memory.objects.filter(pk=contract).values_list("judged_to", "body").first()
        standing = standing_of(contract, remembered, anew=True)
        if standing is not None:
            found.extend(_changes(standing, event, now))
    return found


def _changes(standing: Standing, event: Event, now: datetime) -> Iterator[Change]:
    keys = None if is_wide(event) else _touched(standing, root_of(event))
    events = _events(standing, keys)
    body = {
        "type": ANNULLED,
        "subject": f"{event.noun}:{event.noun_id}",
        "at": written(now),
        "data": {"id": str(event.pk)},
        "id": str(_LAST),
    }
    annulment = Reader().take(body, _LAST)
    before = _judged(standing, events, keys, now)
    after = _judged(standing, [*events, annulment], keys, now)
    for place in sorted(before.keys() | after.keys(), key=lambda place: (place[2], place)):
        was, would = before.get(place), after.get(place)
        sides = was and was[1], would and would[1]
        if sides[0] != sides[1]:
            subject, duty, _opened, _nth = place
            debtor = (was or would or ("", None))[0]
            yield Change(standing.contract, Key.parse(subject), duty, debtor, *sides)


Place = tuple[str, str, int, int]
"""Which clock, whatever its index has become: subject, duty, when it opened, and which of those."""


def _judged(
    standing: Standing, events: list[Judged], keys: Collection[Key] | None, now: datetime
) -> dict[Place, tuple[str, Side]]:
    made = _judge_anew(standing, events, keys, now)
    found: dict[Place, tuple[str, Side]] = {}
    for clock in made.clocks():
        nth = 0
        while (place := (clock.subject, clock.duty, clock.opened, nth)) in found:
            nth += 1
        found[place] = role_of(made.versions[-1][1], clock.rule.owed_by), Side(clock.name, clock.due)
    return found


def _touched(standing: Standing, event: Event) -> set[Key]:
    """The event's subject, and of what it refers to that on which clocks run or ran which heed it."""
    made = standing.judge(set())
    heeding = _listeners(made, event.type) | _marked(made, event.type)
    concerned = Concern.objects.filter(event=event, contract=standing.contract).values_list("noun", "noun_id")
    keys = {Key(noun, number) for noun, number in concerned}
    memos = memos_of(standing.contract, keys)
    subject = Key(event.noun, event.noun_id)
    return {subject} | {key for key in keys if key in memos and memos[key].duties & heeding}
