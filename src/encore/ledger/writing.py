"""Appends events to their streams, in plain SQL: one statement a table, however many events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from encore.ledger.canonical import canonical, written
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


def append(drafts: Sequence[Draft], recorded_at: datetime) -> list[Recorded]:
    """Writes the events in the order given. `ValueError` for one that is to come."""
    for draft in drafts:
        if draft.occurred_at > recorded_at:
            raise ValueError(
                f"{draft.type} of {draft.subject} is said to happen at {draft.occurred_at}, which is to come."
            )
    next_seq = _claim(drafts)
    rows: list[tuple[Any, ...]] = []
    bodies: dict[tuple[Key, int], tuple[Draft, dict[str, Any]]] = {}
    adapt = connection.ops.adapt_datetimefield_value
    for draft in drafts:
        seq = next_seq[draft.subject]
        next_seq[draft.subject] += 1
        body = {
            "type": draft.type,
            "schema": draft.schema,
            "subject": str(draft.subject),
            "seq": seq,
            "at": written(draft.occurred_at),
            "recorded_at": written(recorded_at),
            "actor": draft.actor,
            "refs": [str(key) for key in draft.keys[1:]],
            "data": dict(draft.data),
        }
        bodies[draft.subject, seq] = (draft, body)
        times = adapt(draft.occurred_at), adapt(recorded_at)
        rows.append((*draft.subject, seq, draft.type, draft.schema, *times, draft.actor, canonical(body)))
    columns = ("noun", "noun_id", "seq", "type", "schema", "occurred_at", "recorded_at", "actor", "body")
    placed = insert("ledger_event", columns, rows, returning=("id", "noun", "noun_id", "seq"))
    recorded = [Recorded(id, *bodies[Key(noun, noun_id), seq]) for id, noun, noun_id, seq in sorted(placed)]
    _concern(recorded)
    return recorded


def _claim(drafts: Sequence[Draft]) -> dict[Key, int]:
    """Locks the streams, in the order of their keys, and takes as many numbers in each as there are events for it."""
    taken: dict[Key, int] = {}
    for draft in drafts:
        taken[draft.subject] = taken.get(draft.subject, 0) + 1
    rows = [(*key, number - 1) for key, number in sorted(taken.items())]
    heads = insert(
        "ledger_head",
        ("noun", "noun_id", "seq"),
        rows,
        conflict="(noun, noun_id) DO UPDATE SET seq = ledger_head.seq + excluded.seq + 1",
        returning=("noun", "noun_id", "seq"),
    )
    return {Key(noun, noun_id): seq - taken[Key(noun, noun_id)] + 1 for noun, noun_id, seq in heads}


def _concern(recorded: Iterable[Recorded]) -> None:
    rows = [
        (event.id, *key, contract, key == event.draft.subject)
        for event in recorded
        for key in event.draft.keys
        for contract in (*sorted(event.draft.contracts), *([] if event.draft.contracts else [None]))
    ]
    insert("ledger_concern", ("event_id", "noun", "noun_id", "contract", "is_subject"), rows)


_MOST_VALUES = 30_000  # SQLite takes 32,766 in a statement, PostgreSQL's protocol 65,535


def insert(
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    conflict: str = "",
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Inserts the rows with as few statements as the database allows."""
    names = ", ".join(f'"{column}"' for column in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    found: list[tuple[Any, ...]] = []
    most = _MOST_VALUES // len(columns)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), most):
            part = rows[start : start + most]
            sql = f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * len(part))}"  # noqa: S608 - names of ours
            sql += f" ON CONFLICT {conflict}" if conflict else ""
            sql += f" RETURNING {', '.join(returning)}" if returning else ""
            cursor.execute(sql, [value for values in part for value in values])
            if returning:
                found.extend(cursor.fetchall())
    return found
