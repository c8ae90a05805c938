"""Scores of people: drawn towards the mean of all, the more, the fewer answers there are."""

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from statistics import fmean

from encore.statistics.estimate import CONFIDENCE, LEAST_OF_A_PERSON, Estimate, TooFew
from encore.statistics.shares import z


def shrunk(
    scores: Mapping[str, Sequence[float]], *, least: int = LEAST_OF_A_PERSON, confidence: float = CONFIDENCE
) -> Mapping[str, Estimate | TooFew]:
    """By empirical Bayes: a person's own mean and that of all, weighted by how far each can be trusted.

    The spread within people is pooled, that between them is estimated from the means; where chance alone would spread them
    so, all get the same. People with fewer answers than `least` get none.
    """
    known = {key: values for key, values in scores.items() if len(values) >= max(least, 2)}
    missing: dict[str, Estimate | TooFew] = {
        key: TooFew(n=len(values), least=max(least, 2)) for key, values in scores.items() if key not in known
    }
    if len(known) < 2:
        return {key: TooFew(n=len(known), least=2) for key in known} | missing
    counts = {key: len(values) for key, values in known.items()}
    means = {key: fmean(values) for key, values in known.items()}
    n, k = sum(counts.values()), len(known)
    within = fsum((value - means[key]) ** 2 for key, values in known.items() for value in values) / (n - k)
    overall = fsum(means[key] * counts[key] for key in known) / n
    between_squares = fsum(counts[key] * (means[key] - overall) ** 2 for key in known) / (k - 1)
    size = (n - fsum(count**2 for count in counts.values()) / n) / (k - 1)
    between = max(0.0, (between_squares - within) / size)

    trust = {key: 1 / (between + within / counts[key]) if between + within else 1.0 for key in known}
    middle = fsum(trust[key] * means[key] for key in known) / fsum(trust.values())
    of_middle = 1 / fsum(trust.values()) if between + within else 0.0
    found: dict[str, Estimate | TooFew] = {}
    for key in known:
        pull = within / (within + counts[key] * between) if within + between else 0.0
        value = pull * middle + (1 - pull) * means[key]
        half = z(confidence) * sqrt((1 - pull) * within / counts[key] + pull**2 * of_middle)
        found[key] = Estimate(
            value=value, low=value - half, high=value + half, n=counts[key], method="shrunk", confidence=confidence
        )
    return {key: found.get(key) or missing[key] for key in scores}
