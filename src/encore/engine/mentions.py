"""Where the duties of an edition speak of an event, and which data it must have to be meant there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from encore.engine.patterns import Pattern, test_of
from encore.engine.terms import Rule, Terms

Place = Literal["done", "when", "from", "forbid", "cancel", "until"]
PLACES: Final[tuple[Place, ...]] = ("done", "when", "from", "forbid", "cancel", "until")

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN: Final = frozenset({"subject", "actor", "occurred_at", "refs", "words"})  # what an event has beside its data


def is_sayable(key: str) -> bool:
    """Whether the product's ledger can write data under this key. A file of events may have others."""
    return _KEY.fullmatch(key) is not None and key not in _TAKEN


@dataclass(frozen=True, slots=True)
class Mention:
    """A pattern of a duty, its parameters filled in, and what an event that matches it does there."""

    rule: Rule
    place: Place
    pattern: Pattern

    def matches(self, data: Mapping[str, object]) -> bool:
        test = test_of(self.pattern)
        return test is None or test(data)


def mentions(terms: Terms) -> Iterator[Mention]:
    """All of them, duty by duty as in the edition."""
    for rule in terms.rules.values():
        patterns: dict[Place, tuple[Pattern, ...]] = {
            "done": rule.done, "when": rule.when, "from": rule.start,
            "forbid": rule.forbid, "cancel": rule.cancel, "until": rule.until,
        }  # fmt: skip
        for place in PLACES:
            yield from (Mention(rule, place, pattern) for pattern in patterns[place])


def values_named(found: Iterable[Mention]) -> dict[str, list[str | int | bool]]:
    """For each key of the data the values that these patterns ask for, each once. Fractions are left out: no event has them."""
    named: dict[str, list[str | int | bool]] = {}
    for mention in found:
        for key, allowed in mention.pattern.where:
            known = named.setdefault(key, [])
            for value in allowed:
                one = int(value) if isinstance(value, float) and value.is_integer() else value
                if isinstance(one, str | int) and not any(one == other and type(one) is type(other) for other in known):
                    known.append(one)
    return named
