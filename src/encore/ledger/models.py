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
    """The end of a stream: a subject's events are numbered from 0 without gaps. Locked by whoever appends."""

    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    seq = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "noun_id"], name="head_one_a_stream")]


class Event(models.Model):
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    seq = models.IntegerField()
    type = models.CharField(max_length=64)
    schema = models.SmallIntegerField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=48)
    body = models.BinaryField()  # the canonical bytes of all of this and of the data

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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "noun", "noun_id", "duty", "index"], name="clock_one_an_index")
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="clock_due", condition=Q(state="open")),
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "noun", "noun_id"], name="memo_one_a_subject")]
        indexes = [models.Index(fields=["wakes_at"], name="memo_wakes", condition=Q(wakes_at__isnull=False))]


class Memory(models.Model):
    """What the judge remembers of a whole contract: its versions, force majeure, its end."""

    contract = models.BigIntegerField(primary_key=True)
    judged_to = models.DateTimeField()  # of the latest event that may move clocks on any subject
    body = models.JSONField()
