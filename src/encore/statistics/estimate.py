"""What a number made of a sample is: never without its interval and the number it rests on."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from django.utils.translation import gettext as _

CONFIDENCE: Final = 0.95
_SLACK: Final = 1e-9

# The least number of answers that a number is made of.
LEAST_OF_AN_INDEX: Final = 30
LEAST_OF_A_PERSON: Final = 10
LEAST_OF_A_CELL: Final = 5  # where nobody may be recognised


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """`method`: the key of how it was made, as `methods.METHODS` tells it.

    It is no number and does not become one: what is shown of it is `str`, with the interval and n.
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        if not (self.low - _SLACK <= self.value <= self.high + _SLACK and self.n > 0):
            raise ValueError(f"{self.value} is not between {self.low} and {self.high}, or n is {self.n}")

    def __format__(self, spec: str) -> str:
        """With the numbers written by this specification: `{share:.1%}`."""
        value, low, high = (format(number, spec or ".1f") for number in (self.value, self.low, self.high))
        return _("%(value)s (%(low)s to %(high)s), n = %(n)s") % {
            "value": value,
            "low": low,
            "high": high,
            "n": f"{self.n:,}",
        }

    def __str__(self) -> str:
        return format(self, "")

    def excludes(self, value: float) -> bool:
        """Whether the interval lies wholly on one side of that value."""
        return value < self.low or value > self.high

    def scaled(self, by: float) -> "Estimate":
        low, high = sorted((self.low * by, self.high * by))
        return Estimate(
            value=self.value * by, low=low, high=high, n=self.n, method=self.method, confidence=self.confidence
        )


@dataclass(frozen=True, kw_only=True)
class TooFew:
    """There is no number, because it would rest on too little. `least`: from how many on there is one."""

    n: int
    least: int

    def __str__(self) -> str:
        return _("too few to tell: n = %(n)s, at least %(least)s are needed") % {"n": self.n, "least": self.least}


@dataclass(frozen=True, kw_only=True)
class Alike:
    """All answers are the same: how far off that is nobody can compute from them."""

    n: int
    value: float

    def __str__(self) -> str:
        return _("all %(n)s answers are the same: no interval can be computed") % {"n": self.n}


Result: TypeAlias = Estimate | TooFew | Alike


@dataclass(frozen=True)
class Change:
    """A difference, and whether it is more than noise: an arrow is shown only where its interval excludes nought."""

    difference: Estimate

    @property
    def direction(self) -> str:
        """`up`, `down`, or `unclear`."""
        if not self.difference.excludes(0):
            return "unclear"
        return "up" if self.difference.value > 0 else "down"

    def __format__(self, spec: str) -> str:
        told = format(self.difference, spec or "+.1f")
        return told if self.direction != "unclear" else _("%(change)s: cannot be told yet") % {"change": told}

    def __str__(self) -> str:
        return format(self, "")
