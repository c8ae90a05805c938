"""The jobs by which a sheet goes in and out. Each does a part, and sets the next one running as it commits."""

from datetime import timedelta
from typing import Final

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from encore.imports import drafts, operations
from encore.imports.models import Batch, State
from encore.jobs import effects
from encore.jobs.recurring import recurring

_LONG: Final = timedelta(minutes=30)


def _found(number: int, state: State) -> Batch | None:
    return Batch.objects.select_related("owner", "asked_by__organisation").filter(pk=number, state=state).first()


@task(label=_("A sheet is looked through"), longest=_LONG)
def look_through(batch: int, asked: str) -> None:
    """`asked`: which of several times that somebody said how the columns are meant."""
    if sheet := _found(batch, State.READING):
        drafts.look_through(sheet)


@task(label=_("Rows of a sheet are taken in"), unique=True, longest=_LONG)
def take(batch: int, chunk: int) -> None:
    if sheet := _found(batch, State.TAKING):
        drafts.take_chunk(sheet, chunk, now())


@task(label=_("A sheet has been taken in"), unique=True)
def conclude(batch: int) -> None:
    if (sheet := _found(batch, State.TAKING)) and sheet.asked_by:
        operations.take(sheet, by=sheet.asked_by, at=now())


@task(label=_("Rows of a sheet are put back as they were"), unique=True, longest=_LONG)
def take_back(batch: int, chunk: int) -> None:
    if sheet := _found(batch, State.UNDOING):
        drafts.take_chunk_back(sheet, chunk)


@task(label=_("What a sheet did is undone"), unique=True, longest=_LONG)
def take_back_acts(batch: int) -> None:
    if sheet := _found(batch, State.UNDOING):
        drafts.take_acts_back(sheet, now())


@task(label=_("Rows of a sheet are removed"), unique=True, longest=_LONG)
def remove(batch: int) -> None:
    if sheet := _found(batch, State.UNDOING):
        drafts.remove(sheet, 0)


@task(label=_("More rows of a sheet are removed"), unique=True, longest=_LONG)
def remove_more(batch: int, step: int) -> None:
    if sheet := _found(batch, State.UNDOING):
        drafts.remove(sheet, step)


@task(label=_("A sheet has been taken back"), unique=True)
def conclude_back(batch: int) -> None:
    if (sheet := _found(batch, State.UNDOING)) and sheet.asked_by:
        operations.take_back(sheet, by=sheet.asked_by, at=now())


@recurring(every=timedelta(hours=6))
@task(label=_("Old sheets are cleared away"), unique=True)
def clear(time: int) -> None:
    with effects():
        drafts.clear(now())
