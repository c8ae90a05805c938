"""The plain steps that the acts of this package are made of."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import course, queries
from encore.complaints.models import Complaint, Statement
from encore.contracts.queries import terms_lately
from encore.engine import Edition
from encore.ledger.queries import event_label
from encore.ledger.record import record
from encore.ledger.refusal import Refusal
from encore.search.index import index
from encore.web.language import reading

# Whoever does one of these has taken the complaint up, at the latest by doing it.
_HANDLING: Final = frozenset(
    {
        "complaint.verified", "complaint.assessed", "complaint.contacted", "complaint.replied", "complaint.planned",
        "complaint.emergency_started", "complaint.mediated", "complaint.started", "complaint.resolved",
    }
)  # fmt: skip
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class CannotHandle(Refusal):
    """It is over, or it is about the very person who would handle it."""


class CannotSkip(Refusal):
    """A stage that the edition puts before this one has not been reached."""


def locked(complaint: Complaint) -> Complaint:
    of = Complaint.objects.select_for_update(of=("self",)).select_related("contract")
    return of.get(pk=complaint.pk)


def handled(complaint: Complaint, by: User | None) -> Complaint:
    """The complaint, locked, for an act of handling it. `by` None is its guest."""
    complaint = locked(complaint)
    if not complaint.is_open:
        raise CannotHandle(_("This complaint is closed."))
    if by is not None:
        refuse_the_concerned(complaint, by)
    return complaint


def refuse_the_concerned(complaint: Complaint, by: User) -> None:
    if complaint.concerns.filter(person=by).exists():
        raise CannotHandle(_("This complaint is about you: somebody else handles it."))


def took(
    complaint: Complaint,
    type: str,
    *,
    by: User | None,
    at: datetime,
    data: Mapping[str, Any] = _NOTHING,
    columns: Mapping[str, Any] = _NOTHING,
) -> Complaint:
    """Records an act, and brings the row up to it: how far the complaint has come, its stage, and these columns besides."""
    in_force = terms_lately(complaint.contract)
    edition = in_force.edition
    if by is not None:
        queries.require_department(complaint, type, by, in_force)
    changed: set[str] = set()
    if type in _HANDLING and by is not None and complaint.taken_up_at is None:
        changed |= _reach(complaint, edition, "complaint.taken_up", _NOTHING, by, at)
        if complaint.responsible_id is None:
            complaint.responsible = by
            changed.add("responsible")
    if stage := course.lacking(edition, complaint, type, data):
        raise CannotSkip(_("The stage “%(stage)s” comes before this.") % {"stage": reading(stage.label)})
    if needed := course.premature(in_force, complaint, type):
        raise CannotSkip(_("“%(event)s” comes before this.") % {"event": event_label(edition, needed.event)})
    changed |= _reach(complaint, edition, type, data, by, at)
    for name, value in columns.items():
        setattr(complaint, name, value)
    if changed := changed | columns.keys():
        complaint.save(update_fields=changed)
    if changed & queries.SEARCHED:
        index(complaint)
    return complaint


def _reach(
    complaint: Complaint, edition: Edition, type: str, data: Mapping[str, Any], by: User | None, at: datetime
) -> set[str]:
    record(type, subject=complaint, actor=by, occurred_at=at, **data)
    columns: dict[str, Any] = {}
    if type in course.REACHED:
        columns[course.REACHED[type]] = at
    if type in course.ANSWERS:
        columns["answer"] = course.ANSWERS[type]
    stage = course.entered_by(edition, type, data)
    if stage is not None and (complaint.stage_since is None or complaint.stage_since <= at):
        columns |= {"stage": stage.key, "stage_since": at}
    for name, value in columns.items():
        setattr(complaint, name, value)
    return set(columns)


def passed_to(complaint: Complaint, person: User, *, by: User, at: datetime) -> None:
    """Another person answers for it from now on; for the complaint itself that is no step, so that none has to come before."""
    edition = terms_lately(complaint.contract).edition
    changed = _reach(complaint, edition, "complaint.assigned", {"handler": f"person:{person.pk}"}, by, at)
    complaint.responsible = person
    complaint.save(update_fields={*changed, "responsible"})


def say(
    complaint: Complaint,
    kind: Statement.Kind,
    event: str,
    words: str,
    by: User | None,
    at: datetime,
    channel: str = "",
    to: User | None = None,
) -> None:
    """Keeps the words beside the event; nothing where there are none."""
    if words:
        Statement.objects.create(
            complaint=complaint, kind=kind, event=event, words=words, by=by, at=at, channel=channel, to=to
        )
