import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Q, QuerySet

from encore.accounts.models import User
from encore.accounts.queries import people_of
from encore.accounts.rights import may
from encore.complaints.models import Complaint
from encore.contracts import queries as contracts
from encore.engine import Edition
from encore.engine.model import Stage
from encore.engine.patterns import by_type
from encore.ledger.models import Clock
from encore.ledger.queries import Entry


def visible_to(user: User) -> QuerySet[Complaint]:
    """The complaints under contracts to which this person's organisation is a party: both have their steps to take."""
    party = Q(contract__venue=user.organisation_id) | Q(contract__agency=user.organisation_id)
    return Complaint.objects.filter(party).select_related("contract__venue", "contract__agency")


# What is to be done with a complaint next, and whose right that is.
_NEXT: Final = {
    "awaits_verification": "complaints.verify",
    "awaits_assessment": "complaints.assess",
    "awaits_plan": "complaints.plan",
    "awaits_start": "complaints.start",
    "awaits_resolution": "complaints.resolve",
    "awaits_result": "complaints.send_result",
    "awaits_archiving": "complaints.archive",
}


def responsible(numbers: Collection[int]) -> dict[int, list[User]]:
    """For each complaint the people of the parties who may take its next step; nobody where there is none."""
    complaints = list(Complaint.objects.filter(pk__in=numbers).select_related("contract"))
    parties = {one.pk: (one.contract.venue_id, one.contract.agency_id) for one in complaints}
    people = people_of(organisation for both in parties.values() for organisation in both)
    found: dict[int, list[User]] = {}
    for complaint in complaints:
        acts = [act for awaits, act in _NEXT.items() if getattr(complaint, awaits)]
        those = [one for party in parties[complaint.pk] for one in people.get(party, ())]
        found[complaint.pk] = [one for one in those if any(may(act, one) for act in acts)]
    return found


def edition(complaint: Complaint) -> Edition:
    return contracts.edition_of(complaint.contract)


def channel(edition: Edition, via: str) -> str:
    """The edition's key for complaints that come this way (`web`, `phone`, …), or the way itself where it names none."""
    rows = edition.vocabulary["channel"].items()
    return next((key for key, row in rows if getattr(row, "via", None) == via), via)


def is_void(entries: Iterable[Entry]) -> bool:
    """Whether its very receipt was annulled, so that there is nothing to do about it."""
    return not any(entry.type == "complaint.received" and entry.annulled is None for entry in entries)


# The columns that say how far a complaint has come, by the event that tells of it.
REACHED: Final = {
    "complaint.verified": "verified_at",
    "complaint.assessed": "assessed_at",
    "complaint.planned": "planned_at",
    "complaint.started": "started_at",
    "complaint.resolved": "resolved_at",
    "complaint.result_sent": "result_sent_at",
    "complaint.followed_up": "followed_up_at",
    "complaint.archived": "archived_at",
}


def reached(entries: Iterable[Entry]) -> dict[str, datetime]:
    """How far a complaint has come, by what was recorded of it and stands."""
    return {REACHED[entry.type]: entry.occurred_at for entry in entries if entry.type in REACHED}


@dataclass(frozen=True)
class Step:
    """A stage of the edition, and where a complaint stands towards it."""

    stage: Stage
    reached_at: datetime | None
    is_present: bool
    is_past: bool  # also one that nothing entered, on the way to a later one


def steps(edition: Edition, history: Iterable[Entry]) -> list[Step]:
    """The stages in the edition's order. A complaint stands in the one that its latest event entered."""
    stages = [row for row in edition.vocabulary["stage"].values() if isinstance(row, Stage)]
    reached: dict[str, datetime] = {}
    present = ""
    for entry in history:
        for stage in stages:
            tests = by_type(stage.enters or ())
            if entry.type in tests and ((test := tests[entry.type]) is None or test(entry.data)):
                reached[stage.key] = entry.occurred_at
                present = stage.key
    keys = [stage.key for stage in stages]
    where = keys.index(present) if present else -1
    return [Step(stage, reached.get(stage.key), place == where, place < where) for place, stage in enumerate(stages)]


class Burning(NamedTuple):
    """A clock that runs on a complaint, with what a list tells of the two."""

    clock: Clock
    complaint: Complaint
    edition: Edition


def burning(user: User) -> QuerySet[Clock]:
    """The clocks that run on complaints which this person may see."""
    own = Complaint.objects.filter(contract__in=contracts.visible_to(user)).values("pk")
    return Clock.objects.filter(noun="complaint", is_ended=False, noun_id__in=own)


def with_complaints(user: User, editions: Mapping[int, Edition], clocks: Iterable[Clock]) -> list[Burning]:
    clocks = list(clocks)
    complaints = visible_to(user).in_bulk({clock.noun_id for clock in clocks})
    return [Burning(clock, complaints[clock.noun_id], editions[clock.contract]) for clock in clocks]


def answering(words: str) -> Q:
    """The complaints that have these words in them, that room, or that number."""
    found = Q(text__icontains=words) | Q(room__icontains=words)
    number = _NUMBER.fullmatch(words)
    return found | Q(pk=int(number[1])) if number else found


_NUMBER: Final = re.compile(r"(?:C-[0-9]{2}-)?([0-9]{1,18})", re.IGNORECASE | re.ASCII)


def keys_taken(keys: Iterable[str]) -> set[str]:
    """Of these form keys, those that a complaint has already been taken by."""
    return set(Complaint.objects.filter(form_key__in=list(keys)).values_list("form_key", flat=True))
