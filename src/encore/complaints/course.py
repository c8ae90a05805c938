"""How far a complaint has come, in the stages of the edition that it is handled under."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from encore.complaints.models import Answer, Complaint
from encore.engine import Edition, Terms
from encore.engine.events import EFFECTIVE
from encore.engine.model import Stage
from encore.engine.patterns import Pattern, by_type, test_of
from encore.ledger.nouns import key_of
from encore.ledger.queries import history

# The columns that say how far a complaint has come, by the event that tells of it.
REACHED: Final = {
    "complaint.recorded": "recorded_at",
    "complaint.acknowledged": "acknowledged_at",
    "complaint.taken_up": "taken_up_at",
    "complaint.reported": "reported_at",
    "complaint.verified": "verified_at",
    "complaint.assessed": "assessed_at",
    "complaint.emergency_started": "emergency_at",
    "complaint.planned": "planned_at",
    "complaint.plan_approved": "plan_approved_at",
    "complaint.started": "started_at",
    "complaint.replied": "replied_at",
    "complaint.mediated": "mediated_at",
    "complaint.resolved": "resolved_at",
    "complaint.result_sent": "result_sent_at",
    "complaint.confirmation_asked": "confirmation_asked_at",
    "complaint.result_confirmed": "answered_at",
    "complaint.result_rejected": "answered_at",
    "complaint.result_unanswered": "answered_at",
    "complaint.answered_promoter": "promoter_answered_at",
    "complaint.result_sent_promoter": "promoter_told_at",
    "complaint.progress_sent": "progress_sent_at",
    "complaint.followed_up": "followed_up_at",
    "complaint.archived": "archived_at",
    "complaint.withdrawn": "withdrawn_at",
    "complaint.merged": "merged_at",
    "complaint.reopened": "reopened_at",
}
ANSWERS: Final = {
    "complaint.result_confirmed": Answer.CONFIRMED,
    "complaint.result_rejected": Answer.REJECTED,
    "complaint.result_unanswered": Answer.UNANSWERED,
}
# What is begun anew when a complaint is reopened, whatever the stages of its edition.
_ENDS: Final = frozenset(
    {
        "complaint.resolved", "complaint.result_sent", "complaint.confirmation_asked", "complaint.result_sent_promoter",
        "complaint.archived", *ANSWERS,
    }
)  # fmt: skip


# A new plan is approved and begun anew.
RENEWS: Final = {"complaint.planned": ("plan_approved_at", "started_at")}


class Told(Protocol):
    """What a record tells: an entry of a timeline, an event."""

    @property
    def type(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


def stages(edition: Edition) -> list[Stage]:
    return [row for row in edition.vocabulary["stage"].values() if isinstance(row, Stage)]


def entered_by(edition: Edition, type: str, data: Mapping[str, object]) -> Stage | None:
    """The stage that such an event brings a complaint into."""
    for stage in stages(edition):
        tests = by_type(stage.enters or ())
        if type in tests and ((test := tests[type]) is None or test(data)):
            return stage
    return None


def is_reached(complaint: Complaint, type: str) -> bool:
    """Whether its columns tell of such an event."""
    return type in REACHED and getattr(complaint, REACHED[type]) is not None


def _happened(complaint: Complaint, taken_up: bool) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The events that its columns tell of, with what the patterns of stages ask about."""
    classes = {"severity": complaint.severity, "category": complaint.category, "cause": complaint.cause}
    yield "complaint.received", {"channel": complaint.channel}
    for type, column in REACHED.items():
        is_reached = getattr(complaint, column) is not None or (taken_up and type == "complaint.taken_up")
        if is_reached and ANSWERS.get(type, complaint.answer) == complaint.answer:
            yield type, classes if type == "complaint.assessed" else {"channel": complaint.channel}


def _beside(edition: Edition, complaint: Complaint) -> Mapping[str, Mapping[str, object]]:
    """What no column tells of: asked of the ledger, once for each row that was read, where an edition speaks of it."""
    found: dict[str, Mapping[str, object]] | None = complaint.__dict__.get("_beside")
    if found is None:
        since, anew = complaint.reopened_at, begun_anew(edition) if complaint.reopened_at else ()
        found = complaint.__dict__["_beside"] = {
            one.type: one.data
            for one in history(key_of(complaint))
            if one.type not in REACHED and not (since and one.type in anew and one.occurred_at < since)
        }
    return found


def lacking(
    edition: Edition, complaint: Complaint, type: str, data: Mapping[str, object], taken_up: bool = False
) -> Stage | None:
    """The first stage before the one that such an event enters, which nothing has brought this complaint into yet.

    A stage that is for other complaints, of another level for instance, is not lacking. `taken_up`: it would be by then.
    """
    target = entered_by(edition, type, data)
    if target is None:
        return None
    happened = {**dict(_happened(complaint, taken_up)), type: data}
    for stage in stages(edition):
        if stage.key == target.key:
            return None
        asked = by_type(stage.enters or ()).keys()
        if not asked or asked & happened.keys():
            continue
        untold = asked - REACHED.keys()
        if not untold or not untold & _beside(edition, complaint).keys():
            return stage
    return None


def premature(in_force: Terms, complaint: Complaint, type: str, taken_up: bool = False) -> Pattern | None:
    """What has to happen before such an event: that which starts the duties it fulfils, where none of them has started."""
    happened = dict(_happened(complaint, taken_up))
    missing: Pattern | None = None
    for rule in in_force.rules.values():
        if not any(pattern.event == type for pattern in rule.done):
            continue
        for pattern in rule.when:
            test, data = test_of(pattern), happened.get(pattern.event)
            if data is None and pattern.event not in REACHED and pattern.event != EFFECTIVE:
                data = _beside(in_force.edition, complaint).get(pattern.event)
            if pattern.event == EFFECTIVE or (data is not None and (test is None or test(data))):
                return None
            missing = missing or pattern
    return missing


def begun_anew(edition: Edition) -> frozenset[str]:
    """The events that no longer count once a complaint is reopened: those past the stage that the reopening enters."""
    order = stages(edition)
    back = entered_by(edition, "complaint.reopened", {})
    later = order[order.index(back) + 1 :] if back else []
    return _ENDS | {name for stage in later for name in by_type(stage.enters or ())}


def reached(edition: Edition, entries: Iterable[Told]) -> dict[str, Any]:
    """How far a complaint has come, by what was recorded of it and stands: values of its columns."""
    found: dict[str, Any] = {}
    for entry in entries:
        if entry.type == "complaint.reopened":
            for name in begun_anew(edition):
                found.pop(REACHED.get(name, ""), None)
            found.pop("answer", None)
        for column in RENEWS.get(entry.type, ()):
            found.pop(column, None)
        if entry.type in REACHED:
            found[REACHED[entry.type]] = entry.occurred_at
        if entry.type in ANSWERS:
            found["answer"] = ANSWERS[entry.type]
        if stage := entered_by(edition, entry.type, entry.data):
            found |= {"stage": stage.key, "stage_since": entry.occurred_at}
    return found


@dataclass(frozen=True)
class Step:
    """A stage of the edition, and where a complaint stands towards it."""

    stage: Stage
    reached_at: datetime | None
    is_present: bool
    is_past: bool  # also one that nothing entered, on the way to a later one


def steps(edition: Edition, history: Iterable[Told]) -> list[Step]:
    """The stages in the edition's order. A complaint stands in the one that its latest event entered."""
    reached_at: dict[str, datetime] = {}
    present = ""
    for entry in history:
        if stage := entered_by(edition, entry.type, entry.data):
            reached_at[stage.key], present = entry.occurred_at, stage.key
    order = stages(edition)
    keys = [stage.key for stage in order]
    where = keys.index(present) if present else -1
    return [Step(stage, reached_at.get(stage.key), place == where, place < where) for place, stage in enumerate(order)]
