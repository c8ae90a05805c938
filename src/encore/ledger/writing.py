"""Appends events to their streams, in plain SQL: one statement a table, however many events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection

from encore.ledger.canonical import canonical, written
from encore.ledger.chain import genesis, leaf, link
from encore.ledger.nouns import Key


@dataclass(frozen=True)
class Draft:
    """An event before it has a place in its stream."""

    type: str
    schema: int
    subject: Key
    refs: set[Key]
    contracts: set[int]
    actor: str
    occurred_at: datetime
    data: Mapping[str, object]
    reason: str = ""  # why it is recorded so late, where it is

    @property
    def keys(self) -> list[Key]:
        """All that it concerns, the subject first."""
        contracts = {Key("contract", number) for number in self.contracts}
        return [self.subject, *sorted((self.refs | contracts) - {self.subject})]


@dataclass(frozen=True)
class Recorded:
    """An event in its place. `body` is what the canonical bytes hold."""

    id: int
    draft: Draft
    body: Mapping[str, Any]

    @property
    def begins(self) -> bool:
        """Whether it is the first of its stream."""
        return bool(self.body["seq"] == 0)


class End(NamedTuple):
    """Where a stream ends: the number and the chain of its last event."""

    seq: int
    chain: bytes


class Link(NamedTuple):
    """An event's canonical bytes, their hash, and the chain up to and with it."""

    body: bytes
    leaf: bytes
    chain: bytes


def append(drafts: Sequence[Draft], recorded_at: datetime) -> list[Recorded]:
    """Writes the events in the order given. `ValueError` for one that is to come."""
    if not drafts:
        return []
    for draft in drafts:
        if draft.occurred_at > recorded_at:
            raise ValueError(
                f"{draft.type} of {draft.subject} is said to happen at {draft.occurred_at}, which is to come."
            )
    bodies = [_body(draft, recorded_at) for draft in drafts]
    links = _linked(drafts, bodies, _ends_of(draft.subject for draft in drafts))
    adapt = connection.ops.adapt_datetimefield_value
    times = {at: adapt(at) for at in (recorded_at, *(draft.occurred_at for draft in drafts))}
    rows = [
        (
            *draft.subject, body["seq"], draft.type, draft.schema, times[draft.occurred_at], times[recorded_at],
            draft.actor, *link,
        )
        for draft, body, link in zip(drafts, bodies, links, strict=True)
    ]  # fmt: skip
    ids = sorted(id for (id,) in insert("ledger_event", _COLUMNS, rows, returning=("id",)))
    recorded = [Recorded(*one) for one in zip(ids, drafts, bodies, strict=True)]
    _concern(recorded)
    return recorded


_COLUMNS: Final = (
    "noun", "noun_id", "seq", "type", "schema", "occurred_at", "recorded_at", "actor", "body", "leaf", "chain",
)  # fmt: skip


def _body(draft: Draft, recorded_at: datetime) -> dict[str, Any]:
    """What the canonical bytes hold, but for the number in the stream."""
    reason = {"reason": draft.reason} if draft.reason else {}
    return {
        "type": draft.type,
        "schema": draft.schema,
        "subject": str(draft.subject),
        "seq": 0,
        "at": written(draft.occurred_at),
        "recorded_at": written(recorded_at),
        "actor": draft.actor,
        "refs": [str(key) for key in draft.keys[1:]],
        "data": dict(draft.data),
        **reason,
    }


def _linked(drafts: Iterable[Draft], bodies: Iterable[dict[str, Any]], ends: dict[Key, End]) -> list[Link]:
    """Numbers the bodies, and chains their bytes on to the ends of their streams."""
    links: list[Link] = []
    for draft, body in zip(drafts, bodies, strict=True):
        key = draft.subject
        before = ends.get(key) or End(-1, genesis(key))
        body["seq"] = before.seq + 1
        content = canonical(body)
        hashed = leaf(content)
        ends[key] = End(before.seq + 1, link(before.chain, hashed))
        links.append(Link(content, hashed, ends[key].chain))
    return links


def _ends_of(keys: Iterable[Key]) -> dict[Key, End]:
    """Locks the streams that have begun, in the order of their keys, and says where they end.

    A trigger on ledger_event moves the heads. Of two who begin a stream at once, one fails at the number of its event.
    """
    listed = sorted(set(keys))
    lock = " ORDER BY noun, noun_id FOR UPDATE OF ledger_head" if connection.features.has_select_for_update else ""
    found: dict[Key, End] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(listed), _MOST_VALUES // 2):
            part = listed[start : start + _MOST_VALUES // 2]
            marks = ", ".join(["(%s, %s)"] * len(part))
            cursor.execute(
                f"WITH wanted (of_noun, of_id) AS (VALUES {marks}) SELECT noun, noun_id, seq, chain"  # noqa: S608
                f" FROM wanted CROSS JOIN ledger_head WHERE noun = of_noun AND noun_id = of_id{lock}",
                [value for key in part for value in key],
            )
            found |= {Key(noun, noun_id): End(seq, bytes(chain)) for noun, noun_id, seq, chain in cursor.fetchall()}
    return found


def _concern(recorded: Iterable[Recorded]) -> None:
    rows = [
        (event.id, *key, contract, key == event.draft.subject)
        for event in recorded
        for key in event.draft.keys
        for contract in (*sorted(event.draft.contracts), *([] if event.draft.contracts else [None]))
    ]
    insert("ledger_concern", ("event_id", "noun", "noun_id", "contract", "is_subject"), rows)


_MOST_VALUES: Final = 30_000  # SQLite takes 32,766 in a statement, PostgreSQL's protocol 65,535


def insert(
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    conflict: str = "",
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Inserts the rows with as few statements as the database allows."""
    found: list[tuple[Any, ...]] = []
    most = _MOST_VALUES // len(columns)
    if not rows:
        return found
    with connection.cursor() as cursor:
        for start in range(0, len(rows), most):
            part = rows[start : start + most]
            sql = _inserting(table, tuple(columns), len(part), conflict, tuple(returning))
            cursor.execute(sql, [value for values in part for value in values])
            if returning:
                found.extend(cursor.fetchall())
    return found


@lru_cache(maxsize=64)
def _inserting(table: str, columns: tuple[str, ...], rows: int, conflict: str, returning: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    sql = f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - names of ours
    sql += f" ON CONFLICT {conflict}" if conflict else ""
    return sql + (f" RETURNING {', '.join(returning)}" if returning else "")
