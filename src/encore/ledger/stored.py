"""Clocks and memos as rows: loaded for the judge, and written back, in plain SQL."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from django.db import connection

from encore.engine import Clock, Judge, State
from encore.engine.moments import from_datetime
from encore.ledger.nouns import Key
from encore.ledger.writing import insert

R = TypeVar("R")
Place = tuple[Key, str, int]
"""Which clock of a contract: subject, duty, index."""

_COLUMNS: Final = (
    "contract", "noun", "noun_id", "duty", "index", "clause", "opened_at", "due_at", "first_due_at", "state", "is_ended",
    "breached_at", "closed_at", "provisional", "started_by", "closed_by", "memo",
)  # fmt: skip
_KEYS: Final = 5  # of the columns, those that name a clock
_UPDATE: Final = ", ".join(f'"{column}" = excluded."{column}"' for column in _COLUMNS[_KEYS:])
_MOST_ROWS: Final = 10_000
_STATES: Final = {state.name.lower(): state for state in State}
_ONLY_JUDGE: Final = ("shift", "end", "need", "breached", "moves", "version")  # what a row holds in its memo


@dataclass(frozen=True)
class Row:
    """A clock as it is stored."""

    id: int
    place: Place
    breached_at: datetime | None
    values: tuple[Any, ...]  # all columns but the five of the place
    dump: dict[str, Any]  # as `Judge.put` takes it


@dataclass(frozen=True)
class Remembered:
    """A memo as it is stored."""

    key: Key
    judged_to: datetime
    duties: frozenset[str]
    body: dict[str, Any]  # as `Judge.memo` gives it and `Judge.put` takes it
    wakes_at: datetime | None = None


def values_of(judge: Judge, clock: Clock) -> tuple[Any, ...]:
    """The columns of a clock after those that name it."""
    dump = judge.dump(clock)
    memo = {name: dump[name] for name in _ONLY_JUDGE}
    memo["moves"] = [list(move) for move in clock.moves]  # as it comes back from JSON
    return (
        clock.clause, clock.opened_at, clock.due_at, clock.first_due_at, clock.name, clock.ended, clock.breached_at,
        clock.closed_at, clock.provisional, clock.started_by, clock.closed_by, memo,
    )  # fmt: skip


def clocks_of(contract: int, keys: Iterable[Key], *, also_ended: bool) -> dict[Place, Row]:
    """The clocks on these subjects: all, or those that the judge has to know of to go on.

    Those are the ones that can still change, and breaches for good: they keep others from starting, and can be excused.
    """
    where = "" if also_ended else " AND (NOT is_ended OR state = 'breached')"
    select = f"SELECT id, {_names(_COLUMNS[1:])} FROM ledger_clock"  # noqa: S608
    rows = _of_keys(select, contract, keys, where)
    return {row.place: row for row in map(_row, rows)}


def _row(found: Sequence[Any]) -> Row:
    id, noun, noun_id, duty, index, *rest = found
    clause, opened, due, first, state, ended, breached, closed, provisional, started_by, closed_by, memo = rest
    opened, due, first, breached, closed = (aware(at) for at in (opened, due, first, breached, closed))
    kept = orjson.loads(memo)
    key = Key(noun, noun_id)
    values = (
        clause,
        opened,
        due,
        first,
        state,
        bool(ended),
        breached,
        closed,
        bool(provisional),
        started_by,
        closed_by,
        kept,
    )
    dump = {
        "duty": duty, "subject": str(key), "index": index, "opened": from_datetime(opened), "due": from_datetime(due),
        "state": _STATES[state], "closed": closed and from_datetime(closed), "provisional": bool(provisional),
        "first_due": first and from_datetime(first), "started_by": started_by, "closed_by": closed_by, **kept,
    }  # fmt: skip
    return Row(id, (key, duty, index), breached, values, dump)


def save_clocks(contract: int, rows: Iterable[tuple[Place, tuple[Any, ...]]]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    written = [
        (contract, *key, duty, index, *(
            adapt(value) if isinstance(value, datetime) else _json(value) if isinstance(value, dict) else value
            for value in values
        ))
        for (key, duty, index), values in sorted(rows, key=lambda row: row[0])
    ]  # fmt: skip
    insert("ledger_clock", _COLUMNS, written, conflict=f"({_names(_COLUMNS[:_KEYS])}) DO UPDATE SET {_UPDATE}")


def delete_clocks(rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor:
        for numbers in _parts([row.id for row in rows]):
            cursor.execute(f"DELETE FROM ledger_clock WHERE id IN ({', '.join(['%s'] * len(numbers))})", list(numbers))  # noqa: S608


def memos_of(contract: int, keys: Iterable[Key], *, lock: bool = False) -> dict[Key, Remembered]:
    """What is remembered of these subjects. `lock`: nobody else judges them until this transaction ends."""
    tail = " ORDER BY noun, noun_id FOR UPDATE" if lock and connection.features.has_select_for_update else ""
    rows = _of_keys("SELECT noun, noun_id, judged_to, duties, body FROM ledger_memo", contract, keys, tail)
    return {
        Key(noun, noun_id): Remembered(
            Key(noun, noun_id), aware(judged_to), frozenset(orjson.loads(duties)), orjson.loads(body)
        )
        for noun, noun_id, judged_to, duties, body in rows
    }


def save_memos(contract: int, memos: Iterable[Remembered]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    rows = [
        (
            contract,
            *memo.key,
            adapt(memo.judged_to),
            adapt(memo.wakes_at),
            _json(sorted(memo.duties)),
            _json(memo.body),
        )
        for memo in sorted(memos, key=lambda memo: memo.key)
    ]
    columns = ("contract", "noun", "noun_id", "judged_to", "wakes_at", "duties", "body")
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns[3:])
    insert("ledger_memo", columns, rows, conflict=f"(contract, noun, noun_id) DO UPDATE SET {changed}")


def among(keys: Iterable[Key]) -> tuple[str, list[Any]]:
    """The condition that a row is about one of these subjects, and its values."""
    listed = sorted(set(keys))
    return f"(noun, noun_id) IN (VALUES {', '.join(['(%s, %s)'] * len(listed))})", [
        part for key in listed for part in key
    ]


def _of_keys(select: str, contract: int, keys: Iterable[Key], tail: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        for some in _parts(sorted(set(keys))):
            condition, values = among(some)
            cursor.execute(f"{select} WHERE contract = %s AND {condition}{tail}", [contract, *values])
            yield from cursor.fetchall()


def _parts(rows: Sequence[R]) -> Iterator[Sequence[R]]:
    """As much at a time as one statement takes."""
    for start in range(0, len(rows), _MOST_ROWS):
        yield rows[start : start + _MOST_ROWS]


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def aware(moment: Any) -> Any:
    """In plain SQL SQLite gives what it holds, which is UTC without saying so."""
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment
