"""A batch is a sheet on its way in: its file, how its columns are meant, its rows as they were read, and what became of them.

What people wrote into sheets lies sealed until the batch has come to its end, and goes then.
"""

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User


class State(models.TextChoices):
    MAPPING = "mapping", _("columns are to be looked at")
    READING = "reading", _("being looked through")
    UNREADABLE = "unreadable", _("cannot be read")
    READ = "read", _("waits for your yes")
    TAKING = "taking", _("being taken in")
    TAKEN = "taken", _("taken in")
    UNDOING = "undoing", _("being taken back")
    UNDONE = "undone", _("taken back")
    DISCARDED = "discarded", _("left")


class Batch(models.Model):
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=32)  # of the importer
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    name = models.CharField(max_length=200)  # of the file, as its owner calls it
    file_hash = models.CharField(max_length=64)
    size = models.IntegerField()
    header_row = models.IntegerField()
    headers = models.JSONField()
    mapping = models.JSONField(default=dict)  # the importer's column: the place of the sheet's
    year = models.SmallIntegerField(null=True)  # of days that are written without one
    language = models.CharField(max_length=16)  # in which faults are told
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )  # who wants it in, or out again
    ended_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, blank=True)  # why it cannot be read
    rows = models.IntegerField(default=0)  # looked through so far
    chunks = models.IntegerField(default=0)
    done = models.IntegerField(default=0)  # of these, by the work under way
    new = models.IntegerField(default=0)
    same = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    restored = models.IntegerField(default=0)
    kept = models.IntegerField(default=0)  # when it was taken back: changed since, or needed elsewhere

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-uploaded_at", "-id"], name="batch_by_upload"),
            models.Index(fields=["ended_at"], name="batch_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"I-{localtime(self.uploaded_at):%y}-{self.pk:06}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (State.READING, State.TAKING, State.UNDOING)

    @property
    def awaits_columns(self) -> bool:
        return self.state in (State.MAPPING, State.READ, State.UNREADABLE)

    @property
    def awaits_yes(self) -> bool:
        return self.state == State.READ and self.new + self.changed > 0

    @property
    def can_be_taken_back(self) -> bool:
        return self.state == State.TAKEN and self.new + self.changed > 0

    @property
    def number(self) -> int:
        """Rows that can be taken."""
        return self.new + self.same + self.changed


class Source(models.Model):
    """The file, sealed."""

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, primary_key=True, related_name="source")
    content = models.BinaryField()


class Chunk(models.Model):
    """Some of the rows that can be taken, sealed; and, once they are in, what stood in the rows that they changed."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.IntegerField()
    content = models.BinaryField()
    before = models.BinaryField(default=b"")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="chunk_one_a_number")]


class Fault(models.Model):
    """A row that cannot be taken: its cells and what is wrong with it, sealed."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="faults", db_index=False)
    row = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="fault_one_a_row")]


class ColumnMap(models.Model):
    """How an organisation's sheets of a kind call their columns, as somebody last said."""

    owner = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=32)
    titles = models.JSONField()  # the importer's column: the sheet's title

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind"], name="column_map_one_a_kind")]
