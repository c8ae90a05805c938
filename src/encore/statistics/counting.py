"""Of the things that a contract's deadlines ran on, the share on which none was missed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q

from encore.ledger.models import Clock
from encore.statistics.estimate import Estimate, TooFew
from encore.statistics.models import Counted
from encore.statistics.shares import share

SINCE: Final = timedelta(days=90)
LEAST: Final = 10
_KEPT: Final = Q(state="fulfilled")
_MISSED: Final = Q(state__in=("late", "breached"))


def kept(contract: int, since: datetime, at: datetime) -> Mapping[str, Estimate | TooFew]:
    """By noun. What counts is a thing, not a clock, since the clocks of one thing hang together: one on which a deadline was
    decided since then, and it was kept if none was missed.
    """
    decided = (
        Clock.objects.filter(contract=contract)
        .filter(
            _KEPT & Q(closed_at__gte=since, closed_at__lte=at)
            | _MISSED & Q(breached_at__gte=since, breached_at__lte=at)
        )
        .values("noun", "noun_id")
        .annotate(missed=Count("id", filter=_MISSED))
        .values_list("noun", "missed")
    )
    tallies: dict[str, list[int]] = {}
    for noun, missed in decided.order_by("noun", "noun_id").iterator():
        tally = tallies.setdefault(noun, [0, 0])
        tally[0] += not missed
        tally[1] += 1
    return {noun: share(clean, n, least=LEAST) for noun, (clean, n) in tallies.items()}


def stored(found: Mapping[str, Estimate | TooFew]) -> dict[str, Any]:
    return {noun: asdict(one) for noun, one in found.items()}


def read(row: Counted) -> dict[str, Estimate | TooFew]:
    return {noun: Estimate(**one) if "value" in one else TooFew(**one) for noun, one in row.kept.items()}
