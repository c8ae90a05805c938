"""The way into the ledger: an operation is one transaction and records what it did, or it did nothing."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils.timezone import now

from encore.accounts import rights
from encore.accounts.models import User
from encore.jobs import finish_running
from encore.ledger.deadlock import once_more
from encore.ledger.judging import hold, judge
from encore.ledger.kinds import kind_for
from encore.ledger.late import reason_for
from encore.ledger.nouns import contract_of, key_of, require_visible
from encore.ledger.subscriptions import tell_subscribers
from encore.ledger.writing import Draft, append

P = ParamSpec("P")
R = TypeVar("R")

_STEP_BACK: Final = timedelta(seconds=5)  # by which a clock may be put right between an act and its record
_drafts: ContextVar[list[Draft] | None] = ContextVar("drafts", default=None)


class NothingRecorded(RuntimeError):
    """An operation ended without an event, so that nobody could say afterwards that it happened."""


def operation(act: Callable[P, R]) -> Callable[P, R]:
    """Makes an act of it: rights by its name, one durable transaction, at least one event, clocks moved before commit."""
    name = f"{act.__module__.split('.')[1]}.{act.__name__}"
    if name not in rights.RIGHTS:
        raise LookupError(f"accounts/rights.py has no row for {name}.")

    @wraps(act)
    def performed(*args: P.args, **kwargs: P.kwargs) -> R:
        by = kwargs["by"]
        assert by is None or isinstance(by, User)
        rights.require(name, by)
        return once_more(partial(once, by, *args, **kwargs))

    def once(actor: User | None, *args: P.args, **kwargs: P.kwargs) -> R:
        drafts: list[Draft] = []
        token = _drafts.set(drafts)
        try:
            with transaction.atomic(durable=True):
                result = act(*args, **kwargs)
                if not drafts:
                    raise NothingRecorded(name)
                if actor is not None:
                    require_visible({draft.subject for draft in drafts}, actor)
                held = hold(drafts)
                recorded_at = _recorded_at(drafts)
                late = [replace(draft, reason=reason_for(draft.occurred_at, recorded_at)) for draft in drafts]
                events = append(late, recorded_at)
                judge(events, held, recorded_at)
                tell_subscribers(events)
                finish_running()
        finally:
            _drafts.reset(token)
        return result

    return performed


def _recorded_at(drafts: Sequence[Draft]) -> datetime:
    moment, latest = now(), max(draft.occurred_at for draft in drafts)
    return latest if moment < latest <= moment + _STEP_BACK else moment


def record(
    type: str,
    /,
    *,
    subject: Model,
    actor: User | None,
    occurred_at: datetime,
    refs: Sequence[Model] = (),
    **data: Any,
) -> None:
    """Notes an event of the operation under way; it is written, and judged, when the operation has come to its end.

    `actor` None is a guest. The contract that the subject belongs to is referred to without being named.
    """
    drafts = _drafts.get()
    if drafts is None:
        raise RuntimeError("record() is called from within an @operation.")
    key = key_of(subject)
    contracts = {number for row in (subject, *refs) if (number := contract_of(row)) is not None}
    kind = kind_for(type, data.keys(), contracts)
    named = {key_of(row) for row in refs} - {key}
    by = f"user:{actor.pk}" if actor else "guest"
    drafts.append(Draft(type, kind.schema, key, named, contracts, by, occurred_at, kind.write(data)))
