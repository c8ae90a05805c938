"""The ways through the house: each package registers its own, and a person is shown those that their post opens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.utils.functional import Promise

from encore.accounts.models import User


@dataclass(frozen=True)
class Way:
    """`section`: what a page names itself by. `place`: where it stands among the others, the smallest first.

    `only_while`: a key of the session, as long as it says yes; every page asks, so that nobody can look it up each time.
    """

    section: str
    label: str | Promise
    url_name: str
    icon: str
    place: int
    is_open: Callable[[User], bool]
    only_while: str = ""


WAYS: Final[dict[str, Way]] = {}


def register(way: Way) -> None:
    WAYS[way.section] = way


def ways(user: User | AnonymousUser, session: Mapping[str, object] = MappingProxyType({})) -> list[Way]:
    if not isinstance(user, User):
        return []
    known = (way for way in WAYS.values() if not way.only_while or session.get(way.only_while))
    return sorted((way for way in known if way.is_open(user)), key=lambda way: way.place)
