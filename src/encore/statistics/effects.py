"""What a measure brought: against venues without it, against the time before it, and among many comparisons."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, floor
from random import Random
from statistics import fmean
from typing import Any, Final

from encore.statistics.estimate import CONFIDENCE, Estimate, TooFew

FEW_VENUES: Final = 20  # below that clustered errors are too small, and venues are permuted
MOST_PERMUTED: Final = 4_000
LEAST_ASSIGNMENTS: Final = 20  # with fewer, nothing could ever be rarer than one in twenty
LEAST_A_SIDE: Final = 8
LONG: Final = 12  # points on each side from which on errors that hang together are allowed for


@dataclass(frozen=True)
class Row:
    """What was measured in a venue, before or after."""

    venue: str
    is_after: bool
    value: float


@dataclass(frozen=True)
class Difference:
    """`probability`: of so large a difference by chance alone. `assignments`: in how many ways the measure could have fallen
    on so many of these venues; none where errors were clustered instead.
    """

    effect: Estimate
    probability: float
    assignments: int | None


def difference_in_differences(rows: Iterable[Row], treated: Collection[str], *, seed: int) -> Difference | TooFew:
    """How much more the venues with a measure changed than those without, each venue counting once.

    From 20 venues on with errors clustered by venue; with fewer by permuting which of them had it, the interval being those
    effects that the permutations do not speak against.
    """
    found: dict[str, dict[bool, list[float]]] = defaultdict(lambda: {False: [], True: []})
    for row in rows:
        found[row.venue][row.is_after].append(row.value)
    changes = {
        venue: fmean(both[True]) - fmean(both[False]) for venue, both in sorted(found.items()) if all(both.values())
    }
    with_it = [venue for venue in changes if venue in treated]
    n, t = len(changes), len(with_it)
    if not 0 < t < n:
        return TooFew(n=n, least=max(2, n + 1))
    if n >= FEW_VENUES and min(t, n - t) > 1:
        return _clustered(changes, set(with_it))
    if (assignments := comb(n, t)) < LEAST_ASSIGNMENTS:
        return TooFew(n=assignments, least=LEAST_ASSIGNMENTS)
    return _permuted(changes, set(with_it), assignments, seed)


def _clustered(changes: Mapping[str, float], treated: Collection[str]) -> Difference:
    import numpy as np  # noqa: PLC0415
    import statsmodels.api as sm  # noqa: PLC0415

    # Two moments a venue, their difference taken: what is left of venue and time is a constant, and a cluster is a row.
    design = np.column_stack([np.ones(len(changes)), [venue in treated for venue in changes]]).astype(float)
    fitted = sm.OLS(list(changes.values()), design).fit(cov_type="HC3", use_t=True)
    low, high = fitted.conf_int(1 - CONFIDENCE)[1]
    effect = Estimate(
        value=float(fitted.params[1]), low=float(low), high=float(high), n=len(changes), method="clustered"
    )
    return Difference(effect, float(fitted.pvalues[1]), None)


def _permuted(changes: Mapping[str, float], treated: Collection[str], assignments: int, seed: int) -> Difference:
    import numpy as np  # noqa: PLC0415

    venues, n, t = list(changes), len(changes), len(treated)
    values = np.array([changes[venue] for venue in venues])
    real = np.array([venue in treated for venue in venues])
    if assignments <= MOST_PERMUTED:
        chosen = [list(some) for some in combinations(range(n), t)]
    else:
        chance = Random(seed)  # noqa: S311 - nobody has to be surprised
        chosen = [[place for place in range(n) if real[place]]]
        chosen += [chance.sample(range(n), t) for _time in range(MOST_PERMUTED - 1)]
    masks = np.zeros((len(chosen), n))
    for line, some in enumerate(chosen):
        masks[line, some] = 1

    def differences(these: Any) -> Any:
        inside = masks @ these
        return inside / t - (these.sum() - inside) / (n - t)

    value = float(values[real].mean() - values[~real].mean())

    def probability(effect: float) -> float:
        shifted = differences(values - effect * real)
        return float(np.mean(np.abs(shifted) >= abs(value - effect) - 1e-12 * max(1.0, abs(value))))

    reach = 4 * float(np.ptp(values)) + 1e-9
    low, high = (_edge(probability, value, value + way * reach) for way in (-1, 1))
    effect = Estimate(value=value, low=low, high=high, n=n, method="permuted")
    return Difference(effect, probability(0.0), assignments)


def _edge(probability: Any, inside: float, outside: float) -> float:
    """Where the probability falls to one in twenty, seen from the effect that was found."""
    for _step in range(60):
        middle = (inside + outside) / 2
        if probability(middle) > 1 - CONFIDENCE:
            inside = middle
        else:
            outside = middle
    return outside


@dataclass(frozen=True)
class Interruption:
    """`level`: the jump at the interruption. `slope`: how much steeper it goes on, a period. `warnings`: to be shown with it."""

    level: Estimate
    slope: Estimate
    warnings: Sequence[str]


def interrupted_series(before: Sequence[float], after: Sequence[float]) -> Interruption | TooFew:
    """A series of periods that something happened in the middle of: jump and change of slope of a line on each side.

    By least squares; from 12 periods a side on with Newey and West's errors, which allow for neighbours that are alike. The
    intervals are usually too narrow, and whatever else happened at the same time is in the result too.
    """
    fewest = min(len(before), len(after))
    if fewest < LEAST_A_SIDE:
        return TooFew(n=fewest, least=LEAST_A_SIDE)
    import numpy as np  # noqa: PLC0415
    import statsmodels.api as sm  # noqa: PLC0415

    n = len(before) + len(after)
    time = np.arange(n, dtype=float)
    later = (time >= len(before)).astype(float)
    design = np.column_stack([np.ones(n), time, later, (time - len(before)) * later])
    model = sm.OLS(np.array([*before, *after], dtype=float), design)
    is_long = fewest >= LONG
    lags = floor(4 * (n / 100) ** (2 / 9))
    fitted = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags}, use_t=True) if is_long else model.fit()
    intervals, method = fitted.conf_int(1 - CONFIDENCE), "newey_west" if is_long else "segments"
    level, slope = (
        Estimate(
            value=float(fitted.params[place]),
            low=float(intervals[place][0]),
            high=float(intervals[place][1]),
            n=n,
            method=method,
        )
        for place in (2, 3)
    )
    warnings = ["no_comparison", "narrow"]
    return Interruption(level, slope, warnings if is_long else [*warnings, "short"])


def adjusted(probabilities: Sequence[float], *, by: str = "holm") -> list[float]:
    """For many comparisons at once: `holm` guards against a single false one, `fdr_bh` against too large a share of them."""
    if by not in ("holm", "fdr_bh"):
        raise ValueError(by)
    if not probabilities:
        return []
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415

    return [float(one) for one in multipletests(probabilities, method=by)[1]]
