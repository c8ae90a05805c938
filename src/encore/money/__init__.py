"""Amounts of money: exact, of one currency each, rounded once at the end. Pure: no Django, no clock, no I/O."""

from encore.money.capitals import capitals
from encore.money.money import Money, MoneyError, MoreThanOneCurrency, total

__all__ = ["Money", "MoneyError", "MoreThanOneCurrency", "capitals", "total"]
