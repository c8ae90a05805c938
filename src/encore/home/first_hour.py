"""What a new house does in its first hour, step by step: how far it is, and what comes next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Role, User
from encore.accounts.rights import may
from encore.contracts import queries as contracts
from encore.home.models import PassedStep
from encore.venues.models import Room
from encore.web.tables import Text


@dataclass(frozen=True)
class Kind:
    """`roles`: whose step it is. `is_done` sees by the rows whether it is; None where only people can say."""

    key: str
    title: Text
    why: Text
    act: Text
    url_name: str
    is_done: Callable[[User], bool] | None
    roles: frozenset[Role] = frozenset(Role)


@dataclass(frozen=True)
class Step:
    kind: Kind
    is_done: bool
    is_passed: bool
    is_next: bool

    @property
    def url(self) -> str:
        return reverse(self.kind.url_name)


_PARTIES: Final = frozenset({Role.VENUE, Role.AGENCY})
_KINDS: Final = (
    Kind(
        "house", _("Your own house, and who manages it"),
        _("Your organisation is here, and you manage it. A passkey or an authenticator app keeps your account safe."),
        _("How I sign in"), "own_account", lambda user: True,
    ),
    Kind(
        "rooms", _("The venue and its rooms"),
        _("Opening hours, shifts and rooms: complaints, sessions and the cards on the tables name them."),
        _("Enter the rooms"), "venues:list",
        lambda user: Room.objects.filter(venue__owner=user.organisation_id, is_active=True).exists(),
        frozenset({Role.VENUE}),
    ),
    Kind(
        "people", _("Your people"),
        _("One by one, or all at once from a sheet. Each gets a link that works once, and sees what their post needs."),
        _("Bring in a list"), "people:bring-in",
        lambda user: User.objects.filter(organisation=user.organisation_id, is_active=True).exclude(pk=user.pk).exists(),
    ),
    Kind(
        "contract", _("The contract"),
        _("Choose an edition, fill in what it leaves open, sign: from then on every duty has its clock."),
        _("Draw up the contract"), "contracts:contracts",
        lambda user: contracts.visible_to(user).filter(effective_at__isnull=False).exists(), _PARTIES,
    ),
    Kind(
        "cards", _("The cards with QR codes"),
        _("A card for each room: guests scan it, say what is wrong, and the first clock runs."),
        _("Print the cards"), "venues:list", None, frozenset({Role.VENUE}),
    ),
)  # fmt: skip


def steps(user: User) -> list[Step]:
    """The steps of this person's organisation; the first that is neither done nor left out comes next."""
    passed = set(PassedStep.objects.filter(organisation=user.organisation_id).values_list("step", flat=True))
    found: list[Step] = []
    is_next = True
    for kind in _KINDS:
        if user.organisation.role in kind.roles:
            is_passed = kind.key in passed
            is_done = kind.is_done(user) if kind.is_done else is_passed
            waits = not is_done and not is_passed
            found.append(Step(kind, is_done, is_passed, waits and is_next))
            is_next = is_next and not waits
    return found


def is_over(found: list[Step]) -> bool:
    return not any(step.is_next for step in found)


def is_step(key: str) -> bool:
    return any(kind.key == key for kind in _KINDS)


IS_ON: Final = "first_hour"
"""In the session: whether something is left to begin with, as the board or the steps themselves last found it."""


def note(session: SessionBase, *, is_on: bool) -> None:
    if session.get(IS_ON) != is_on:
        session[IS_ON] = is_on


def look(user: User, session: SessionBase) -> bool:
    """Whether something is left; looked up once a session, and then by the page of the steps."""
    if not may("home.begin", user):
        return False
    if IS_ON not in session:
        note(session, is_on=user.organisation.is_made_up or not is_over(steps(user)))
    return bool(session[IS_ON])
