"""What happened, and what it sets running. Written by `writing.py` and `judging.py` in plain SQL, and by nobody else."""

from django.db import models
from django.db.models import Q

from encore.engine import State


class EditionFile(models.Model):
    """An edition as it was read, byte for byte: clocks are judged by these bytes, whatever becomes of the file."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=200)
    content = models.BinaryField()


class TermsInForce(models.Model):
    """Which edition governs a contract, with which parameters, from when until when."""

    contract = models.BigIntegerField()
    edition = models.ForeignKey(EditionFile, on_delete=models.PROTECT)
    parameters = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["contract", "since"], name="terms_by_contract")]


class Head(models.Model):
    """The end of a stream: a subject's events are numbered from 0 without gaps. Locked by whoever appends, and moved by a
    trigger with each event.
    """

    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    seq = models.IntegerField()
    chain = models.BinaryField(max_length=32)  # of the event with that number

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "noun_id"], name="head_one_a_stream")]


class Event(models.Model):
    """One entry. Triggers of the database refuse to change or delete it."""

    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    seq = models.IntegerField()
    type = models.CharField(max_length=64)
    schema = models.SmallIntegerField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=48)
    body = models.BinaryField()  # the canonical bytes of all of this and of the data
    leaf = models.BinaryField(max_length=32)  # the hash of the body
    chain = models.BinaryField(max_length=32)  # the hash of that and of the chain before it in the stream

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "noun_id", "seq"], name="event_one_a_place")]
        indexes = [models.Index(fields=["type", "occurred_at"], name="event_by_type")]


class Concern(models.Model):
    """An event concerns its subject and what it refers to, within each contract that it is done for."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, db_index=False)
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    contract = models.BigIntegerField(null=True)
    is_subject = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["noun", "noun_id", "contract", "event"], name="concern_by_noun")]


class Clock(models.Model):
    """One running instance of a duty, as the judge last found it. Can be made again from the events."""

    contract = models.BigIntegerField()
    duty = models.CharField(max_length=64)
    clause = models.CharField(max_length=32)
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    index = models.IntegerField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    first_due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=[(name.name.lower(), name.name.lower()) for name in State])
    is_ended = models.BooleanField()
    breached_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    provisional = models.BooleanField()
    started_by = models.BigIntegerField()
    closed_by = models.BigIntegerField(null=True)
    memo = models.JSONField()  # what the judge needs to go on with it, besides the columns
    warned = models.SmallIntegerField(db_default=0)  # of the duty's shares, in their order: how many have been told
    warns_at = models.DateTimeField(null=True)  # when the next of them is used up

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "noun", "noun_id", "duty", "index"], name="clock_one_an_index")
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="clock_due", condition=Q(state="open")),
            models.Index(
                fields=["warns_at", "id"], name="clock_warns", condition=Q(state="open", warns_at__isnull=False)
            ),
            models.Index(fields=["contract", "due_at", "id"], name="clock_running", condition=Q(is_ended=False)),
            models.Index(fields=["contract", "duty", "state", "due_at", "id"], name="clock_by_duty"),
        ]


class Memo(models.Model):
    """What the judge remembers of a subject besides its unfinished clocks."""

    contract = models.BigIntegerField()
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    judged_to = models.DateTimeField()  # of the latest event judged: what comes with an earlier time is a late record
    wakes_at = models.DateTimeField(null=True)  # the next period of a recurring duty begins
    duties = models.JSONField()  # that have ever had a clock here
    body = models.JSONField()
    is_referred = models.BooleanField(db_default=False)  # events of other subjects refer to this one
    judged_by = models.CharField(max_length=40, db_default="")  # when it was begun, or last judged again on purpose

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "noun", "noun_id"], name="memo_one_a_subject")]
        indexes = [models.Index(fields=["wakes_at"], name="memo_wakes", condition=Q(wakes_at__isnull=False))]


class Memory(models.Model):
    """What the judge remembers of a whole contract: its versions, force majeure, its end."""

    contract = models.BigIntegerField(primary_key=True)
    judged_to = models.DateTimeField()  # of the latest event that may move clocks on any subject
    body = models.JSONField()


class Leaf(models.Model):
    """An event's place in the tree that checkpoints are signed over, and its hash when it took that place."""

    number = models.BigIntegerField(primary_key=True)  # from 0 without gaps
    event = models.BigIntegerField(unique=True)  # no foreign key: the place stays, whatever becomes of the event
    hash = models.BinaryField(max_length=32)


class Checkpoint(models.Model):
    """The tree as it stood at a moment, signed. Everything but the peaks is also in the note."""

    number = models.BigIntegerField(primary_key=True)  # from 0 without gaps
    size = models.BigIntegerField()  # how many leaves the tree had
    peaks = models.BinaryField()  # the roots of its complete subtrees, which the next checkpoint goes on from
    note = models.TextField()


class Sealing(models.Model):
    """How far the events are known to be in the tree, so that nobody looks at old ones for what came late."""

    settled_to = models.BigIntegerField()  # every event up to this one has its leaf
    seen_to = models.BigIntegerField()  # the same, once all transactions up to the next number have ended
    seen_transaction = models.BigIntegerField()
