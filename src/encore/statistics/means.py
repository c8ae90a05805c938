"""Means and indices, of answers that are independent, alike within rooms, or weighted."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import Any, Final

from encore.statistics.estimate import CONFIDENCE, LEAST_OF_AN_INDEX, Alike, Change, Estimate, Result, TooFew

MOST_RESAMPLED: Final = 1_000  # the bootstrap takes 0.5 GB for 5,000 answers, 7 GB for 20,000


def score(answer: float, scale: int) -> float:
    """An answer from 1 to `scale` as 0 to 100."""
    return 100 * (answer - 1) / (scale - 1)


def mean(values: Sequence[float], *, least: int = LEAST_OF_AN_INDEX, confidence: float = CONFIDENCE) -> Result:
    """With the interval by Student's t. For answers that do not depend on each other."""
    if (n := len(values)) < max(least, 2):
        return TooFew(n=n, least=max(least, 2))
    if _are_alike(values):
        return Alike(n=n, value=values[0])
    from scipy.stats import t  # noqa: PLC0415

    middle = fmean(values)
    half = float(t.ppf((1 + confidence) / 2, n - 1)) * stdev(values) / sqrt(n)
    return Estimate(value=middle, low=middle - half, high=middle + half, n=n, method="t", confidence=confidence)


def resampled_mean(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    seed: int,
    least: int = LEAST_OF_AN_INDEX,
    confidence: float = CONFIDENCE,
    times: int = 2_000,
) -> Result:
    """With the BCa bootstrap interval (Efron 1987), for few answers or such as pile up at one end.

    `clusters`: the room or night that each answer comes from; whole clusters are drawn. `ValueError` from 1,000 answers on.
    """
    if (n := len(values)) >= MOST_RESAMPLED:
        raise ValueError(f"{n} values: take mean() or mean_of_sample()")
    groups: dict[Hashable, list[float]] = defaultdict(list)
    for place, value in enumerate(values):
        groups[clusters[place] if clusters is not None else place].append(value)
    if n < max(least, 2) or len(groups) < 2:
        return TooFew(n=n if len(groups) > 1 else len(groups), least=max(least, 2))
    if _are_alike([fmean(group) for group in groups.values()]):
        return Alike(n=n, value=fmean(values))
    import numpy as np  # noqa: PLC0415
    from scipy.stats import bootstrap  # noqa: PLC0415

    def ratio(sums: Any, counts: Any, axis: int) -> Any:
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    sums = np.array([sum(group) for group in groups.values()])
    counts = np.array([len(group) for group in groups.values()])
    interval = bootstrap(
        (sums, counts), ratio, paired=True, n_resamples=times, method="BCa", confidence_level=confidence,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    middle = fmean(values)
    return Estimate(
        value=middle,
        low=min(float(interval.low), middle),
        high=max(float(interval.high), middle),
        n=n,
        method="bca",
        confidence=confidence,
    )


def mean_of_sample(
    values: Sequence[float],
    *,
    weights: Sequence[float] | None = None,
    strata: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    least: int = LEAST_OF_AN_INDEX,
    confidence: float = CONFIDENCE,
) -> Result:
    """The weighted mean with its Taylor-linearised error, which minds strata and clusters, and not the weights' scale."""
    if (n := len(values)) < max(least, 2):
        return TooFew(n=n, least=max(least, 2))
    if clusters is not None and len(set(clusters)) < 2:
        return TooFew(n=len(set(clusters)), least=2)
    if _are_alike(values):
        return Alike(n=n, value=values[0])
    import polars as pl  # noqa: PLC0415
    from svy import Design, Sample  # noqa: PLC0415

    columns: dict[str, list[Any]] = {
        "value": list(map(float, values)),
        "weight": list(map(float, weights or [1.0] * n)),
    }
    named = {"stratum": strata, "psu": clusters}
    columns |= {name: list(column) for name, column in named.items() if column is not None}
    design: Any = {name: name for name in columns if name in named}
    sample: Any = Sample(pl.DataFrame(columns), Design(wgt="weight", **design))
    [row] = sample.estimation.mean("value", alpha=1 - confidence).to_dicts()
    return Estimate(value=row["est"], low=row["lci"], high=row["uci"], n=n, method="taylor", confidence=confidence)


def changed(before: Sequence[float], after: Sequence[float], *, least: int = LEAST_OF_AN_INDEX) -> Change | TooFew:
    """From one wave to another, of different people whose answers may spread differently: Welch's interval."""
    n = min(len(before), len(after))
    if n < max(least, 2) or (_are_alike(before) and _are_alike(after)):
        return TooFew(n=n, least=max(least, 2, n + 1 if n >= max(least, 2) else 0))
    from scipy.stats import ttest_ind  # noqa: PLC0415

    interval = ttest_ind(after, before, equal_var=False).confidence_interval(CONFIDENCE)
    return Change(
        Estimate(
            value=fmean(after) - fmean(before),
            low=float(interval.low),
            high=float(interval.high),
            n=len(before) + len(after),
            method="welch",
        )
    )


def _are_alike(values: Sequence[float]) -> bool:
    return max(values) - min(values) < 1e-12 * max(1.0, abs(values[0]))
