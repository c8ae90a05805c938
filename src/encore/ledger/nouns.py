"""The register of what events can be about. Each package adds its own nouns; board, timeline and search read it here."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self, TypeVar

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from encore.accounts.models import User
from encore.accounts.rights import NotYours

R = TypeVar("R", bound=Model)


class Key(NamedTuple):
    """A subject or a reference: `complaint:17`."""

    noun: str
    id: int

    def __str__(self) -> str:
        return f"{self.noun}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        noun, _, number = text.partition(":")
        return cls(noun, int(number))


def nobody(numbers: Collection[int]) -> Mapping[int, Collection[User]]:
    return {}


@dataclass(frozen=True)
class Noun:
    """`visible_to`: the rows that this person may see. `url_name`: the page of a row, by its reference, which is what `str` gives.

    `responsible`: for rows by their numbers the people of either party who have to see to them now.
    """

    key: str
    model: type[Model]
    label: str | Promise
    url_name: str
    visible_to: Callable[[User], QuerySet[Any]]
    responsible: Callable[[Collection[int]], Mapping[int, Collection[User]]] = nobody


NOUNS: Final[dict[str, Noun]] = {}
_BY_MODEL: Final[dict[type[Model], Noun]] = {}


def register(noun: Noun) -> None:
    NOUNS[noun.key] = noun
    _BY_MODEL[noun.model] = noun


def key_of(row: Model) -> Key:
    return Key(_BY_MODEL[type(row)].key, row.pk)


def contract_of(row: Model) -> int | None:
    """The contract that what happens to this row is done for: its own, where it has one."""
    key = key_of(row)
    number = key.id if key.noun == "contract" else getattr(row, "contract_id", None)
    return int(number) if number is not None else None


_REFERENCE: Final = re.compile(r"[A-Z]-[0-9]{2}-([0-9]{6,18})")


def by_reference(rows: QuerySet[R], reference: str) -> R | None:
    """The row that people call so, such as `C-26-000017`. None also where its letter or its year is another."""
    match = _REFERENCE.fullmatch(reference)
    row = rows.filter(pk=int(match[1])).first() if match else None
    return row if row is not None and str(row) == reference else None


def require_visible(keys: Iterable[Key], user: User) -> None:
    """Refuses an act on what this person may not even see, whatever their post allows them to do with their own."""
    by_noun: dict[str, set[int]] = {}
    for key in keys:
        by_noun.setdefault(key.noun, set()).add(key.id)
    for name, numbers in by_noun.items():
        if NOUNS[name].visible_to(user).filter(pk__in=numbers).count() < len(numbers):
            raise NotYours(_("This belongs to a contract of others."))


@dataclass(frozen=True)
class Page:
    """Where people read about a row, and what they call it."""

    reference: str
    url: str


def pages(keys: Iterable[Key], user: User) -> Mapping[Key, Page]:
    """The pages of these rows, in one query a noun. What this person may not see is left out."""
    by_noun: dict[str, list[int]] = {}
    for key in set(keys):
        by_noun.setdefault(key.noun, []).append(key.id)
    found: dict[Key, Page] = {}
    for name, numbers in by_noun.items():
        if noun := NOUNS.get(name):
            for row in noun.visible_to(user).filter(pk__in=numbers):
                found[Key(name, row.pk)] = Page(str(row), reverse(noun.url_name, args=[str(row)]))
    return found
