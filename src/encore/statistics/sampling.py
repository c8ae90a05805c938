"""Whom to ask, how many, and how many of them answered."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from encore.statistics.estimate import CONFIDENCE, Estimate, TooFew
from encore.statistics.shares import share, z

_SLACK: Final = 1e-9


def design_effect(size: float, alike: float) -> float:
    """How much more has to be asked because `size` answers come from each room, and are alike by that correlation."""
    return 1 + (size - 1) * alike


def size_for_share(
    margin: float,
    *,
    expected: float = 0.5,
    frame: int | None = None,
    effect: float = 1.0,
    confidence: float = CONFIDENCE,
) -> int:
    """How many answers make a share good to ± `margin`. `frame`: how many there are in all."""
    return _answers(z(confidence) ** 2 * expected * (1 - expected) / margin**2, frame, effect)


def size_for_mean(
    margin: float, *, spread: float, frame: int | None = None, effect: float = 1.0, confidence: float = CONFIDENCE
) -> int:
    """How many answers make a mean good to ± `margin`, where they have that standard deviation."""
    return _answers((z(confidence) * spread / margin) ** 2, frame, effect)


def size_for_change(change: float, *, spread: float, power: float = 0.8, confidence: float = CONFIDENCE) -> int:
    """How many answers each of two waves takes, so that such a change is seen in `power` of all cases."""
    return ceil(2 * ((z(confidence) + z(2 * power - 1)) * spread / change) ** 2 - _SLACK)


def _answers(unlimited: float, frame: int | None, effect: float) -> int:
    wanted = unlimited * effect
    if frame is not None:
        wanted = min(float(frame), wanted / (1 + (wanted - 1) / frame))
    return ceil(wanted - _SLACK)


def invitations(answers: int, rate: float, frame: int | None = None) -> int:
    """How many to invite for so many answers, where that share of the invited answers."""
    wanted = ceil(answers / rate - _SLACK)
    return wanted if frame is None else min(wanted, frame)


@dataclass(frozen=True)
class Drawn:
    """A sample, with all that anybody needs to draw it again and to find it the same."""

    keys: Sequence[str]
    seed: str
    frame: str  # the hash of all strata with their keys
    chance: Mapping[str, float]  # of each stratum's keys to be drawn


def draw(strata: Mapping[str, Iterable[str]], sizes: Mapping[str, int], seed: str) -> Drawn:
    """So many of each stratum, by chance: those whose hash with the seed is lowest.

    The same on every machine and in whatever order the frame comes. A stratum that has fewer is drawn whole.
    """
    frames = {stratum: sorted(set(keys)) for stratum, keys in sorted(strata.items())}
    told = "\n".join(f"{stratum}\t{key}" for stratum, keys in frames.items() for key in keys)
    keys: list[str] = []
    chance: dict[str, float] = {}
    for stratum, frame in frames.items():
        size = min(sizes.get(stratum, 0), len(frame))
        keys += sorted(frame, key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())[:size]
        chance[stratum] = size / len(frame) if frame else 0.0
    return Drawn(keys, seed, hashlib.sha256(told.encode()).hexdigest(), chance)


@dataclass(frozen=True)
class Dispositions:
    """What became of those who were drawn (AAPOR). Who should not have been asked at all is left out."""

    complete: int
    partial: int = 0
    refused: int = 0
    unreached: int = 0
    other: int = 0
    unknown: int = 0

    @property
    def drawn(self) -> int:
        return self.complete + self.partial + self.refused + self.unreached + self.other + self.unknown


def response_rate(found: Dispositions | None, *, with_partial: bool = False) -> Estimate | TooFew | None:
    """AAPOR's RR1, or with partial answers RR2. None where anybody could answer: a poster's code has no denominator."""
    if found is None:
        return None
    return share(found.complete + (found.partial if with_partial else 0), found.drawn)
