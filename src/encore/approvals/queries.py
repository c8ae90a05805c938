from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime

from encore.accounts.models import Organisation, Post, User
from encore.accounts.queries import people_of
from encore.approvals.models import Absence, Approval, Copy, State, Step, Tier

# Who decides where a house has not said so.
_USUAL: Final[Sequence[tuple[Decimal | None, str]]] = (
    (Decimal("5000.00"), Post.FINANCE.value),
    (None, f"{Post.FINANCE.value} {Post.MANAGER.value}"),
)
# They see what their house decides, whoever's turn it was.
_OVERSEEING: Final = (Post.MANAGER, Post.FINANCE)


def visible_to(user: User) -> QuerySet[Approval]:
    """One's own, those one decides or has decided, and those one has a copy of; to managers and finance all of the house."""
    every = Approval.objects.filter(owner=user.organisation_id).select_related("requested_by", "waits_person")
    if user.post in _OVERSEEING:
        return every
    steps = Step.objects.filter(approval=OuterRef("pk")).filter(
        Q(post=user.post, person=None) | Q(person=user) | Q(decided_by=user) | Q(added_by=user) | Q(handed_on_by=user)
    )
    stands_in = Absence.objects.filter(deputy=user).filter(
        Q(person=OuterRef("waits_person")) | Q(person__post=OuterRef("waits_post"))
    )
    copies = Copy.objects.filter(approval=OuterRef("pk"), person=user)
    return every.filter(Q(requested_by=user) | Q(beneficiary=user) | Exists(steps) | Exists(stands_in) | Exists(copies))


def tiers(owner: Organisation | int, kind: str) -> list[tuple[Decimal | None, list[Post]]]:
    """From the smallest amount to what has none; the usual ones where the house has not set any."""
    rows = list(Tier.objects.filter(owner=owner, kind=kind).values_list("below", "posts")) or list(_USUAL)
    ordered = sorted(rows, key=lambda row: (row[0] is None, row[0] or 0))
    return [(below, [Post(post) for post in posts.split()]) for below, posts in ordered]


def deciding(owner: Organisation | int, kind: str, amount: Decimal | None) -> list[Post]:
    """The posts that decide about such an amount, one after the other; about what has none, those of the highest."""
    found = tiers(owner, kind)
    for below, posts in found:
        if below is None or (amount is not None and amount < below):
            return posts
    return found[-1][1]


def stood_in_for(deputy: User, day: date) -> list[User]:
    """Those in whose place this person decides on that day."""
    rows = Absence.objects.filter(deputy=deputy, from_day__lte=day, to_day__gte=day, person__is_active=True)
    return [row.person for row in rows.select_related("person") if row.person.organisation_id == deputy.organisation_id]


def awaiting(user: User, at: datetime) -> QuerySet[Approval]:
    """What waits for this person, for their post, or for somebody in whose place they decide."""
    turn = _turn_of(user)
    for absent in stood_in_for(user, localtime(at).date()):
        turn |= _turn_of(absent) & ~Q(requested_by=absent) & ~(Q(beneficiary=absent) & Q(beneficiary__isnull=False))
    own = Q(requested_by=user) | Q(beneficiary=user, beneficiary__isnull=False)
    rows = Approval.objects.filter(turn, owner=user.organisation_id, state=State.OPEN).exclude(own)
    return rows.select_related("requested_by", "waits_person")


def _turn_of(user: User) -> Q:
    left_to_post = Q(waits_person=None) | Q(waits_person__is_active=False)  # who has left decides no more
    return Q(waits_person=user) | (left_to_post & Q(waits_post=user.post))


def requested_by(user: User) -> QuerySet[Approval]:
    return Approval.objects.filter(requested_by=user).select_related("requested_by", "waits_person")


def copied_to(user: User) -> QuerySet[Approval]:
    return Approval.objects.filter(Exists(Copy.objects.filter(approval=OuterRef("pk"), person=user))).select_related(
        "requested_by", "waits_person"
    )


def current(approval: Approval) -> Step | None:
    """The step whose turn it is; None where everything is decided."""
    return approval.steps.filter(decided_at=None).order_by("place", "pk").first() if approval.is_open else None


def in_whose_name(approval: Approval, user: User, at: datetime) -> User | None:
    """Who this person would decide as: themselves, or somebody who is away; None where it is not their turn."""
    if not approval.is_open or user.pk in approval.barred or user.organisation_id != approval.owner_id:
        return None
    for one in (user, *stood_in_for(user, localtime(at).date())):
        if _is_turn_of(approval, one) and one.pk not in approval.barred:
            return one
    return None


def _is_turn_of(approval: Approval, user: User) -> bool:
    named = approval.waits_person
    if named is not None and named.is_active:
        return named == user
    return approval.waits_post == user.post


def able(people: Iterable[User], post: str, barred: Collection[int]) -> list[User]:
    """Those of a post who may decide."""
    return [one for one in people if one.post == post and one.pk not in barred]


def colleagues(user: User, *, but: Collection[int] = ()) -> QuerySet[User]:
    """Who works in the same house, without those."""
    rows = User.objects.filter(organisation=user.organisation_id, is_active=True).exclude(pk__in=but)
    return rows.order_by("pk")


def responsible(numbers: Collection[int]) -> dict[int, list[User]]:
    """Whoever may decide now, with who stands in for them; once it is decided, whoever asked."""
    approvals = list(Approval.objects.filter(pk__in=numbers).select_related("requested_by", "waits_person"))
    people = people_of(approval.owner_id for approval in approvals)
    absences = list(Absence.objects.filter(person__organisation__in={one.owner_id for one in approvals}))
    found: dict[int, list[User]] = {}
    for approval in approvals:
        if not approval.is_open:
            found[approval.pk] = [approval.requested_by]
            continue
        house, day = people.get(approval.owner_id, []), localtime(approval.waits_since).date()
        those = {one.pk for one in house if _is_turn_of(approval, one) and one.pk not in approval.barred}
        those |= {
            absence.deputy_id
            for absence in absences
            if absence.person_id in those and absence.from_day <= day <= absence.to_day
        }
        found[approval.pk] = [one for one in house if one.pk in those and one.pk not in approval.barred]
    return found


@dataclass(frozen=True)
class Counts:
    waiting: int
    requested: int
    copied: int


def counts(user: User, at: datetime, most: int) -> Counts:
    """How many wait for this person, how many of theirs are being decided, and how many copies they have not looked at."""
    return Counts(
        awaiting(user, at)[:most].count(),
        requested_by(user).filter(state=State.OPEN)[:most].count(),
        Copy.objects.filter(person=user, read_at=None)[:most].count(),
    )


def absences(user: User, day: date) -> QuerySet[Absence]:
    """One's own that are not over."""
    return Absence.objects.filter(person=user, to_day__gte=day).select_related("deputy").order_by("from_day", "pk")
