"""Who comes to an organisation, in which post, and who leaves it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from encore.accounts import links
from encore.accounts.models import Organisation, Post, User
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.people import queries


class CannotInvite(Refusal):
    pass


class CannotJoin(Refusal):
    pass


class CannotAppoint(Refusal):
    pass


class CannotEndPost(Refusal):
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
