"""Clocks and memos as rows: loaded for the judge, and written back, in plain SQL."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from django.db import connection

from encore.engine import Clock, Judge, State
from encore.engine.moments import from_datetime
from encore.ledger.judged_by import judged_by
from encore.ledger.nouns import Key
from encore.ledger.writing import insert

R = TypeVar("R")
Place = tuple[Key, str, int]
"""Which clock of a contract: subject, duty, index."""

_COLUMNS: Final = (
    "contract", "noun", "noun_id", "duty", "index", "clause", "opened_at", "due_at", "first_due_at", "state", "is_ended",
    "breached_at", "closed_at", "provisional", "started_by", "closed_by", "memo", "warned", "warns_at",
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
    values: tuple[Any, ...]  # what the judge found: all columns but the five of the place and the two of warnings
    dump: dict[str, Any]  # as `Judge.put` takes it
    warned: int
    warns_at: datetime | None


@dataclass(frozen=True)
class Written:
    """A clock as it is to be stored."""

    place: Place
    values: tuple[Any, ...]
    warned: int
    warns_at: datetime | None


@dataclass(frozen=True)
class Remembered:
    """A memo as it is stored."""

    key: Key
    judged_to: datetime
    duties: frozenset[str]
    body: dict[str, Any]  # as `Judge.memo` gives it and `Judge.put` takes it
    wakes_at: datetime | None = None
    is_referred: bool = False


def values_of(judge: Judge, clock: Clock) -> tuple[Any, ...]:
    """What the judge found of a clock, column by column, after those that name it."""
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
    rows = of_keys(f"id, {_names(_COLUMNS[1:])}", "ledger_clock", contract, keys, where)
    return {row.place: row for row in map(_row, rows)}


def _row(found: Sequence[Any]) -> Row:
    id, noun, noun_id, duty, index, *rest = found
    clause, opened, due, first, state, ended, breached, closed, provisional, started_by, closed_by, memo, *warning = (
        rest
    )
    warned, warns_at = warning
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
    return Row(id, (key, duty, index), breached, values, dump, warned, aware(warns_at))


def save_clocks(contract: int, rows: Iterable[Written]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    written = [
        (contract, *key, duty, index, *(
            adapt(value) if isinstance(value, datetime) else _json(value) if isinstance(value, dict) else value
            for value in (*row.values, row.warned, row.warns_at)
        ))
        for row in sorted(rows, key=lambda row: row.place) for key, duty, index in (row.place,)
    ]  # fmt: skip
    insert("ledger_clock", _COLUMNS, written, conflict=f"({_names(_COLUMNS[:_KEYS])}) DO UPDATE SET {_UPDATE}")


def delete_clocks(rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor:
        for numbers in parts([row.id for row in rows]):
            cursor.execute(f"DELETE FROM ledger_clock WHERE id IN ({', '.join(['%s'] * len(numbers))})", list(numbers))  # noqa: S608


def memos_of(contract: int, keys: Iterable[Key], *, lock: str = "") -> dict[Key, Remembered]:
    """What is remembered of these subjects. `lock`: UPDATE where they are to be judged, SHARE where nobody else is to."""
    locks = lock and connection.features.has_select_for_update
    tail = f" ORDER BY noun, noun_id FOR {lock} OF ledger_memo" if locks else ""
    columns = "noun, noun_id, judged_to, duties, body, wakes_at, is_referred"
    rows = of_keys(columns, "ledger_memo", contract, keys, tail)
    return {
        (key := Key(noun, noun_id)): Remembered(
            key, aware(judged_to), frozenset(orjson.loads(duties)), orjson.loads(body), aware(wakes_at), bool(referred)
        )
        for noun, noun_id, judged_to, duties, body, wakes_at, referred in rows
    }


def save_memos(contract: int, memos: Iterable[Remembered]) -> set[Key]:
    """Those of them that events of others refer to."""
    adapt = connection.ops.adapt_datetimefield_value
    rows = [
        (
            contract,
            *memo.key,
            adapt(memo.judged_to),
            adapt(memo.wakes_at),
            _json(sorted(memo.duties)),
            _json(memo.body),
            judged_by(),
        )
        for memo in sorted(memos, key=lambda memo: memo.key)
    ]
    columns = ("contract", "noun", "noun_id", "judged_to", "wakes_at", "duties", "body", "judged_by")
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns[3:-1])
    conflict = f"(contract, noun, noun_id) DO UPDATE SET {changed}"
    found = insert("ledger_memo", columns, rows, conflict=conflict, returning=("noun", "noun_id", "is_referred"))
    return {Key(noun, noun_id) for noun, noun_id, is_referred in found if is_referred}


def refer(contract: int, keys: Iterable[Key], since: datetime) -> None:
    """Notes that events of other subjects refer to these, of which there may be nothing to remember otherwise."""
    at = connection.ops.adapt_datetimefield_value(since)
    rows = [(contract, *key, at, "[]", "{}", True, judged_by()) for key in sorted(keys)]
    columns = ("contract", "noun", "noun_id", "judged_to", "duties", "body", "is_referred", "judged_by")
    insert("ledger_memo", columns, rows, conflict="(contract, noun, noun_id) DO UPDATE SET is_referred = true")


def among(keys: Iterable[Key]) -> tuple[str, list[Any]]:
    """The condition that a row is about one of these subjects, and its values."""
    listed = sorted(set(keys))
    return f"(noun, noun_id) IN (VALUES {', '.join(['(%s, %s)'] * len(listed))})", [
        part for key in listed for part in key
    ]


def of_keys(
    columns: str, table: str, contract: int, keys: Iterable[Key], tail: str = "", values: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """Rows about these subjects, each looked up: by a list after IN, SQLite would read all that the contract has."""
    rest = f"SELECT {columns} FROM wanted CROSS JOIN {table} WHERE contract = %s AND noun = of_noun AND noun_id = of_id"  # noqa: S608
    with connection.cursor() as cursor:
        for some in parts(sorted(set(keys))):
            wanted, listed = _wanted(some)
            cursor.execute(f"WITH wanted (of_noun, of_id) AS ({wanted}) {rest}{tail}", [*listed, contract, *values])
            yield from cursor.fetchall()


def _wanted(keys: Sequence[Key]) -> tuple[str, list[Any]]:
    """PostgreSQL reads two arrays faster than a thousand pairs."""
    if connection.vendor == "postgresql":
        return "SELECT * FROM unnest(%s::text[], %s::bigint[])", [[key.noun for key in keys], [key.id for key in keys]]
    return f"VALUES {', '.join(['(%s, %s)'] * len(keys))}", [part for key in keys for part in key]


def parts(rows: Sequence[R], most: int = _MOST_ROWS) -> Iterator[Sequence[R]]:
    """As much at a time as one statement takes."""
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def aware(moment: Any) -> Any:
    """In plain SQL SQLite gives what it holds, which is UTC without saying so."""
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment
