"""The ways through the house: each package registers its own, and a person is shown those that their post opens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.utils.functional import Promise

from encore.accounts.models import User


@dataclass(frozen=True)
class Way:
    """`section`: what a page names itself by. `place`: where it stands among the others, the smallest first."""

    section: str
    label: str | Promise
    url_name: str
    icon: str
    place: int
    is_open: Callable[[User], bool]


WAYS: Final[dict[str, Way]] = {}


def register(way: Way) -> None:
    WAYS[way.section] = way


def ways(user: User | AnonymousUser) -> list[Way]:
    if not isinstance(user, User):
        return []
    return sorted((way for way in WAYS.values() if way.is_open(user)), key=lambda way: way.place)
