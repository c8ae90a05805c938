"""The table of jobs. Put in by `backend.py`, taken and ended by `leases.py` and `running.py`; parked ones by `parked.py`."""

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from encore.accounts.models import User


class State(models.TextChoices):
    READY = "ready", pgettext_lazy("job", "waiting")
    RUNNING = "running", pgettext_lazy("job", "running")
    DONE = "done", pgettext_lazy("job", "done")
    DEAD = "dead", pgettext_lazy("job", "given up")
    UNCLEAR = "unclear", pgettext_lazy("job", "unclear")


class Job(models.Model):
    task = models.CharField(max_length=200)  # where the function is: package.module.name
    arguments = models.JSONField()  # keys and codes only, see arguments.py
    outside = models.BooleanField()  # something leaves the house, which no transaction takes back
    unique_key = models.CharField(max_length=64, default="", blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    attempts = models.SmallIntegerField(default=0)  # counted when one begins: a job that kills its worker ends, too
    most_attempts = models.SmallIntegerField()
    enqueued_at = models.DateTimeField()
    run_at = models.DateTimeField()
    token = models.CharField(max_length=32, default="", blank=True)  # of the attempt whose effects count
    worker = models.CharField(max_length=80, default="", blank=True)
    started_at = models.DateTimeField(null=True)  # the latest attempt
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, default="", blank=True)  # kind and place; its words are in the log
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "unique_key"], name="job_one_a_key", condition=~Q(unique_key="")),
        ]
        indexes = [
            models.Index(fields=["run_at", "id"], name="job_ready", condition=Q(state="ready")),
            models.Index(fields=["lease_until"], name="job_running", condition=Q(state="running")),
            models.Index(fields=["state", "ended_at"], name="job_ended", condition=Q(ended_at__isnull=False)),
        ]


class Hold(models.Model):
    """While there is one, nothing leaves the house. Put by `restored.py`, lifted by `parked.py`."""

    since = models.DateTimeField()
