"""What time alone brings about: deadlines that pass, and periods that begin.

A breach is stamped with its deadline, however late the tick comes. Several ticks at once share the work: each takes the
streams that no other has locked.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils.timezone import now

from encore.ledger.deadlock import once_more
from encore.ledger.judging import advance, hold_contract
from encore.ledger.models import Clock, Memo
from encore.ledger.nouns import Key
from encore.ledger.stored import among

log = logging.getLogger("encore.tick")

_BATCH = 1_000


def tick(moment: datetime | None = None) -> int:
    """Brings all clocks up to the moment, by default the present one. How many clocks changed.

    A contract that cannot be judged is logged and passed over: it must not hold up the others.
    """
    until = moment or now()
    changed = 0
    for contract in _contracts(until):
        try:
            for keys in _due(contract, until):
                changed += once_more(partial(_batch, contract, keys, until))
        except Exception:
            log.exception("a contract was passed over", extra={"fields": {"contract": contract}})
    return changed


def _overdue(moment: datetime) -> QuerySet[Clock]:
    return Clock.objects.filter(state="open", due_at__lt=moment)


def _beginning(moment: datetime) -> QuerySet[Memo]:
    return Memo.objects.filter(wakes_at__lte=moment)


def _contracts(moment: datetime) -> list[int]:
    found = set(_overdue(moment).values_list("contract", flat=True).distinct())
    return sorted(found | set(_beginning(moment).values_list("contract", flat=True).distinct()))


def _due(contract: int, moment: datetime) -> Iterator[set[Key]]:
    """Subjects with a clock past its due or a period that has begun, what has waited longest first; each once."""
    yield from _parts(_overdue(moment).filter(contract=contract), "due_at")
    yield from _parts(_beginning(moment).filter(contract=contract), "wakes_at")


def _parts(rows: QuerySet[Model], field: str) -> Iterator[set[Key]]:
    after = Q()
    while part := list(rows.filter(after).order_by(field, "id").values_list("noun", "noun_id", field, "id")[:_BATCH]):
        yield {Key(noun, noun_id) for noun, noun_id, _, _ in part}
        _, _, moment, id = part[-1]
        after = Q(**{f"{field}__gt": moment}) | Q(**{field: moment, "id__gt": id})


def _batch(contract: int, keys: set[Key], moment: datetime) -> int:
    with transaction.atomic(durable=True):
        held = hold_contract(contract)
        return advance(contract, held, _locked(keys), moment)


def _locked(keys: set[Key]) -> set[Key]:
    """Of these streams those that are now ours. Operations lock a stream before its clocks; so does the tick."""
    if not connection.features.has_select_for_update:
        return keys
    condition, values = among(keys)
    sql = f"SELECT noun, noun_id FROM ledger_head WHERE {condition} ORDER BY noun, noun_id FOR UPDATE SKIP LOCKED"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {Key(noun, noun_id) for noun, noun_id in cursor.fetchall()}
