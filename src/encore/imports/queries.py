from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zlib import decompress

import orjson
from django.db.models import QuerySet

from encore.accounts import rights
from encore.accounts.models import Organisation, User
from encore.accounts.sealed import unseal
from encore.imports.models import Batch, Chunk, ColumnMap, Fault, Source, State
from encore.imports.register import Importer, Plain, Row


def visible_to(user: User) -> QuerySet[Batch]:
    """What one's own organisation brought in."""
    return Batch.objects.filter(owner=user.organisation_id)


def importers(user: User) -> list[Importer]:
    """What this person may bring in."""
    return [one for one in Importer.kinds.values() if may_bring_in(one, user)]


def may_bring_in(importer: Importer, user: User) -> bool:
    return (
        user.organisation.role in importer.roles
        and rights.may("imports.take", user)
        and rights.may(importer.right, user)
    )


def content_of(batch: Batch) -> bytes:
    return unseal(bytes(Source.objects.get(batch=batch).content), f"imports.Source:{batch.pk}")


def has_source(batch: Batch) -> bool:
    return Source.objects.filter(batch=batch).exists()


def titles(owner: Organisation, kind: str) -> dict[str, str]:
    """How this organisation's sheets of that kind call their columns."""
    found = ColumnMap.objects.filter(owner=owner, kind=kind).first()
    return dict(found.titles) if found else {}


def taken_before(batch: Batch) -> Batch | None:
    """The same file, byte for byte, taken in earlier and not taken back."""
    rows = Batch.objects.filter(owner=batch.owner_id, kind=batch.kind, file_hash=batch.file_hash, state=State.TAKEN)
    return rows.exclude(pk=batch.pk).order_by("-pk").first()


def rows_of(batch: Batch, number: int, importer: Importer) -> list[Row]:
    """The rows of a chunk as they were read, their values as the importer gets them."""
    chunk = Chunk.objects.get(batch=batch, number=number)
    loads = {column.key: column.reader.load for column in importer.columns if column.reader.load is not None}
    rows = []
    for place, key, values in _opened(bytes(chunk.content), f"imports.Chunk:{batch.pk}:{number}"):
        for name, load in loads.items():
            if name in values:
                values[name] = load(values[name])
        rows.append(Row(place, key, values))
    return rows


def before_of(chunk: Chunk) -> list[tuple[int, int | None, dict[str, Any]]]:
    """Of rows that a chunk changed: their number, their batch and their values before that."""
    if not chunk.before:
        return []
    return [
        (number, batch, values)
        for number, batch, values in _opened(bytes(chunk.before), f"imports.before:{chunk.batch_id}:{chunk.number}")
    ]


def _opened(content: bytes, place: str) -> list[Any]:
    found: list[Any] = orjson.loads(decompress(unseal(content, place)))
    return found


def faults(batch: Batch, most: int | None = None) -> Iterator[tuple[int, list[str], list[str]]]:
    """Rows that cannot be taken: their number, their cells, and what is wrong."""
    for fault in Fault.objects.filter(batch=batch).order_by("row")[:most].iterator(1000):
        cells, words = orjson.loads(unseal(bytes(fault.content), f"imports.Fault:{batch.pk}:{fault.row}"))
        yield fault.row, cells, words


def objects(plain: Plain[Any]) -> QuerySet[Any]:
    return QuerySet(plain.model)


def standing(plain: Plain[Any], owner: Organisation, keys: Sequence[str]) -> Mapping[str, tuple[Any, ...]]:
    """What is there already under these keys: its number, its batch and the fields that a sheet may change."""
    rows = objects(plain).filter(owner=owner, **{f"{plain.key}__in": keys})
    return {row[0]: row[1:] for row in rows.values_list(plain.key, "pk", "batch", *plain.fields)}
