"""How each clause of an edition is realised and how far: by what the edition itself holds, and by what the product has."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from encore.engine.edition import Edition
from encore.engine.model import Clause, EditionFile

State = Literal["planned", "built", "shown"]
STATES: Final[tuple[State, ...]] = ("planned", "built", "shown")

Way = Literal["clock", "rule", "page", "text", "nothing"]
WAYS: Final[tuple[Way, ...]] = ("clock", "rule", "page", "text", "nothing")

OF_THE_PRODUCT: Final = frozenset({"operation", "page", "document"})
"""What follows these is a name that the product has or does not have yet; all other names the edition itself holds."""

_IDENTIFIED: Final = ("duty", "right", "limit", "remedy")
_KEYED: Final = ("parameter", "party", "post", *EditionFile.VOCABULARIES)
OF_THE_EDITION: Final = frozenset({*_IDENTIFIED, *_KEYED, "vocabulary"})


def held(edition: Edition) -> frozenset[str]:
    """The names that an edition resolves by itself: `duty:verify`, `severity:major`, `vocabulary:severity`, its rows also
    as `vocabulary:severity/major`."""
    names = {f"{table}:{row.id}" for table in _IDENTIFIED for row in getattr(edition.file, table)}
    names |= {f"{table}:{row.key}" for table in _KEYED for row in getattr(edition.file, table)}
    for table, rows in edition.vocabulary.items():
        if rows:
            names |= {f"vocabulary:{table}", *(f"vocabulary:{table}/{key}" for key in rows)}
    return frozenset(names)


def kind_of(name: str) -> str:
    return name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Covered:
    """A clause with the names that realise it, each with whether it resolves, and whether a test walked the clause."""

    clause: Clause
    names: tuple[tuple[str, bool], ...]
    is_walked: bool

    @property
    def state(self) -> State:
        """Planned: a name does not resolve yet. Built: all do, also where there are none. Shown: a test walked it, too."""
        if not all(resolves for _, resolves in self.names):
            return "planned"
        return "shown" if self.is_walked else "built"

    @property
    def way(self) -> Way:
        """The strongest of the ways in which it is realised today; what does not resolve yet realises nothing."""
        kinds = {kind_of(name) for name, resolves in self.names if resolves}
        if "duty" in kinds:
            return "clock"
        if kinds & {"right", "limit", "remedy", "operation"}:
            return "rule"
        if kinds & {"page", "document"}:
            return "page"
        return "nothing" if self.state == "planned" else "text"


def coverage(edition: Edition, product: Collection[str], walked: Collection[str] = ()) -> list[Covered]:
    """Every clause, in the edition's order. `product`: the names that the product has. `walked`: clauses' numbers."""
    known = held(edition).union(product)
    return [
        Covered(clause, tuple((name, name in known) for name in clause.realised), clause.number in walked)
        for clause in edition.file.clause
    ]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many clauses are realised in each way, and in each state. Each adds up to all of them."""

    clauses: int
    ways: dict[Way, int]
    states: dict[State, int]


def totals(covered: Iterable[Covered]) -> Totals:
    rows = list(covered)
    ways, states = Counter(row.way for row in rows), Counter(row.state for row in rows)
    return Totals(len(rows), {way: ways[way] for way in WAYS}, {state: states[state] for state in STATES})
