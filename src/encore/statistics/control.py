"""Control charts: a change is called one only where a stated rule says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Final

from encore.statistics.estimate import TooFew

LEAST_PERIODS: Final = 8
RUN: Final = 8
"""The two rules: a period lies outside three standard errors, or it ends eight in a row on one side of the centre."""
_WIDTH: Final = 3
_INDIVIDUAL: Final = 2.66  # three standard errors from the mean moving range of two: 3 / 1.128


@dataclass(frozen=True)
class Period:
    """`signal`: `outside`, `run`, or nothing where it differs no more than by chance."""

    value: float
    low: float
    high: float
    n: int
    signal: str


@dataclass(frozen=True)
class Chart:
    centre: float
    periods: Sequence[Period]
    method: str

    @property
    def is_steady(self) -> bool:
        return not any(period.signal for period in self.periods)


def shares(counts: Sequence[tuple[int, int]], baseline: int | None = None) -> Chart | TooFew:
    """p-chart: for each period how many of how many; the limits of a period follow its own number.

    `baseline`: the centre comes from so many of the first periods; from all where none is given.
    """
    if fewer := _too_few(len(counts), baseline):
        return fewer
    first = counts[:baseline]
    centre = sum(some for some, _n in first) / sum(n for _some, n in first)
    spread = sqrt(centre * (1 - centre))
    points = [
        (some / n, max(0.0, centre - _WIDTH * spread / sqrt(n)), min(1.0, centre + _WIDTH * spread / sqrt(n)), n)
        for some, n in counts
    ]
    return _chart(centre, points, "p_chart")


def counts(found: Sequence[int], baseline: int | None = None) -> Chart | TooFew:
    """c-chart: how often something happened in periods of the same length."""
    if fewer := _too_few(len(found), baseline):
        return fewer
    centre = fmean(found[:baseline])
    half = _WIDTH * sqrt(centre)
    return _chart(centre, [(one, max(0.0, centre - half), centre + half, one) for one in found], "c_chart")


def individuals(values: Sequence[float], baseline: int | None = None) -> Chart | TooFew:
    """XmR chart: one measured value for each period; the limits come from how much neighbours differ."""
    if fewer := _too_few(len(values), baseline):
        return fewer
    first = values[:baseline]
    centre = fmean(first)
    half = _INDIVIDUAL * fmean(abs(after - before) for before, after in pairwise(first))
    return _chart(centre, [(one, centre - half, centre + half, 1) for one in values], "individuals")


def _too_few(periods: int, baseline: int | None) -> TooFew | None:
    known = periods if baseline is None else min(baseline, periods)
    return TooFew(n=known, least=LEAST_PERIODS) if known < LEAST_PERIODS else None


def _chart(centre: float, points: Sequence[tuple[float, float, float, int]], method: str) -> Chart:
    periods, side, length = [], 0, 0
    for value, low, high, n in points:
        now = (value > centre) - (value < centre)
        length = length + 1 if now and now == side else abs(now)
        side = now
        signal = "outside" if value < low or value > high else "run" if length >= RUN else ""
        periods.append(Period(value, low, high, n, signal))
    return Chart(centre, periods, method)
