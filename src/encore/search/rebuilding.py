"""Writing the whole index anew, from the rows as they are: after an upgrade, or where nobody is sure of it any more."""

from collections.abc import Iterator
from typing import Final

from django.db import connection, transaction

from encore.search.index import write
from encore.search.models import Entry
from encore.search.register import KINDS, Kind

_BATCH: Final = 500


def rebuild() -> Iterator[tuple[str, int]]:
    """Each noun with the number of its rows, when they are written. Others may write meanwhile: rows are locked by batches."""
    for kind in KINDS.values():
        yield kind.noun, _rebuild(kind)
    known = [(kind.first, kind.end) for kind in KINDS.values()]
    strange = Entry.objects.all()
    for first, end in known:
        strange = strange.exclude(pk__gt=first, pk__lt=end)
    strange.delete()
    if connection.vendor == "sqlite":  # or what was removed would lie about in it until it happens to be merged away
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO search_entry (search_entry) VALUES ('optimize')")


def _rebuild(kind: Kind) -> int:
    number = last = 0
    while True:
        with transaction.atomic():
            rows = list(kind.rows().select_for_update(of=("self",)).filter(pk__gt=last).order_by("pk")[:_BATCH])
            until = rows[-1].pk if len(rows) == _BATCH else (1 << 40) - 1
            Entry.objects.filter(pk__gt=kind.first + last, pk__lte=kind.first + until).delete()
            write(kind, rows)
        number, last = number + len(rows), until
        if len(rows) < _BATCH:
            return number
