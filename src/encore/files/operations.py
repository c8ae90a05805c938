"""What is done about files that hang on something. Their bytes were put into the store before."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.files.models import HOLD_REASONS, PURPOSES, File, Hold, attach
from encore.files.store import Stored
from encore.ledger.nouns import NOUNS
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotAdd(Refusal):
    pass


class CannotHold(Refusal):
    pass


class CannotRelease(Refusal):
    pass


class CannotErase(Refusal):
    pass


@operation
def add(stored: Sequence[Stored], *, row: Model, purpose: str, by: User, at: datetime) -> list[File]:
    """Hangs files on a row that a feature has no act of its own for. Personal papers are seen by their owner only."""
    if purpose not in PURPOSES:
        raise CannotAdd(_("There is no such purpose."))
    added = []
    for one in stored:
        is_own = purpose == "papers"
        file = attach(one, row=row, owner=by.organisation, by=by, purpose=purpose, at=at, is_own=is_own)
        record("file.added", subject=row, refs=[file], actor=by, occurred_at=at, file=file.sha256, purpose=purpose)
        added.append(file)
    return added


@operation
def hold(files: Sequence[File], *, reason: str, by: User, at: datetime) -> None:
    """Says that these must be kept, whatever their time. What the party holds already stays as it is."""
    if reason not in HOLD_REASONS:
        raise CannotHold(_("There is no such reason."))
    free = [file for file in _locked(files) if not file.is_erased and _open(file, by) is None]
    if not free:
        raise CannotHold(_("Nothing is left to hold: you hold it already, or it is erased."))

    for file in free:
        Hold.objects.create(file=file, owner=by.organisation, reason=reason, by=by, at=at)
        record(
            "file.held", subject=_row(file, by), refs=[file], actor=by, occurred_at=at, file=file.sha256, reason=reason
        )


@operation
def release(files: Sequence[File], *, by: User, at: datetime) -> None:
    """Lifts what the own party holds; what the other one holds stays held."""
    held = [(file, hold) for file in _locked(files) if (hold := _open(file, by)) is not None]
    if not held:
        raise CannotRelease(_("Your house does not hold this."))

    for file, hold in held:
        hold.released_at = at
        hold.save(update_fields=["released_at"])
        record("file.released", subject=_row(file, by), refs=[file], actor=by, occurred_at=at, file=file.sha256)


@operation
def erase(file: File, *, by: User, at: datetime) -> File:
    """Gives the bytes up once their time is over; the row stays, and says what was. The store lets go of them after this."""
    [file] = _locked([file])
    if file.is_erased:
        raise CannotErase(_("This file is erased already."))
    if file.keep_until is None or file.keep_until > at:
        raise CannotErase(_("This file is still to be kept."))
    if Hold.objects.filter(file=file, released_at=None).exists():
        raise CannotErase(_("This file is held."))

    File.objects.filter(Q(pk=file.pk) | Q(original=file)).update(erased_at=at)
    file.erased_at = at
    record(
        "file.erased",
        subject=_row(file, by),
        refs=[file],
        actor=by,
        occurred_at=at,
        file=file.sha256,
        reason="retention",
    )
    return file


def _locked(files: Sequence[File]) -> list[File]:
    return list(
        File.objects.select_for_update().filter(pk__in=[file.pk for file in files], original=None).order_by("pk")
    )


def _open(file: File, by: User) -> Hold | None:
    return Hold.objects.filter(file=file, owner=by.organisation_id, released_at=None).first()


def _row(file: File, by: User) -> Model:
    row: Model = NOUNS[file.noun].visible_to(by).get(pk=file.noun_id)
    return row
