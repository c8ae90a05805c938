"""Whether questions hang together, and what the whole hangs on."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial
from statistics import variance
from typing import Any, Final

from encore.statistics.estimate import CONFIDENCE, Alike, Estimate, Result, TooFew

LEAST_ITEMS: Final = 3
LEAST_A_DRIVER: Final = 15  # answers for each
MOST_DRIVERS: Final = 10


def consistency(answers: Sequence[Sequence[float | None]], *, confidence: float = CONFIDENCE) -> Result:
    """Cronbach's alpha of the items of one dimension, with Feldt's interval. Who left one out is left out.

    `answers`: for each person those to all items.
    """
    whole = [[float(one) for one in row if one is not None] for row in answers if None not in row]
    n, k = len(whole), len(whole[0]) if whole else 0
    if n < 2 or k < LEAST_ITEMS:
        return TooFew(n=n if n < 2 else k, least=2 if n < 2 else LEAST_ITEMS)
    total = variance([sum(row) for row in whole])
    if total == 0:
        return Alike(n=n, value=sum(whole[0]))
    from scipy.stats import f  # noqa: PLC0415

    value = k / (k - 1) * (1 - sum(variance(item) for item in zip(*whole, strict=True)) / total)
    degrees = n - 1, (n - 1) * (k - 1)
    low, high = (
        1 - (1 - value) * float(f.ppf(place, *degrees)) for place in ((1 + confidence) / 2, (1 - confidence) / 2)
    )
    return Estimate(value=value, low=low, high=high, n=n, method="cronbach", confidence=confidence)


def driver_shares(
    whole: Sequence[float], drivers: Mapping[str, Sequence[float]], *, seed: int, times: int = 500
) -> Mapping[str, Estimate] | TooFew:
    """How much of the spread of the whole goes along with each dimension: the part of R² that it adds, on average over all
    orders in which they can be added (Lindeman, Merenda and Gold 1980). They add up to R².

    It says what goes together, never what causes what. The intervals are percentiles of answers drawn again.
    """
    n, names = len(whole), list(drivers)
    if len(names) > MOST_DRIVERS:
        raise ValueError(f"{len(names)} dimensions; at most {MOST_DRIVERS}")
    if n < (least := LEAST_A_DRIVER * len(names)):
        return TooFew(n=n, least=least)
    import numpy as np  # noqa: PLC0415

    table = np.column_stack([*(drivers[name] for name in names), whole]).astype(float)
    chance = np.random.default_rng(seed)
    drawn = np.stack([table, *(table[chance.integers(0, n, n)] for _time in range(times))])
    drawn = drawn - drawn.mean(axis=1, keepdims=True)
    crossed = np.einsum("bij,bik->bjk", drawn, drawn)
    shares = _shares(crossed, len(names))
    found = {}
    for place, name in enumerate(names):
        value, again = float(shares[0, place]), shares[1:, place]
        low, high = np.nanpercentile(again, [100 * (1 - CONFIDENCE) / 2, 100 * (1 + CONFIDENCE) / 2])
        found[name] = Estimate(value=value, low=min(float(low), value), high=max(float(high), value), n=n, method="lmg")
    return found


def _shares(crossed: Any, k: int) -> Any:
    """For each matrix of cross products, whose last column is the whole's, the average addition of each of k dimensions."""
    import numpy as np  # noqa: PLC0415

    explained: dict[frozenset[int], Any] = {frozenset(): np.zeros(len(crossed))}
    for size in range(1, k + 1):
        for some in combinations(range(k), size):
            chosen = list(some)
            inner, outer = crossed[:, chosen][:, :, chosen], crossed[:, chosen, k]
            # Dimensions that are one and the same leave the matrix without an inverse: the pseudo-inverse shares.
            slopes = np.einsum("bij,bj->bi", np.linalg.pinv(inner, hermitian=True), outer)
            explained[frozenset(some)] = np.einsum("bi,bi->b", slopes, outer) / crossed[:, k, k]
    shares = np.zeros((len(crossed), k))
    for known, squared in explained.items():
        for one in set(range(k)) - known:
            weight = factorial(len(known)) * factorial(k - len(known) - 1) / factorial(k)
            shares[:, one] += weight * (explained[known | {one}] - squared)
    return shares
