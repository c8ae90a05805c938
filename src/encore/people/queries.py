from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.utils.timezone import localtime

from encore.accounts.models import Organisation, Post, User
from encore.ledger.nouns import NOUNS
from encore.people.models import Assignment, Handler, Promoter, Qualification
from encore.search.register import Searched


def visible_to(user: User) -> QuerySet[User]:
    """The people of one's own organisation. Those of the other party are its own affair."""
    return User.objects.filter(organisation=user.organisation_id).select_related("organisation")


def searched(person: User) -> Searched:
    """By their own house alone, which sees all of this."""
    return Searched(
        [person.reference, person.email, person.phone],
        [person.organisation_id],
        names=[person.name],
        at=person.joined_at,
    )


def other_managers(person: User) -> QuerySet[User]:
    """Those who would still run the organisation without this person."""
    return User.objects.filter(
        organisation=person.organisation_id, post=Post.MANAGER, is_active=True, joined_at__isnull=False
    ).exclude(pk=person.pk)


def known(organisation: Organisation, emails: list[str]) -> set[str]:
    """Of these addresses, those that somebody has already, whichever organisation they belong to."""
    found = User.objects.filter(email__in=emails).values_list("email", flat=True)
    return {email.lower() for email in found}


# --- promoters, handlers, what they are qualified by ------------------------------------------------------------------


def _on(day: date, path: str = "") -> Q:
    return Q(**{f"{path}from_date__lte": day}) & (Q(**{f"{path}to_date": None}) | Q(**{f"{path}to_date__gte": day}))


def qualified(person: User, kind: str, at: datetime) -> bool:
    """Whether the person has such a paper, good on that day."""
    return qualified_on(person, kind, localtime(at).date())


def qualified_on(person: User, kind: str, day: date) -> bool:
    return Qualification.objects.filter(_on(day), person=person, kind=kind).exists()


def handlers(organisation: Organisation, at: datetime) -> QuerySet[User]:
    """Those who may then be made responsible for complaints."""
    rows = Handler.objects.filter(_on(localtime(at).date()), owner=organisation)
    return User.objects.filter(pk__in=rows.values("person"), is_active=True).order_by("pk")


def promoters_at(venue: Organisation, at: datetime) -> QuerySet[User]:
    """Those who are then assigned to that venue."""
    rows = Assignment.objects.filter(_on(localtime(at).date()), venue=venue)
    return User.objects.filter(pk__in=rows.values("person"), is_active=True).order_by("pk")


def assignments_visible_to(user: User) -> QuerySet[Assignment]:
    """Those of one's own promoters, and those to one's own venue."""
    own = Q(owner=user.organisation_id) | Q(venue=user.organisation_id)
    return Assignment.objects.filter(own).select_related("person", "owner", "venue")


def promoters_of(user: User) -> QuerySet[Promoter]:
    return Promoter.objects.filter(owner=user.organisation_id, person__is_active=True).select_related("person")


@dataclass(frozen=True)
class Admitted:
    """A promoter as the agency's list shows them: where they are now, and until when their health certificate is good."""

    person: User
    assignment: Assignment | None
    healthy_until: date | None
    is_healthy: bool


def admitted(day: date, rows: list[Promoter]) -> list[Admitted]:
    """In two queries for all of them."""
    people = [row.person_id for row in rows]
    present = {
        one.person_id: one for one in Assignment.objects.filter(_on(day), person__in=people).select_related("venue")
    }
    good = Qualification.objects.filter(_on(day), person__in=people, kind=Qualification.Kind.HEALTH)
    until = {one.person_id: one.to_date for one in good.order_by(F("to_date").asc(nulls_last=True))}
    return [
        Admitted(row.person, present.get(row.person_id), until.get(row.person_id), row.person_id in until)
        for row in rows
    ]


def venues_of(user: User) -> QuerySet[Organisation]:
    """Those with which this person's agency has a contract."""
    contracts = NOUNS["contract"].visible_to(user).filter(agency=user.organisation_id)
    return Organisation.objects.filter(pk__in=contracts.order_by().values("venue")).order_by("pk")


def overlapping(person: User, first: date, last: date | None) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(Q(to_date=None) | Q(to_date__gte=first), person=person)
    return rows if last is None else rows.filter(from_date__lte=last)
