"""Writing what is searched. An operation calls these steps in its own transaction, after it has changed the row."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db import connection
from django.db.models import Model

from encore.search.register import Kind, kind_of, readings
from encore.search.words import written

_MOST_ROWS: Final = 1_000  # in a statement


def index(*rows: Model) -> None:
    """Makes rows be found by what they say now: one statement for those of one noun, however many, whether new or not.

    Whose people find them, and by what, says `register`. `KeyError` for a row of which nothing is registered.
    """
    by_kind: dict[str, tuple[Kind, list[Model]]] = {}
    for row in rows:
        kind = kind_of(row)
        by_kind.setdefault(kind.noun, (kind, []))[1].append(row)
    for kind, same in by_kind.values():
        write(kind, same)


def remove(*rows: Model) -> None:
    """Makes rows be found no longer."""
    places = [kind_of(row).first + row.pk for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM search_entry WHERE rowid = %s", [[place] for place in places])


def write(kind: Kind, rows: Sequence[Model]) -> None:
    for start in range(0, len(rows), _MOST_ROWS):
        part = rows[start : start + _MOST_ROWS]
        values: list[int | str] = []
        for row in part:
            values += [kind.first + row.pk, _stored(_tokens(kind, row))]
        with connection.cursor() as cursor:
            cursor.execute(_inserting(len(part)), values)


def _tokens(kind: Kind, row: Model) -> list[str]:
    searched = kind.of(row)
    texts = [*searched.names, *readings(searched.names), *searched.texts]
    return written(texts, searched.owners, searched.own)


def _stored(tokens: Iterable[str]) -> str:
    if connection.vendor == "postgresql":
        return " ".join(f"'{token}':{place}" for place, token in enumerate(tokens, start=1))
    return " ".join(tokens)


def _inserting(rows: int) -> str:
    if connection.vendor == "postgresql":
        values = ", ".join(["(%s, %s::tsvector)"] * rows)
        return (
            f"INSERT INTO search_entry (rowid, words) VALUES {values}"  # noqa: S608 - nothing comes from outside
            " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words"
        )
    return f"REPLACE INTO search_entry (rowid, words) VALUES {', '.join(['(%s, %s)'] * rows)}"  # noqa: S608
