"""A sheet is one act, however many rows it has: taken in, and perhaps taken back."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.imports.models import Batch, Chunk, State
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotTake(Refusal):
    pass


class CannotTakeBack(Refusal):
    pass


@operation
def take(batch: Batch, *, by: User, at: datetime) -> Batch:
    """The end of taking it in: its last rows are there."""
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if batch.state != State.TAKING or batch.done < batch.chunks:
        raise CannotTake(_("This sheet is not all in yet, or has been taken in already."))

    batch.state, batch.ended_at = State.TAKEN, at
    batch.save(update_fields=["state", "ended_at"])
    Chunk.objects.filter(batch=batch, before=b"").delete()
    Chunk.objects.filter(batch=batch).update(content=b"")

    record(
        "import.taken", subject=batch, actor=by, occurred_at=at, kind=batch.kind, file=batch.file_hash,
        new=batch.new, same=batch.same, changed=batch.changed, refused=batch.refused,
    )  # fmt: skip
    return batch


@operation
def take_back(batch: Batch, *, by: User, at: datetime) -> Batch:
    """The end of taking it back."""
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if batch.state != State.UNDOING:
        raise CannotTakeBack(_("This sheet is not being taken back."))

    batch.state, batch.ended_at = State.UNDONE, at
    batch.kept += batch.new - batch.removed
    batch.save(update_fields=["state", "ended_at", "kept"])

    record(
        "import.undone", subject=batch, actor=by, occurred_at=at, kind=batch.kind, file=batch.file_hash,
        removed=batch.removed, restored=batch.restored, kept=batch.kept,
    )  # fmt: skip
    return batch
