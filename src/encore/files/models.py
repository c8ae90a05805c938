from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Model, Q
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.files import pictures
from encore.files.sniffing import TYPES, Sort, Type
from encore.files.store import Stored
from encore.jobs.backend import found
from encore.ledger.nouns import NOUNS, Key, key_of


@dataclass(frozen=True)
class Purpose:
    """`kept_for`: for how long at least, from the day on which it came; none: for as long as there is a reason."""

    label: str | Promise
    kept_for: timedelta | None


_YEAR: Final = timedelta(days=366)
PURPOSES: Final = {
    "evidence": Purpose(_("evidence"), 3 * _YEAR),  # Civil Code, art. 188: claims lapse after three years
    "document": Purpose(_("document"), 10 * _YEAR),
    "receipt": Purpose(_("receipt"), 30 * _YEAR),  # vouchers: rules on accounting archives, 2015
    "papers": Purpose(_("personal papers"), None),
}

HOLD_REASONS: Final = {
    "dispute": _("a dispute is under way or to be expected"),
    "authority": _("an authority has asked for it"),
    "insurer": _("an insurer examines a case"),
    "accident": _("somebody came to harm"),
}


class File(models.Model):
    """A file that hangs on a row of some noun. Its bytes lie in the store; once they are erased, this row says what was."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    is_own = models.BooleanField(default=False)  # seen by the owner only, whoever else sees the row that it hangs on
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    name = models.CharField(max_length=200)  # as its sender called it: text to be shown, never a path
    type = models.CharField(max_length=100)  # by what it holds
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    purpose = models.CharField(max_length=32)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")  # none: a guest
    added_at = models.DateTimeField()
    keep_until = models.DateTimeField(null=True)  # then its bytes are erased; none: they are not
    erased_at = models.DateTimeField(null=True)
    original = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="renditions")
    rendition = models.CharField(max_length=16, blank=True)  # of a picture made anew: `view`, `thumbnail`

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=0), name="file_size"),
            models.CheckConstraint(
                condition=Q(original=None, rendition="") | (Q(original__isnull=False) & ~Q(rendition="")),
                name="file_rendition",
            ),
            models.UniqueConstraint(fields=["original", "rendition"], name="file_one_a_rendition"),
        ]
        indexes = [
            models.Index(fields=["noun", "noun_id", "id"], name="file_by_row"),
            models.Index(fields=["sha256"], name="file_by_hash"),
            models.Index(fields=["added_at", "id"], name="file_by_time", condition=Q(original=None)),
            models.Index(fields=["keep_until"], name="file_to_erase", condition=Q(erased_at=None, original=None)),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"F-{localtime(self.added_at):%y}-{self.pk:06}"

    @property
    def kind(self) -> Type:
        return TYPES[self.type]

    @property
    def sort(self) -> Sort:
        return self.kind.sort

    @property
    def row(self) -> Key:
        """What it hangs on."""
        return Key(self.noun, self.noun_id)

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    @property
    def is_held(self) -> bool:
        return any(hold.is_open for hold in self.holds.all())

    @property
    def is_being_remade(self) -> bool:
        """Whether a job has yet to make a picture of it that can be looked at."""
        return self.type in pictures.SHOWN and not self.is_erased and not self.renditions.all()


class Hold(models.Model):
    """That a file must be kept, whatever its time. Each party lifts what it has laid."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="holds")
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=32)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "owner"], condition=Q(released_at=None), name="hold_one_a_party")
        ]

    @property
    def is_open(self) -> bool:
        return self.released_at is None


class Upload(models.Model):
    """A file that came in and hangs on nothing yet, or is still coming in. `holder` is who may go on with it, as a code."""

    token = models.CharField(max_length=32, unique=True)
    holder = models.CharField(max_length=72)
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()  # as announced
    declared = models.CharField(max_length=64, blank=True)  # its hash, where the sender has said it
    sha256 = models.CharField(max_length=64, blank=True)  # once it is here
    type = models.CharField(max_length=100, blank=True)
    renditions = models.JSONField(default=list)
    begun_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["holder", "begun_at"], name="upload_by_holder"),
            models.Index(fields=["begun_at"], name="upload_by_time"),
            models.Index(fields=["sha256"], name="upload_by_hash", condition=~Q(sha256="")),
        ]


def attach(
    stored: Stored,
    *,
    row: Model,
    owner: Organisation,
    by: User | None,
    purpose: str,
    at: datetime,
    is_own: bool = False,
    keep_until: datetime | None = None,
) -> File:
    """Hangs what was put on a row, in the transaction of the operation under way. `by` None is a guest.

    Without `keep_until` it is kept for as long as its purpose says. `KeyError` for a purpose that there is not.
    """
    kept_for = PURPOSES[purpose].kept_for
    noun, number = key_of(row)
    assert noun in NOUNS
    common = {
        "owner": owner, "is_own": is_own, "noun": noun, "noun_id": number, "purpose": purpose, "uploaded_by": by,
        "added_at": at, "keep_until": keep_until or (at + kept_for if kept_for else None),
    }  # fmt: skip
    file = File.objects.create(name=stored.name, type=stored.type, size=stored.size, sha256=stored.sha256, **common)
    if stored.renditions:
        File.objects.bulk_create(_renditions(file, stored))
    elif stored.type in pictures.SHOWN:
        found("encore.files.tasks.remake").enqueue(file.pk)
    return file


def _renditions(file: File, stored: Stored) -> Iterator[File]:
    for one in stored.renditions:
        yield rendition_of(file, one.name, one.sha256, one.size, one.type)


def rendition_of(file: File, name: str, sha256: str, size: int, type: str) -> File:
    return File(
        owner_id=file.owner_id, is_own=file.is_own, noun=file.noun, noun_id=file.noun_id, purpose=file.purpose,
        uploaded_by_id=file.uploaded_by_id, added_at=file.added_at, keep_until=file.keep_until, name=file.name,
        type=type, size=size, sha256=sha256, original=file, rendition=name,
    )  # fmt: skip
