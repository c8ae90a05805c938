"""`Money(Decimal("12.50"), "CNY")`. What is not a whole number of cents is no amount: `rounded` makes one, once, at the end."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import Final, Self

Factor = int | Decimal | Fraction

_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=38, traps=[Inexact, InvalidOperation])  # what would be cut off raises
_ROUNDING: Final = Context(prec=38, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_SIGNS: Final = {"CNY": "¥"}
_TYPED: Final = re.compile(
    r"(?P<before>-?)\s*(?:[¥￥]|(?:人民币|CNY|RMB)\s*[¥￥]?)?\s*(?P<after>-?)\s*"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.(?P<cents>[0-9]{1,2}))?\s*(?:元整?)?"
)


class MoneyError(ValueError):
    """What is no amount of money."""


class MoreThanOneCurrency(MoneyError):
    """Amounts of different currencies have no sum and no order."""


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not {type(self.amount).__name__}: {self.amount!r}")
        if not _CURRENCY.fullmatch(self.currency):
            raise MoneyError(f"{self.currency!r} is no currency such as CNY")
        if not self.amount.is_finite():
            raise MoneyError(f"{self.amount} is no amount")
        try:
            exact = self.amount.quantize(_CENT, context=_EXACT)
        except (Inexact, InvalidOperation):
            raise MoneyError(f"{self.amount} has more than two decimals, or too many digits") from None
        object.__setattr__(self, "amount", exact or Decimal("0.00"))  # never -0.00

    @classmethod
    def of(cls, text: str, currency: str = "CNY") -> Self:
        """What `str` gives, and JSON carries: `"1234.50"`."""
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?", text):
            raise MoneyError(f'{text!r} is no amount such as "1234.50"')
        return cls(Decimal(text), currency)

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> Self | None:
        """What people type: `¥1,234.5`, `１２３４.５０`, `1234.50元`. None for anything else, `3千` among it."""
        match = _TYPED.fullmatch(unicodedata.normalize("NFKC", text).replace("−", "-").strip())
        if match is None or (match["before"] and match["after"]):
            return None
        sign = match["before"] or match["after"]
        return cls(Decimal(f"{sign}{match['whole'].replace(',', '')}.{match['cents'] or '0'}"), currency)

    @classmethod
    def rounded(cls, value: Factor, currency: str = "CNY") -> Self:
        """The end of a formula: half a cent goes up, away from zero."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
            raise TypeError(f"a formula is counted in Decimal, Fraction or int, not in {type(value).__name__}")
        if isinstance(value, Decimal):
            if not value.is_finite():
                raise MoneyError(f"{value} is no amount")
            return cls(value.quantize(_CENT, context=_ROUNDING), currency)
        cents = abs(Fraction(value)) * 100
        whole = int(cents + Fraction(1, 2))
        return cls(Decimal(-whole if value < 0 else whole).scaleb(-2, context=_EXACT), currency)

    @classmethod
    def zero(cls, currency: str = "CNY") -> Self:
        return cls(Decimal(0), currency)

    def _of_same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise MoreThanOneCurrency(f"{self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.add(self.amount, self._of_same(other)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.subtract(self.amount, self._of_same(other)), self.currency)

    def __neg__(self) -> "Money":
        return Money(_EXACT.minus(self.amount), self.currency)

    def __abs__(self) -> "Money":
        return -self if self.amount < 0 else self

    def __mul__(self, number: int) -> "Money":
        """So many times. By anything but a whole number there is something to round: see `times`."""
        if isinstance(number, bool) or not isinstance(number, int):
            return NotImplemented
        return Money(_EXACT.multiply(self.amount, Decimal(number)), self.currency)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._of_same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._of_same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._of_same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._of_same(other)

    def times(self, *factors: Factor) -> "Money":
        """By all of these, exactly, and only then rounded: `price.times(days, Decimal("0.005"))`."""
        product = Fraction(self.amount)
        for factor in factors:
            if isinstance(factor, bool) or not isinstance(factor, int | Decimal | Fraction):
                raise TypeError(f"a factor is a Decimal, a Fraction or an int, not a {type(factor).__name__}")
            product *= Fraction(factor)
        return Money.rounded(product, self.currency)

    def divided(self, weights: Sequence[int]) -> list["Money"]:
        """In these proportions, to the cent: the parts add up to the whole. Odd cents go to the largest remainders, the first first."""
        if not weights or min(weights) < 0 or not sum(weights):
            raise MoneyError("an amount is divided by weights that are not negative, and not all zero")
        cents, whole = int(abs(self.amount).scaleb(2)), sum(weights)
        parts = [cents * weight // whole for weight in weights]
        by_remainder = sorted(range(len(parts)), key=lambda place: -(cents * weights[place] % whole))
        for place in by_remainder[: cents - sum(parts)]:
            parts[place] += 1
        sign = -1 if self.amount < 0 else 1
        return [Money(Decimal(sign * part).scaleb(-2), self.currency) for part in parts]

    def __str__(self) -> str:
        """`1234.50`, as JSON and events carry it."""
        return str(self.amount)

    @property
    def shown(self) -> str:
        """`¥1,234.50`"""
        sign = _SIGNS.get(self.currency, f"{self.currency} ")
        return f"{'-' if self.amount < 0 else ''}{sign}{abs(self.amount):,.2f}"


def total(amounts: Iterable[Money], currency: str = "CNY") -> Money:
    """The sum; of nothing it is zero in that currency."""
    found = Money.zero(currency)
    for amount in amounts:
        found += amount
    return found
