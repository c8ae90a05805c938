"""Events that concern a whole contract, judged on top of what is stored of it: in statements that move all clocks at once.

What the judge does in a loop over all clocks is done here by the database. The few subjects for which that does not do
are named, and judged one by one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from django.db import connection

from encore.engine import Judge
from encore.engine.events import AMENDED, CONTRACT_WIDE, DECLARED, ENDED, LIFTED, PUBLISHED
from encore.engine.moments import to_datetime
from encore.ledger.nouns import Key
from encore.ledger.writing import Recorded

_ON_TOP: Final = frozenset({DECLARED, LIFTED, ENDED, AMENDED, PUBLISHED})


def is_in_order(events: Sequence[Recorded], judged_to: datetime) -> bool:
    """Whether the one event that concerns the whole contract comes after all others of its kind."""
    [first, *more] = events
    return not more and first.draft.type in _ON_TOP and first.draft.occurred_at >= judged_to


def subjects(contract: int, event: Recorded) -> set[Key]:
    """Those that such an event can move in ways of their own: periods begin, series end, deadlines are counted again."""
    memos = "SELECT noun, noun_id FROM ledger_memo WHERE contract = %s AND "
    at = connection.ops.adapt_datetimefield_value(event.draft.occurred_at)
    if event.draft.type == AMENDED:
        return set()
    if event.draft.type == ENDED:
        return _keys(f"{memos} wakes_at IS NOT NULL", contract)
    if event.draft.type == PUBLISHED:
        clocks = "SELECT noun, noun_id FROM ledger_clock WHERE contract = %s AND NOT is_ended AND provisional"
        return _keys(f"{memos} wakes_at <= %s UNION {clocks}", contract, at, contract)
    return _keys(f"{memos} wakes_at <= %s", contract, at)


def judged_past(contract: int, event: Recorded) -> set[Key]:
    """Subjects on which something later has been judged, or a breach found: for them the event comes late."""
    at = connection.ops.adapt_datetimefield_value(event.draft.occurred_at)
    # A period that begins with an amendment is governed by it, though the tick may have come before.
    later = ">=" if event.draft.type == AMENDED else ">"
    memos = f"SELECT noun, noun_id FROM ledger_memo WHERE contract = %s AND judged_to {later} %s"  # noqa: S608
    breaches = (
        "SELECT noun, noun_id FROM ledger_event AS event WHERE type = 'duty.breached' AND occurred_at >= %s AND EXISTS"
        " (SELECT 1 FROM ledger_concern AS concern WHERE event_id = event.id AND concern.noun = event.noun"
        " AND concern.noun_id = event.noun_id AND contract = %s)"
    )
    return _keys(f"{memos} UNION {breaches}", contract, at, at, contract)


def annulled(contract: int, events: Sequence[Recorded]) -> set[Key] | None:
    """What the events concern that these annul; None where that is the whole contract."""
    ids = [event.body["data"]["id"] for event in events]
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT type, body FROM ledger_event WHERE id IN ({marks})", ids)  # noqa: S608
        found = cursor.fetchall()
    if any(type in CONTRACT_WIDE for type, _ in found):
        return None
    bodies = [orjson.loads(bytes(body)) for _, body in found]
    return {Key.parse(key) for body in bodies for key in (body["subject"], *body["refs"])}


def move_all(contract: int, made: Judge, event: Recorded) -> None:
    """Suspends every clock, or lets every one go on. `made` has judged the event."""
    last = made.suspensions[-1] if made.suspensions else None
    if event.draft.type == DECLARED and last and last.declared[1] == event.id:
        _suspend(contract, made, to_datetime(last.declared[0]))
    elif event.draft.type == LIFTED and last and last.lifted and last.lifted[1] == event.id:
        _lift(contract, last.declared[0], *last.lifted)


def _suspend(contract: int, made: Judge, at: datetime) -> None:
    stays: dict[str, list[int]] = {}
    for number, (_, terms, _) in enumerate(made.versions):
        for id, rule in terms.rules.items():
            if not rule.suspendable:
                stays.setdefault(id, []).append(number)
    version = "json_extract(memo, '$.version')" if connection.vendor == "sqlite" else "(memo ->> 'version')::int"
    conditions, values = [], list[Any]()
    for id, numbers in stays.items():
        conditions.append(f" AND NOT (duty = %s AND {version} IN ({', '.join(['%s'] * len(numbers))}))")
        values += [id, *numbers]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_clock SET state = 'suspended' WHERE contract = %s AND state = 'open' AND due_at >= %s"  # noqa: S608
            + "".join(conditions),
            [contract, connection.ops.adapt_datetimefield_value(at), *values],
        )


def _lift(contract: int, declared: int, lifted: int, position: int) -> None:
    """What lies after a clock opened is added to its deadline and to the moment of the next warning, to the microsecond."""
    sql, moments = _LIFT_SQLITE, list[int | datetime]((declared, lifted))
    if connection.vendor == "postgresql":
        sql, moments = _LIFT_POSTGRESQL, [to_datetime(declared), to_datetime(lifted)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*moments, position, contract])


_PART: Final = "(lifted - GREATEST(declared, opened_at))"
_LIFT_POSTGRESQL: Final = f"""
UPDATE ledger_clock SET state = 'open', due_at = due_at + {_PART}, warns_at = warns_at + {_PART},
    memo = memo || jsonb_build_object(
        'shift', (memo ->> 'shift')::bigint + (EXTRACT(EPOCH FROM {_PART}) * 1000000)::bigint,
        'moves', (memo -> 'moves') || jsonb_build_array(
            jsonb_build_array('lifted', position, (EXTRACT(EPOCH FROM due_at) * 1000000)::bigint)
        )
    )
FROM (SELECT %s::timestamptz AS declared, %s::timestamptz AS lifted, %s::bigint AS position) AS given
WHERE contract = %s AND state = 'suspended'
"""  # noqa: S608 - nothing comes from outside


def _counted(column: str) -> str:
    """SQLite keeps moments as text, with or without a fraction of a second. Here they are microseconds."""
    return f"(CAST(strftime('%%s', {column}) AS INTEGER) * 1000000 + CAST('0' || substr({column}, 21) AS INTEGER))"


def _told(moment: str) -> str:
    """The text again; nothing for nothing."""
    fraction = f"CASE WHEN {moment} %% 1000000 THEN printf('.%%06d', {moment} %% 1000000) ELSE '' END"
    return f"(datetime({moment} / 1000000, 'unixepoch') || {fraction})"


_SPAN: Final = f"(lifted - MAX(declared, {_counted('opened_at')}))"
_LIFT_SQLITE: Final = f"""
UPDATE ledger_clock SET state = 'open', due_at = {_told(f"({_counted('due_at')} + {_SPAN})")},
    warns_at = {_told(f"({_counted('warns_at')} + {_SPAN})")},
    memo = json_set(
        memo, '$.shift', json_extract(memo, '$.shift') + {_SPAN},
        '$.moves[#]', json_array('lifted', position, {_counted("due_at")})
    )
FROM (SELECT %s AS declared, %s AS lifted, %s AS position) AS given
WHERE contract = %s AND state = 'suspended'
"""  # noqa: S608


def _keys(sql: str, *values: Any) -> set[Key]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {Key(noun, noun_id) for noun, noun_id in cursor.fetchall()}
