"""Weights that make a sample look like those it was drawn from, and what they cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from statistics import median
from typing import Final

LEAST_IN_A_CELL: Final = 20
MOST: Final = 5.0  # times the median weight
_CLOSE: Final = 1e-10
_ROUNDS: Final = 1_000


class TooThin(ValueError):
    """A cell with fewer than 20 answers: merge it with another one."""


class NeverEven(ValueError):
    """No weights fit all margins at once."""


def effective(weights: Sequence[float]) -> float:
    """How many equally weighted answers these are worth (Kish 1965)."""
    return fsum(weights) ** 2 / fsum(weight * weight for weight in weights)


def post_stratified(cells: Sequence[str], of: Mapping[str, float], *, least: int = LEAST_IN_A_CELL) -> list[float]:
    """A weight for each answer, by the cell that it lies in; `of`: how many there are of each cell. They add up to n."""
    counts = Counter(cells)
    if set(counts) - set(of):
        raise ValueError(f"nobody knows how many there are of {sorted(set(counts) - set(of))}")
    if thin := [cell for cell in of if counts[cell] < least]:
        raise TooThin(", ".join(sorted(thin)))
    n, whole = len(cells), fsum(of.values())
    return [(of[cell] / whole) / (counts[cell] / n) for cell in cells]


def raked(margins: Sequence[tuple[Sequence[str], Mapping[str, float]]], *, least: int = LEAST_IN_A_CELL) -> list[float]:
    """Weights that fit several margins, each given as the answers' cells and how many there are of each cell.

    Iterative proportional fitting (Deming and Stephan 1940). They add up to n. `NeverEven` where they do not settle.
    """
    n = len(margins[0][0])
    for cells, of in margins:
        post_stratified(cells, of, least=least)  # refuses what it cannot fit
    weights = [1.0] * n
    for _round in range(_ROUNDS):
        farthest = 0.0
        for cells, of in margins:
            sums: dict[str, float] = dict.fromkeys(of, 0.0)
            for cell, weight in zip(cells, weights, strict=True):
                sums[cell] += weight
            whole = fsum(of.values())
            factors = {cell: of[cell] / whole * n / total for cell, total in sums.items()}
            farthest = max(farthest, *(abs(factor - 1) for factor in factors.values()))
            weights = [weight * factors[cell] for cell, weight in zip(cells, weights, strict=True)]
        if farthest < _CLOSE:
            return weights
    raise NeverEven


def trimmed(weights: Sequence[float], most: float = MOST) -> list[float]:
    """No weight above `most` times the median one; all are then scaled alike, so that they add up to as much as before."""
    cut = most * median(weights)
    kept = [min(weight, cut) for weight in weights]
    return [weight * fsum(weights) / fsum(kept) for weight in kept]
