"""What passes from one person to another: a shift, the work of somebody absent; and a supervisor's look at it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import cycle
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.channels.drafts import tell
from encore.complaints import workload
from encore.complaints.models import Complaint, Concern, Handover, Supervision
from encore.complaints.operations.steps import passed_to
from encore.contracts import queries as contracts
from encore.ledger.nouns import key_of
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.venues.models import Venue


class CannotHandOn(Refusal):
    pass


class CannotHandOver(Refusal):
    pass


class CannotSupervise(Refusal):
    pass


@operation
def hand_on(person: User, *, to: Sequence[User], by: User, at: datetime) -> list[Complaint]:
    """Gives all open complaints that somebody answers for to others, in turn, all or none of those that they may take.

    What none of them may take stays where it is; the complaints that were given are returned.
    """
    _refuse_others(person, by, to)
    given = _passed(person, to, by, at)
    if not given:
        raise CannotHandOn(_("There is no open complaint that these people could take."))
    return given


@operation
def hand_over(venue: Venue, *, giver: User | None, with_work: bool, by: User, at: datetime) -> Handover:
    """`by` takes over the shift that runs, or that was the last; once a shift. `with_work`: what `giver` answers for becomes theirs."""
    numbers = list(contracts.editions(by))
    now = workload.watch(at, venue, venue.shifts.all())
    leaving = workload.leaving(by, now, venue, numbers, at)
    if giver is not None:
        _refuse_others(giver, by, [by], is_shift=True)
    taken = Handover(
        venue=venue, owner=by.organisation, shift=now.name, since=now.since, giver=giver, by=by, at=at,
        came=leaving.came.number, due=leaving.due.number, late=leaving.late.number, left=leaving.left,
    )  # fmt: skip
    try:
        with transaction.atomic():
            taken.save(force_insert=True)
    except IntegrityError:
        raise CannotHandOver(_("This shift has been taken over already.")) from None
    told: dict[str, Any] = {name: getattr(taken, name) for name in ("came", "due", "late", "left")}
    if giver is not None:
        told["giver"] = f"person:{giver.pk}"
    record("shift.handed_over", subject=venue, actor=by, occurred_at=at, **told)
    if giver is not None and with_work:
        _passed(giver, [by], by, at)
    return taken


def _refuse_others(person: User, by: User, to: Sequence[User], *, is_shift: bool = False) -> None:
    if person.organisation_id != by.organisation_id:
        raise CannotHandOn(_("Only work of one's own people is given on."))
    if person.pk in {one.pk for one in to}:
        raise CannotHandOn(_("Choose somebody else than who gives it away."))
    if not to or any(one.organisation_id != by.organisation_id or not one.is_active for one in to):
        raise CannotHandOn(_("Choose somebody of your own people who is here."))
    if not is_shift and person.pk != by.pk and by.post != Post.MANAGER:
        raise CannotHandOn(_("Work of others is given on by a manager."))


def _passed(person: User, to: Sequence[User], by: User, at: datetime) -> list[Complaint]:
    held = list(workload.held_by(person, by).select_for_update(of=("self",)))
    concerned = set(Concern.objects.filter(complaint__in=held).values_list("complaint", "person"))
    turns = cycle(to)
    given = []
    for complaint in held:
        takers = (one for one in (next(turns) for _ in to) if workload.may_take(complaint, one, concerned))
        if (taker := next(takers, None)) is not None:
            passed_to(complaint, taker, by=by, at=at)
            given.append(complaint)
    return given


@operation
def supervise(person: User, *, by: User, at: datetime) -> Supervision:
    """Somebody above goes through a colleague's complaints with them: how these stood is kept, and the colleague is told."""
    if person.organisation_id != by.organisation_id or not person.is_active:
        raise CannotSupervise(_("This is nobody of your own people."))
    if person.pk == by.pk:
        raise CannotSupervise(_("Somebody else goes through your own work with you."))
    houses = workload.houses(by)
    until = workload.day_ends(at, houses[0] if houses else None)
    found = workload.work(by, list(contracts.editions(by)), at, until, person).get(person.pk, workload.NO_WORK)
    counts: dict[str, Any] = {"left": found.left, "due": found.due, "late": found.late, "reopened": found.reopened}
    made = Supervision.objects.create(person=person, by=by, at=at, **counts)
    record("handler.followed_up", subject=person, actor=by, occurred_at=at, **counts)
    tell([person], key_of(person), "handler.followed_up", at=at)
    return made
