"""What time alone brings about: deadlines that come near and pass, and periods that begin.

A breach is stamped with its deadline, a warning with its own moment, however late the tick comes. Several ticks at once share the work: each takes the
streams that no other has locked.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.utils.timezone import now

from encore.ledger.deadlock import once_more
from encore.ledger.judging import advance, hold_contract
from encore.ledger.nouns import Key
from encore.ledger.stored import aware, of_keys

log = logging.getLogger("encore.tick")

_BATCH = 1_000


def tick(moment: datetime | None = None) -> int:
    """Brings all clocks up to the moment, by default the present one. How many clocks changed.

    A contract that cannot be judged is logged and passed over: it must not hold up the others.
    """
    until = moment or now()
    changed, passed_over = 0, set[int]()
    for contract, keys in _due(until):
        if contract in passed_over:
            continue
        try:
            changed += once_more(partial(_batch, contract, keys, until))
        except Exception:
            passed_over.add(contract)
            log.exception("a contract was passed over", extra={"fields": {"contract": contract}})
    return changed


# Each is worded as the condition of an index that holds nothing else, so that no more is read than is due.
_WAITING: Final = (
    ("ledger_clock", "due_at", "state = 'open' AND due_at < %s"),
    ("ledger_clock", "warns_at", "state = 'open' AND warns_at IS NOT NULL AND warns_at < %s"),
    ("ledger_memo", "wakes_at", "wakes_at IS NOT NULL AND wakes_at <= %s"),
)


def _due(moment: datetime) -> Iterator[tuple[int, set[Key]]]:
    """Subjects with a clock past its due or near it, or a period that has begun, what has waited longest first."""
    for table, field, condition in _WAITING:
        for part in _parts(table, field, condition, moment):
            by_contract: dict[int, set[Key]] = {}
            for contract, noun, noun_id, _, _ in part:
                by_contract.setdefault(contract, set()).add(Key(noun, noun_id))
            yield from by_contract.items()


def _parts(table: str, field: str, condition: str, moment: datetime) -> Iterator[list[tuple[Any, ...]]]:
    adapt = connection.ops.adapt_datetimefield_value
    after, id = datetime(1, 1, 1, tzinfo=UTC), 0
    sql = (
        f"SELECT contract, noun, noun_id, {field}, id FROM {table} WHERE {condition} AND ({field}, id) > (%s, %s)"  # noqa: S608
        f" ORDER BY {field}, id LIMIT {_BATCH}"
    )
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [adapt(moment), adapt(after), id])
            part = cursor.fetchall()
        if not part:
            return
        yield part
        *_, after, id = part[-1]
        after = aware(after)


def _batch(contract: int, keys: set[Key], moment: datetime) -> int:
    with transaction.atomic(durable=True):
        held = hold_contract(contract)
        return advance(contract, held, _locked(contract, keys), moment)


def _locked(contract: int, keys: set[Key]) -> dict[Key, datetime | None]:
    """Of these subjects those that are now ours, and when their next period begins.

    Operations lock a stream before what is remembered of it. The tick waits for neither, so that nobody waits for it in
    a circle; what it leaves, the next one finds.
    """
    table, tail = "ledger_memo", ""
    if connection.features.has_select_for_update:
        table = "ledger_memo JOIN ledger_head USING (noun, noun_id)"
        tail = " ORDER BY noun, noun_id FOR UPDATE OF ledger_memo, ledger_head SKIP LOCKED"
    rows = of_keys("noun, noun_id, wakes_at", table, contract, keys, tail)
    return {Key(noun, noun_id): aware(wakes_at) for noun, noun_id, wakes_at in rows}
