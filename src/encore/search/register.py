"""What of each kind of thing is searched. A package registers its own beside its noun; see `index.py` for when it is written."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Model, QuerySet


@dataclass(frozen=True)
class Searched:
    """What a row is found by, and by the people of which organisations.

    `names`: of people, rooms and the like, which pinyin finds too. `own`: what only one organisation finds it by, such as the
    last digits of a telephone number. `at`: the moment that a page of results tells of it.
    """

    texts: Sequence[str]
    owners: Iterable[int]
    names: Sequence[str] = ()
    own: Mapping[int, Sequence[str]] = field(default_factory=dict)
    at: datetime | None = None

    def read_by(self, organisation: int) -> list[str]:
        """What somebody of that organisation finds it by, as they read it."""
        return [*self.names, *self.texts, *self.own.get(organisation, ())]


@dataclass(frozen=True)
class Kind:
    noun: str
    of: Callable[[Any], Searched]
    rows: Callable[[], QuerySet[Any]]

    @property
    def first(self) -> int:
        """The number in the index below all rows of this noun, newer rows having higher ones."""
        return int.from_bytes(hashlib.sha256(self.noun.encode()).digest()[:2]) << 40

    @property
    def end(self) -> int:
        return self.first + (1 << 40)


KINDS: Final[dict[str, Kind]] = {}
_BY_MODEL: Final[dict[type[Model], Kind]] = {}


def register(noun: str, of: Callable[[Any], Searched], rows: Callable[[], QuerySet[Any]]) -> None:
    """`rows`: all of that noun, with what `of` reads of each already fetched."""
    kind = Kind(noun, of, rows)
    assert all(kind.first != other.first for other in KINDS.values() if other.noun != noun), "choose another name"
    KINDS[noun] = _BY_MODEL[rows().model] = kind


def kind_of(row: Model) -> Kind:
    return _BY_MODEL[type(row)]


_MOST_READINGS: Final = 6


def readings(names: Iterable[str]) -> list[str]:
    """How names are typed by whoever types no characters: 周敏 is zm and zhoumin; each way of reading them."""
    from pypinyin import Style, pinyin  # noqa: PLC0415 - its dictionaries are large, and only names need them

    found: dict[str, None] = {}
    for name in names:
        for style in (Style.FIRST_LETTER, Style.NORMAL):
            syllables = pinyin(name, style=style, heteronym=True)
            for reading in islice(_products(syllables), _MOST_READINGS):
                found[reading] = None
    return [reading for reading in found if reading not in names]


def _products(syllables: Sequence[Sequence[str]]) -> Iterable[str]:
    made = [""]
    for choices in syllables:
        made = [before + choice for before in made for choice in dict.fromkeys(choices)][:_MOST_READINGS]
    return made
