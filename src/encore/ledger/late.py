"""What happened long before it is recorded needs a reason, which stays with the entry and is shown beside it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.ledger.refusal import Refusal

OPENING: Final = "opening"
LIMIT: Final = timedelta(hours=24)
REASONS: Final[Mapping[str, str | Promise]] = {
    OPENING: _("still running when the contract was taken over"),
    "imported": _("brought in from other records"),
    "on_paper": _("first written down on paper"),
    "unavailable": _("the system could not be used"),
    "learned_late": _("became known only later"),
    "demonstration": _("made up for demonstration"),
}
_reason: ContextVar[str] = ContextVar("reason", default="")


class NeedsReason(Refusal):
    pass


@contextmanager
def entered_late(reason: str) -> Iterator[None]:
    """What is recorded meanwhile may lie back as far as it will. `KeyError` for a reason that there is no name for."""
    if reason not in REASONS:
        raise KeyError(reason)
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)


def reason_for(occurred_at: datetime, recorded_at: datetime) -> str:
    """Why it is recorded so late; empty where it is not. An opening entry says so whenever it is made. `NeedsReason` where it is and nobody has said why."""
    if recorded_at - occurred_at <= LIMIT:
        return OPENING if _reason.get() == OPENING else ""
    if not _reason.get():
        raise NeedsReason(_("What happened more than a day ago is recorded with the reason why it comes so late."))
    return _reason.get()
