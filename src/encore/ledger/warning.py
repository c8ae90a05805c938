"""When to warn that a deadline comes near: at the shares of the time allowed that the edition names, each once."""

from collections.abc import Sequence
from decimal import Decimal

from encore.engine import Rule


def shares(rule: Rule) -> Sequence[float]:
    """In order. There is nothing to do about a prohibition, and so nothing to warn of."""
    return () if rule.forbid else sorted(set(rule.warn))


def moment(share: float, opened: int, due: int, shift: int) -> int:
    """When that share of the time is used up. What suspensions have added to the deadline moves it along with that."""
    return opened + int((due - shift - opened) * share) + shift


def passed(rule: Rule, opened: int, due: int, shift: int, warned: int, before: int) -> list[tuple[str, int]]:
    """Of the shares not yet told those that were used up before a moment, and when they were."""
    if opened >= due - shift:
        return []
    found = [(share, moment(share, opened, due, shift)) for share in shares(rule)[warned:]]
    return [(format(Decimal(str(share)), "f"), at) for share, at in found if at < before]


def next_moment(rule: Rule, opened: int, due: int, shift: int, warned: int) -> int | None:
    """When to warn next, None where there is no more to tell."""
    left = shares(rule)[warned:]
    return moment(left[0], opened, due, shift) if left and opened < due - shift else None
