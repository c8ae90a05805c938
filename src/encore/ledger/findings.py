"""What the ledger finds by itself, and announces: warnings, breaches, corrections of either."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from encore.engine.moments import to_datetime
from encore.ledger.kinds import KINDS
from encore.ledger.stored import Place
from encore.ledger.subscriptions import tell_subscribers
from encore.ledger.writing import Draft, append


def warned(contract: int, place: Place, share: str, moment: int) -> Draft:
    return _finding("duty.warned", contract, place, to_datetime(moment), {"share": share})


def breached(contract: int, place: Place, at: datetime) -> Draft:
    return _finding("duty.breached", contract, place, at, {})


def corrected(contract: int, place: Place, state: str, at: datetime) -> Draft:
    return _finding("duty.corrected", contract, place, at, {"state": state})


def _finding(type: str, contract: int, place: Place, at: datetime, data: Mapping[str, Any]) -> Draft:
    key, duty, index = place
    kind = KINDS[type]
    return Draft(
        type, kind.schema, key, set(), {contract}, "ledger", at, kind.write({"duty": duty, "index": index, **data})
    )


def tell(findings: Iterable[Draft], now: datetime) -> None:
    """In the order in which it happened, so that a stream reads the same whenever somebody looked."""
    tell_subscribers(append(sorted(findings, key=lambda draft: draft.occurred_at), now))
