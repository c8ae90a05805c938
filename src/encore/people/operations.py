"""Who comes to an organisation, in which post, and who leaves it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from encore.accounts import links
from encore.accounts.models import Organisation, Post, Role, User
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.people import queries
from encore.people.models import Assignment, Handler, Promoter, Qualification
from encore.search.index import index


class CannotInvite(Refusal):
    pass


class CannotJoin(Refusal):
    pass


class CannotAppoint(Refusal):
    pass


class CannotEndPost(Refusal):
    pass


class CannotAdmit(Refusal):
    pass


class CannotAssign(Refusal):
    pass


class CannotEndAssignment(Refusal):
    pass


class CannotQualify(Refusal):
    pass


class CannotMakeHandler(Refusal):
    pass


class CannotEndHandler(Refusal):
    pass


@dataclass(frozen=True)
class Newcomer:
    """Somebody to be invited. E-mail and telephone may be left out."""

    name: str
    post: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Invited:
    """`token` opens the page on which the person chooses a password. It is told once and not kept."""

    person: User
    token: str


@operation
def invite(newcomer: Newcomer, *, by: User, at: datetime) -> Invited:
    """Takes somebody into the organisation of whoever invites. They choose name and password for signing in themselves."""
    return _entered(newcomer, by, at)


@operation
def bring_in(newcomers: Sequence[Newcomer], *, by: User, at: datetime) -> list[Invited]:
    """Invites a whole list of people, all or none."""
    return [_entered(newcomer, by, at) for newcomer in newcomers]


def _entered(newcomer: Newcomer, by: User, at: datetime) -> Invited:
    email = newcomer.email.lower()
    if email and User.objects.filter(email__iexact=email).exists():
        raise CannotInvite(_("Somebody with this e-mail address is here already."))
    person = User(
        username=f"invited-{secrets.token_hex(8)}",
        name=newcomer.name,
        email=email,
        phone=newcomer.phone,
        organisation=by.organisation,
        post=newcomer.post,
        entered_at=at,
    )
    person.set_unusable_password()
    person.save()
    index(person)

    record("person.invited", subject=person, actor=by, occurred_at=at, post=person.post)
    return Invited(person, links.make(person, links.Purpose.JOIN, at))


@operation
def invite_again(person: User, *, by: User, at: datetime) -> Invited:
    """A new link for who has lost theirs, or their password. Until it is used the old password stays good."""
    person = User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if not person.is_active:
        raise CannotInvite(_("The post of this person has ended."))

    record("person.invited", subject=person, actor=by, occurred_at=at, post=person.post)
    return Invited(person, links.make(person, links.Purpose.JOIN, at))


@operation
def join(token: str, *, username: str, password: str, by: User, at: datetime) -> User:
    """The invited chooses name and password. `by` is the holder of the link, who is nobody's choice but its own."""
    person = User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    if not person.is_active or not links.use(token, links.Purpose.JOIN, at):
        raise CannotJoin(_("This link has been used already, or is too old. Ask for a new one."))
    if User.objects.filter(username__iexact=username).exclude(pk=person.pk).exists():
        raise CannotJoin(_("Somebody else signs in by this name. Choose another."))

    person.username, person.joined_at = username.lower(), person.joined_at or at
    person.set_password(password)
    person.save(update_fields=["username", "joined_at", "password"])
    links.revoke(person, at)
    _end_sessions(person)
    index(person)  # also one whom no operation entered, such as the first of a house

    record("person.joined", subject=person, actor=person, occurred_at=at)
    return person


@operation
def appoint(person: User, *, post: str, by: User, at: datetime) -> User:
    """Another post, with its rights, from the next page on."""
    person = _locked(person)
    if not person.is_active:
        raise CannotAppoint(_("The post of this person has ended."))
    if person.post == post:
        raise CannotAppoint(_("This person has this post already."))
    if person.post == Post.MANAGER and not queries.other_managers(person).exists():
        raise CannotAppoint(_("Somebody must manage the house: appoint another manager first."))

    person.post = post
    person.save(update_fields=["post"])

    record("person.appointed", subject=person, actor=by, occurred_at=at, post=post)
    return person


@operation
def end_post(person: User, *, by: User, at: datetime) -> User:
    """From now on this person is signed out everywhere and cannot come in. What they did stays theirs."""
    person = _locked(person)
    if not person.is_active:
        raise CannotEndPost(_("The post of this person has ended."))
    if person.post == Post.MANAGER and not queries.other_managers(person).exists():
        raise CannotEndPost(_("Somebody must manage the house: appoint another manager first."))

    person.is_active, person.ended_at = False, at
    person.save(update_fields=["is_active", "ended_at"])
    links.revoke(person, at)
    _end_sessions(person)

    record("post.ended", subject=person, actor=by, occurred_at=at, post=person.post)
    return person


def _locked(person: User) -> User:
    """The organisation's row first: of two managers who dismiss each other at the same moment, one stays."""
    Organisation.objects.select_for_update().get(pk=person.organisation_id)
    return User.objects.select_for_update(of=("self",)).get(pk=person.pk)


def _end_sessions(person: User) -> None:
    for session in UserSession.objects.filter(user=person):
        session.end()


# --- promoters --------------------------------------------------------------------------------------------------------

_OF_AGE = 18  # 娱乐场所管理条例 第二十四条: nobody younger works in such a house


@operation
def admit(person: User, *, born: date, from_date: date, by: User, at: datetime) -> Promoter:
    """Admits somebody who is of age, by the identity paper that was looked at; the day of birth is not kept."""
    person = _colleague(person, by)
    if not person.is_active or person.post != Post.PROMOTER:
        raise CannotAdmit(_("Only somebody who has the post of a promoter is admitted as one."))
    if Promoter.objects.filter(person=person).exists():
        raise CannotAdmit(_("This person has been admitted already."))
    if _age(born, from_date) < _OF_AGE:
        raise CannotAdmit(_("The law lets nobody under eighteen work here."))

    promoter = Promoter.objects.create(person=person, owner=person.organisation, from_date=from_date)
    Qualification.objects.create(
        person=person, owner=person.organisation, kind=Qualification.Kind.OF_AGE, from_date=from_date, recorded_at=at
    )

    record("promoter.admitted", subject=person, actor=by, occurred_at=at, from_day=from_date)
    return promoter


def _age(born: date, day: date) -> int:
    """In whole years; whoever is born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@operation
def assign(
    person: User,
    *,
    venue: Organisation,
    from_date: date,
    to_date: date | None = None,
    brand: str = "",
    by: User,
    at: datetime,
) -> Assignment:
    """Assigns a promoter to a venue, with both of the days. Their health certificate is good on the first of them."""
    person = _colleague(person, by)
    if not Promoter.objects.filter(person=person).exists() or not person.is_active:
        raise CannotAssign(_("This person has not been admitted as a promoter."))
    if venue.role != Role.VENUE or not queries.venues_of(by).filter(pk=venue.pk).exists():
        raise CannotAssign(_("Your house has no contract with this venue."))
    if to_date is not None and to_date < from_date:
        raise CannotAssign(_("The last day lies before the first."))
    if not queries.qualified_on(person, Qualification.Kind.HEALTH, from_date):
        raise CannotAssign(_("There is no health certificate that is good on the first day. Record it first."))
    if other := queries.overlapping(person, from_date, to_date).select_related("venue").first():
        told = {"venue": other.venue.name, "day": other.from_date}
        raise CannotAssign(_("This person is assigned to %(venue)s from %(day)s. End that first.") % told)

    assignment = Assignment.objects.create(
        person=person,
        owner=person.organisation,
        venue=venue,
        brand=brand,
        from_date=from_date,
        to_date=to_date,
        assigned_at=at,
    )

    days = {"from_day": from_date} | ({"to_day": to_date} if to_date else {})
    record("promoter.assigned", subject=assignment, actor=by, occurred_at=at, refs=[person], **days)
    return assignment


@operation
def end_assignment(assignment: Assignment, *, to_date: date, by: User, at: datetime) -> Assignment:
    """Says the last day, where none was said or another."""
    _colleague(assignment.person, by)
    assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if to_date < assignment.from_date:
        raise CannotEndAssignment(_("The last day lies before the first."))
    if assignment.to_date is not None and to_date >= assignment.to_date:
        raise CannotEndAssignment(_("It ends no later than that already. To go on, assign the promoter again."))

    assignment.to_date = to_date
    assignment.save(update_fields=["to_date"])

    record(
        "promoter.assignment_ended",
        subject=assignment,
        actor=by,
        occurred_at=at,
        refs=[assignment.person],
        to_day=to_date,
    )
    return assignment


@operation
def qualify(
    person: User,
    *,
    kind: str,
    from_date: date,
    to_date: date | None = None,
    file_hash: str = "",
    by: User,
    at: datetime,
) -> Qualification:
    """Records a paper. A health certificate is good for a year at most: 食品安全法 第四十五条."""
    person = _colleague(person, by)
    if to_date is not None and to_date < from_date:
        raise CannotQualify(_("The last day lies before the first."))
    if kind == Qualification.Kind.HEALTH and (to_date is None or (to_date - from_date).days > 366):
        raise CannotQualify(_("A health certificate is good for a year at most: write until when."))
    qualification = Qualification.objects.create(
        person=person,
        owner=person.organisation,
        kind=kind,
        from_date=from_date,
        to_date=to_date,
        file_hash=file_hash,
        recorded_at=at,
    )

    more: dict[str, Any] = ({"to_day": to_date} if to_date else {}) | ({"file": file_hash} if file_hash else {})
    record("qualification.recorded", subject=person, actor=by, occurred_at=at, kind=kind, from_day=from_date, **more)
    return qualification


# --- handlers ---------------------------------------------------------------------------------------------------------


@operation
def make_handler(person: User, *, from_date: date, by: User, at: datetime) -> Handler:
    """From that day on complaints may be given to this person."""
    person = _colleague(person, by)
    if not person.is_active:
        raise CannotMakeHandler(_("The post of this person has ended."))
    if person.handlings.filter(to_date=None).exists() or person.handlings.filter(to_date__gte=from_date).exists():
        raise CannotMakeHandler(_("This person is responsible for complaints already."))
    handler = Handler.objects.create(person=person, owner=person.organisation, from_date=from_date)

    record("handler.appointed", subject=person, actor=by, occurred_at=at, from_day=from_date)
    return handler


@operation
def end_handler(person: User, *, to_date: date, by: User, at: datetime) -> Handler:
    person = _colleague(person, by)
    handler = person.handlings.select_for_update().filter(to_date=None).first()
    if handler is None or to_date < handler.from_date:
        raise CannotEndHandler(_("This person is not responsible for complaints then."))

    handler.to_date = to_date
    handler.save(update_fields=["to_date"])

    record("handler.ended", subject=person, actor=by, occurred_at=at, to_day=to_date)
    return handler


def _colleague(person: User, by: User) -> User:
    """Somebody of the own house, locked: of two who assign the same promoter at the same moment, one comes second."""
    return (
        User.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=person.pk, organisation=by.organisation_id)
    )
