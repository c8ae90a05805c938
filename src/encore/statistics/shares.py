"""Shares of those asked: an interval also where all or none said yes."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

from encore.statistics.estimate import CONFIDENCE, LEAST_OF_A_CELL, Change, Estimate, TooFew


def z(confidence: float) -> float:
    from scipy.stats import norm  # noqa: PLC0415

    return float(norm.ppf((1 + confidence) / 2))


def share(yes: int, n: int, *, least: int = 1, confidence: float = CONFIDENCE) -> Estimate | TooFew:
    """Wilson's interval (Wilson 1927), which keeps what it promises also near none and all."""
    if not 0 <= yes <= n:
        raise ValueError(f"{yes} of {n}")
    if n < max(least, 1):
        return TooFew(n=n, least=max(least, 1))
    from scipy.stats import binomtest  # noqa: PLC0415

    interval = binomtest(yes, n).proportion_ci(confidence, method="wilson")
    value = yes / n
    return Estimate(
        value=value,
        low=min(float(interval.low), value),
        high=max(float(interval.high), value),
        n=n,
        method="wilson",
        confidence=confidence,
    )


TOP_BOXES: Final = {3: 1, 5: 2, 7: 2, 10: 3}


def satisfied(answers: Sequence[int], scale: int, *, least: int = 1) -> Estimate | TooFew:
    """The share of the top answers of a scale: the best one of three, two of five or seven, three of ten."""
    best = [answer for answer in answers if answer > scale - TOP_BOXES[scale]]
    return share(len(best), len(answers), least=least)


def net_promoters(
    promoters: int, passives: int, detractors: int, *, least: int = 1, confidence: float = CONFIDENCE
) -> Estimate | TooFew:
    """From -100 to 100, with the adjusted Wald interval: three quarters of an answer more on either side, of three in all."""
    n = promoters + passives + detractors
    if n < max(least, 1):
        return TooFew(n=n, least=max(least, 1))
    value = (promoters - detractors) / n
    more = n + 3
    up, down = (promoters + 0.75) / more, (detractors + 0.75) / more
    half = z(confidence) * sqrt((up + down - (up - down) ** 2) / more)
    low, high = max(-1.0, up - down - half), min(1.0, up - down + half)
    return Estimate(
        value=100 * value,
        low=100 * min(low, value),
        high=100 * max(high, value),
        n=n,
        method="net_promoters",
        confidence=confidence,
    )


def several(counts: Mapping[str, int], *, confidence: float = CONFIDENCE) -> Mapping[str, Estimate] | TooFew:
    """The shares of all answers to one question at once (Goodman 1965): all intervals hold together.

    Too few where one of the answers has fewer than five.
    """
    if not counts or min(counts.values()) < LEAST_OF_A_CELL:
        return TooFew(n=min(counts.values(), default=0), least=LEAST_OF_A_CELL)
    from statsmodels.stats.proportion import multinomial_proportions_confint  # noqa: PLC0415

    n = sum(counts.values())
    intervals = multinomial_proportions_confint(list(counts.values()), alpha=1 - confidence, method="goodman")
    return {
        key: Estimate(value=count / n, low=float(low), high=float(high), n=n, method="goodman", confidence=confidence)
        for (key, count), (low, high) in zip(counts.items(), intervals, strict=True)
    }


def changed(before: tuple[int, int], after: tuple[int, int], *, least: int = 1) -> Change | TooFew:
    """From one share to another, each as yes and n, of different people: Newcombe's interval, made of Wilson's two."""
    first, second = share(*before, least=least), share(*after, least=least)
    if isinstance(first, TooFew):
        return first
    if isinstance(second, TooFew):
        return second
    value = second.value - first.value
    down = sqrt((second.value - second.low) ** 2 + (first.high - first.value) ** 2)
    up = sqrt((second.high - second.value) ** 2 + (first.value - first.low) ** 2)
    return Change(Estimate(value=value, low=value - down, high=value + up, n=first.n + second.n, method="newcombe"))
