"""A sheet on its way in: looked through, taken in chunk by chunk, taken back chunk by chunk. The acts are in operations.py."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from typing import Any, Final
from zlib import compress

import orjson
from django.db import transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from encore.accounts.models import User
from encore.accounts.sealed import seal
from encore.imports import queries
from encore.imports.models import Batch, Chunk, ColumnMap, Fault, Source, State
from encore.imports.register import Counts, Importer, Plain, Reading, Row, Wrong, plain_text
from encore.imports.sheets import Cell, Line, Unreadable, lines
from encore.jobs import effects
from encore.jobs.backend import found
from encore.ledger.refusal import Refusal

CHUNK: Final = 2_000  # rows that go in at a time: a second or less, so that nobody else waits for long
_HEAD: Final = 15  # rows among which the titles are looked for
_TOLD_EVERY: Final = 10_000
_REMOVED_AT_ONCE: Final = 5_000
KEPT: Final = timedelta(days=30)  # the file and the rows that were refused, after the end of the batch
UNDONE_WITHIN: Final = timedelta(days=90)


class CannotBringIn(Refusal):
    pass


def upload(content: bytes, name: str, importer: Importer, *, by: User, at: datetime) -> Batch:
    """Keeps the file and finds its titles. `Unreadable` for what is no sheet."""
    head = list(islice(lines(content), _HEAD))
    if not head:
        raise Unreadable(_("There is nothing in this sheet."))
    titles = queries.titles(by.organisation, importer.kind)
    number, cells = max(head, key=lambda line: (len(importer.mapped(_headers(line), titles)), -line[0]))
    headers = _headers((number, cells))
    with transaction.atomic():
        batch = Batch.objects.create(
            owner=by.organisation,
            kind=importer.kind,
            name=name[-200:],
            file_hash=sha256(content).hexdigest(),
            size=len(content),
            header_row=number,
            headers=headers,
            mapping=importer.mapped(headers, titles),
            language=get_language() or "",
            uploaded_by=by,
            uploaded_at=at,
        )
        Source.objects.create(batch=batch, content=seal(content, f"imports.Source:{batch.pk}"))
    return batch


def _headers(line: Line) -> list[str]:
    return [plain_text(cell)[:60] for cell in line[1]]


def set_columns(batch: Batch, mapping: Mapping[str, int], year: int | None) -> None:
    """Says which column is which, keeps it for the next sheet, and has the sheet looked through."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        if not batch.awaits_columns:
            raise CannotBringIn(_("This sheet is on its way already."))
        batch.mapping, batch.year = dict(mapping), year
        batch.state, batch.fault, batch.rows = State.READING, "", 0
        batch.save()
        ColumnMap.objects.update_or_create(
            owner=batch.owner,
            kind=batch.kind,
            defaults={"titles": {key: batch.headers[place] for key, place in mapping.items()}},
        )
        _set_running("look_through", batch.pk, sha256(f"{mapping}{year}{batch.rows}".encode()).hexdigest()[:16])


def discard(batch: Batch, at: datetime) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        if batch.state in (State.TAKING, State.TAKEN, State.UNDOING, State.UNDONE):
            raise CannotBringIn(_("This sheet has been taken in. It can be taken back."))
        batch.state, batch.ended_at = State.DISCARDED, at
        batch.save(update_fields=["state", "ended_at"])
        _forget(batch)
        Source.objects.filter(batch=batch).delete()
        Fault.objects.filter(batch=batch).delete()


def begin(batch: Batch, by: User) -> None:
    """Has the rows taken in by jobs, which can be left alone; the last of them is the act."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        if not batch.awaits_yes:
            raise CannotBringIn(_("There is nothing in this sheet that could be taken in now."))
        batch.state, batch.asked_by, batch.done = State.TAKING, by, 0
        batch.new = batch.same = batch.changed = 0
        batch.save()
        _set_running("take", batch.pk, 0)


def begin_back(batch: Batch, by: User, at: datetime) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        importer = Importer.kinds[batch.kind]
        if not batch.can_be_taken_back or not importer.goes_back:
            raise CannotBringIn(_("This sheet cannot be taken back."))
        if batch.ended_at is not None and at - batch.ended_at > UNDONE_WITHIN:
            raise CannotBringIn(
                _("It is too long ago: a sheet can be taken back for %(days)s days.") % {"days": UNDONE_WITHIN.days}
            )
        batch.state, batch.asked_by, batch.done = State.UNDOING, by, 0
        batch.removed = batch.restored = batch.kept = 0
        batch.save()
        if importer.plain is None:
            _set_running("take_back_acts", batch.pk)
        else:
            _set_running("take_back", batch.pk, 0)


def _set_running(task: str, *arguments: int | str) -> None:
    """By its name: tasks stand above what they call."""
    found(f"encore.imports.tasks.{task}").enqueue(*arguments)


# --- looking through --------------------------------------------------------------------------------------------------


def look_through(batch: Batch) -> None:
    """Tries all rows out. Nothing is taken: what can be is put aside, what cannot is noted with the reason."""
    importer = Importer.kinds[batch.kind]
    with override(batch.language):
        try:
            chunks, faults, counts, read = _looked_through(batch, importer)
        except Unreadable as error:
            with effects():
                Batch.objects.filter(pk=batch.pk, state=State.READING).update(
                    state=State.UNREADABLE, fault=str(error)[:300]
                )
            return
    with effects():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.state != State.READING:
            return
        _forget(locked)
        Fault.objects.filter(batch=locked).delete()
        for number, content in enumerate(chunks):
            Chunk.objects.create(
                batch=locked, number=number, content=seal(content, f"imports.Chunk:{batch.pk}:{number}")
            )
        Fault.objects.bulk_create(
            (
                Fault(batch=locked, row=row, content=seal(content, f"imports.Fault:{batch.pk}:{row}"))
                for row, content in faults
            ),
            batch_size=500,
        )
        locked.state, locked.rows, locked.chunks, locked.done = State.READ, read, len(chunks), 0
        locked.new, locked.same, locked.changed = counts.new, counts.same, counts.changed
        locked.refused = len(faults)
        locked.save()


def _looked_through(batch: Batch, importer: Importer) -> tuple[list[bytes], list[tuple[int, bytes]], Counts, int]:
    chunks: list[bytes] = []
    faults: list[tuple[int, bytes]] = []
    counts = Counter[str]()
    read = 0
    keys = _Keys(importer)
    rows = _rows(batch, importer)
    while part := list(islice(rows, CHUNK)):
        for row, _cells in part:
            if not row.faults:
                keys.name(row)
        good = [row for row, _cells in part if not row.faults]
        _judge(importer, batch, good, counts)
        faults += [
            (row.number, orjson.dumps([[plain_text(cell)[:200] for cell in cells], row.faults]))
            for row, cells in part
            if row.faults
        ]
        if taken := [row for row in good if not row.faults]:
            chunks.append(compress(orjson.dumps([[row.number, row.key, row.values] for row in taken]), 1))
        read += len(part)
        if read % _TOLD_EVERY == 0:
            Batch.objects.filter(pk=batch.pk).update(rows=read)
    return chunks, faults, Counts(counts["new"], counts["same"], counts["changed"]), read


def _rows(batch: Batch, importer: Importer) -> Iterator[tuple[Row, list[Cell]]]:
    asked = [(column, batch.mapping[column.key]) for column in importer.columns if column.key in batch.mapping]
    missing = [column for column in importer.columns if column.is_required and column.key not in batch.mapping]
    if missing:
        raise Unreadable(
            _("Say which column is: %(columns)s.") % {"columns": ", ".join(str(column.title) for column in missing)}
        )
    example = {column.key: plain_text(column.example) for column, _place in asked if column.example}
    reading = Reading(batch.year)
    for number, cells in lines(queries.content_of(batch)):
        if number <= batch.header_row:
            continue
        row = Row(number, "", {})
        for column, place in asked:
            cell = cells[place] if place < len(cells) else None
            if cell is None or cell == "" or (isinstance(cell, str) and not cell.strip()):
                if column.is_required:
                    row.faults.append(_("%(column)s is missing.") % {"column": column.title})
                continue
            try:
                row.values[column.key] = column.reader.read(cell, reading)
            except Wrong as wrong:
                row.faults.append(f"{column.title}: {wrong}")
        if (
            number == batch.header_row + 1
            and example
            and all(
                plain_text(cells[place] if place < len(cells) else None) == example.get(column.key, "")
                for column, place in asked
            )
        ):
            continue  # the grey row of the template
        if row.values or any(cells[place] is not None for _column, place in asked if place < len(cells)):
            yield row, cells


class _Keys:
    """Names rows, so that the same row of a further sheet is known again."""

    def __init__(self, importer: Importer) -> None:
        self._named_by = importer.key
        self._seen: dict[str, int] = {}
        self._alike = Counter[str]()

    def name(self, row: Row) -> None:
        own = [row.values.get(name) for name in self._named_by]
        if own and all(own):
            row.key = _hash(["key", *own])
            if row.key in self._seen:
                row.faults.append(
                    _("This row stands in the sheet twice: see row %(row)s.") % {"row": self._seen[row.key]}
                )
            self._seen[row.key] = row.number
            return
        said = _hash(["row", *sorted((key, str(value)) for key, value in row.values.items())])
        self._alike[said] += 1
        row.key = _hash([said, self._alike[said]])


def _hash(value: Any) -> str:
    return sha256(orjson.dumps(value, default=str)).hexdigest()


def _judge(importer: Importer, batch: Batch, rows: Sequence[Row], counts: Counter[str]) -> None:
    """Adds the faults that only the house's own rows show, and counts what would become of the others."""
    if importer.plain is not None:
        loaded = [Row(row.number, row.key, _loaded(importer, row.values), row.faults) for row in rows]
        for name, found_rows in _sorted_out(importer.plain, batch, loaded).items():
            counts[name] += len(found_rows)
    elif importer.check is not None:
        known = importer.check(rows, batch)
        for row in rows:
            if not row.faults:
                counts["same" if row.key in known else "new"] += 1


def _loaded(importer: Importer, values: Mapping[str, Any]) -> dict[str, Any]:
    loads = {column.key: column.reader.load for column in importer.columns}
    return {key: load(value) if (load := loads[key]) is not None else value for key, value in values.items()}


def _sorted_out(plain: Plain[Any], batch: Batch, rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The objects of these rows, by whether they are new, the same as what stands there, or change it."""
    objects: dict[str, tuple[Row, Any]] = {}
    for row, one in zip(rows, plain.make(rows, batch), strict=True):
        if one is not None:
            if not getattr(one, plain.key):
                setattr(one, plain.key, row.key)
            objects[getattr(one, plain.key)] = (row, one)
    there = queries.standing(plain, batch.owner, list(objects))
    found_rows: dict[str, list[Any]] = {"new": [], "same": [], "changed": []}
    for key, (row, one) in objects.items():
        old = there.get(key)
        if old is None:
            found_rows["new"].append((row, one))
        elif all(getattr(one, name) == value for name, value in zip(plain.fields, old[2:], strict=True)):
            found_rows["same"].append((row, one))
        else:
            one.pk = old[0]
            found_rows["changed"].append((one, old))
    return found_rows


# --- taking in --------------------------------------------------------------------------------------------------------


def take_chunk(batch: Batch, number: int, at: datetime) -> None:
    """Takes the rows of a chunk and sets the next one running, in one transaction."""
    importer = Importer.kinds[batch.kind]
    rows = queries.rows_of(batch, number, importer)
    if importer.act is not None:
        importer.act(rows, batch, at, lambda counts: _settle(batch, number, counts))
        return
    assert importer.plain is not None
    with effects():
        if not _is_next(batch, number, State.TAKING):
            return
        counts, before = _written(importer.plain, batch, rows, at)
        if before:
            content = compress(orjson.dumps(before, default=_plain_value), 1)
            sealed = seal(content, f"imports.before:{batch.pk}:{number}")
            Chunk.objects.filter(batch=batch, number=number).update(before=sealed)
        _settle(batch, number, counts)


def _plain_value(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _is_next(batch: Batch, number: int, state: State) -> bool:
    locked = Batch.objects.select_for_update().get(pk=batch.pk)
    return locked.state == state and locked.done == number


def _written(
    plain: Plain[Any], batch: Batch, rows: Sequence[Row], at: datetime
) -> tuple[Counts, list[tuple[int, int | None, dict[str, Any]]]]:
    sorted_out = _sorted_out(plain, batch, rows)
    new = [one for _row, one in sorted_out["new"]]
    changed = [one for one, _old in sorted_out["changed"]]
    for one in (*new, *changed):
        one.batch = batch.pk
    queries.objects(plain).bulk_create(new)
    if plain.added is not None and new:
        plain.added(new, [row for row, _one in sorted_out["new"]], batch, at)
    queries.objects(plain).bulk_update(changed, [*plain.fields, "batch"], batch_size=200)
    before = [(old[0], old[1], dict(zip(plain.fields, old[2:], strict=True))) for _one, old in sorted_out["changed"]]
    return Counts(len(new), len(sorted_out["same"]), len(changed)), before


def _settle(batch: Batch, number: int, counts: Counts) -> None:
    locked = Batch.objects.select_for_update().get(pk=batch.pk)
    if locked.done != number:
        return
    locked.new, locked.same, locked.changed = (
        locked.new + counts.new,
        locked.same + counts.same,
        locked.changed + counts.changed,
    )
    _stepped(locked, "take", "conclude")


def _stepped(batch: Batch, task: str, last: str) -> None:
    batch.done += 1
    batch.save()
    if batch.done < batch.chunks:
        _set_running(task, batch.pk, batch.done)
    else:
        _set_running(last, batch.pk)


# --- taking back ------------------------------------------------------------------------------------------------------


def take_chunk_back(batch: Batch, number: int) -> None:
    """What a chunk changed is put back as it was; what others have changed since stays."""
    plain = Importer.kinds[batch.kind].plain
    assert plain is not None
    with effects():
        if not _is_next(batch, number, State.UNDOING):
            return
        chunk = Chunk.objects.filter(batch=batch, number=number).first()  # none, where it changed nothing
        before = {row: (old, values) for row, old, values in queries.before_of(chunk)} if chunk else {}
        gone = set(
            Batch.objects.filter(
                pk__in={old for old, _values in before.values() if old}, state=State.UNDONE
            ).values_list("pk", flat=True)
        )
        rows = list(queries.objects(plain).filter(pk__in=before, batch=batch.pk))
        put_back = [row for row in rows if before[row.pk][0] not in gone]
        for row in put_back:
            old, values = before[row.pk]
            for name, value in values.items():
                field: Any = plain.model._meta.get_field(name)  # noqa: SLF001 - Django's documented way to its fields
                setattr(row, name, field.to_python(value))
            row.batch = old
        queries.objects(plain).bulk_update(put_back, [*plain.fields, "batch"], batch_size=200)
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        locked.restored += len(put_back)
        locked.kept += len(before) - len(rows)
        _stepped(locked, "take_back", "remove")


def take_acts_back(batch: Batch, at: datetime) -> None:
    """What the batch did is undone by acts of its importer, as far as it can be."""
    importer = Importer.kinds[batch.kind]
    assert importer.back is not None
    importer.back(batch, at, lambda number: _settle_back(batch, number))


def _settle_back(batch: Batch, number: int) -> None:
    locked = Batch.objects.select_for_update().get(pk=batch.pk)
    if locked.state == State.UNDOING:
        locked.removed = number
        locked.save(update_fields=["removed"])
        _set_running("conclude_back", locked.pk)


def remove(batch: Batch, step: int) -> None:
    """What the batch added goes, some thousand rows at a time, except what is needed elsewhere."""
    plain = Importer.kinds[batch.kind].plain
    assert plain is not None
    with effects():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.state != State.UNDOING:
            return
        rows = queries.objects(plain).filter(owner=locked.owner_id, batch=locked.pk)
        if plain.needed is not None:
            rows = rows.exclude(plain.needed)
        numbers = list(rows.order_by("pk").values_list("pk", flat=True)[:_REMOVED_AT_ONCE])
        queries.objects(plain).filter(pk__in=numbers).delete()
        locked.removed += len(numbers)
        locked.save(update_fields=["removed"])
        if len(numbers) == _REMOVED_AT_ONCE:
            _set_running("remove_more", locked.pk, step + 1)
        else:
            _set_running("conclude_back", locked.pk)


# --- afterwards -------------------------------------------------------------------------------------------------------


def _forget(batch: Batch) -> None:
    Chunk.objects.filter(batch=batch).delete()


def clear(at: datetime) -> int:
    """The files, rows and faults of batches that ended long ago go; how many batches."""
    ended = Batch.objects.filter(ended_at__lt=at - KEPT)
    number, _rows = Source.objects.filter(batch__in=ended).delete()
    Fault.objects.filter(batch__in=ended).delete()
    Chunk.objects.filter(batch__in=Batch.objects.filter(ended_at__lt=at - UNDONE_WITHIN)).delete()
    return number
