"""How grave a complaint is, by a table of points: so that two people come to the same level, and can say why.

The level is the gravest whose `from_score` the sum reaches; an edition without scores leaves it to the person.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.engine import Edition
from encore.engine.model import Severity

VERSION: Final = "2026-11"
MOST: Final = 100


@dataclass(frozen=True)
class Trait:
    """Something that is so or not. `alarms`: the emergency procedure is thought of at once."""

    key: str
    label: str | Promise
    points: int
    alarms: bool = False


TRAITS: Final[Mapping[str, Trait]] = {
    trait.key: trait
    for trait in (
        Trait("injury", _("somebody was hurt, or fell ill"), 80, alarms=True),
        Trait("violence", _("there was a fight, or a threat"), 80, alarms=True),
        Trait("minor", _("somebody under eighteen is concerned"), 80, alarms=True),
        Trait("harassment", _("somebody was harassed"), 80, alarms=True),
        Trait("forced_sale", _("somebody was made to buy"), 50),
        Trait("false_price", _("the price was other than it was shown"), 45),
        Trait("privacy", _("personal data got out"), 50),
        Trait("unsafe_drink", _("the drink may be spoilt or fake"), 50),
        Trait("public", _("it is in public: a platform, the press, an authority"), 30),
        Trait("repeated", _("the same happened to this guest before"), 20),
        Trait("loss", _("the guest lost money"), 20),
        Trait("angry", _("the guest is still in the house and upset"), 10),
    )
}


def score(traits: Collection[str]) -> int:
    """0 to 100. `KeyError` for a trait that the table does not have."""
    return min(MOST, sum(TRAITS[key].points for key in set(traits)))


def level(edition: Edition, points: int) -> str | None:
    """The key of the level that so many points come to; None where the edition gives no scores."""
    rows = [
        row
        for row in edition.vocabulary["severity"].values()
        if isinstance(row, Severity) and row.from_score is not None
    ]
    reached = [row for row in rows if row.from_score is not None and row.from_score <= points]
    return max(reached, key=lambda row: row.from_score or 0).key if reached else None


def thresholds(edition: Edition) -> list[tuple[int, Severity]]:
    """From how many points on each level is reached, the gravest first; empty where the edition gives no scores."""
    rows = [row for row in edition.vocabulary["severity"].values() if isinstance(row, Severity)]
    scored = [(int(row.from_score), row) for row in rows if row.from_score is not None]
    return sorted(scored, key=lambda one: -one[0])


def alarms(traits: Collection[str]) -> bool:
    return any(TRAITS[key].alarms for key in traits)
