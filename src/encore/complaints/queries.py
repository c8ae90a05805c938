from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from encore.accounts.models import User
from encore.complaints.models import Complaint
from encore.contracts import queries as contracts
from encore.engine import Edition
from encore.engine.model import Stage
from encore.engine.patterns import by_type
from encore.ledger.models import Clock
from encore.ledger.queries import Entry
from encore.web.tables import PAGE, Place, after


def visible_to(user: User) -> QuerySet[Complaint]:
    """The complaints under contracts to which this person's organisation is a party: both have their steps to take."""
    party = Q(contract__venue=user.organisation_id) | Q(contract__agency=user.organisation_id)
    return Complaint.objects.filter(party).select_related("contract__venue", "contract__agency")


def edition(complaint: Complaint) -> Edition:
    return contracts.edition_of(complaint.contract)


def channel(edition: Edition, via: str) -> str:
    """The edition's key for complaints that come this way (`web`, `phone`, …), or the way itself where it names none."""
    rows = edition.vocabulary["channel"].items()
    return next((key for key, row in rows if getattr(row, "via", None) == via), via)


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


def burning(user: User, place: Place | None) -> list[tuple[Complaint, Clock]]:
    """A page of the clocks that run on complaints, the least time left first, and one row more where there are more."""
    own = Complaint.objects.filter(contract__in=contracts.visible_to(user)).values("pk")
    running = Clock.objects.filter(noun="complaint", is_ended=False, noun_id__in=own)
    clocks = running.filter(after("due_at", place)).order_by("due_at", "pk")[: PAGE + 1]
    complaints = visible_to(user).in_bulk([clock.noun_id for clock in clocks])
    return [(complaints[clock.noun_id], clock) for clock in clocks]


def latest(user: User, place: Place | None) -> list[Complaint]:
    """A page of all complaints, the one received last first, and one row more where there are more."""
    beyond = after("received_at", place, descending=True)
    return list(visible_to(user).filter(beyond).order_by("-received_at", "-pk")[: PAGE + 1])


def keys_taken(keys: Iterable[str]) -> set[str]:
    """Of these form keys, those that a complaint has already been taken by."""
    return set(Complaint.objects.filter(form_key__in=list(keys)).values_list("form_key", flat=True))
