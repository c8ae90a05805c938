import secrets

from django.db import models
from django.utils.functional import cached_property
from django.utils.timezone import localtime

from encore.accounts.models import Organisation
from encore.contracts.models import Contract


def _token() -> str:
    return secrets.token_urlsafe(16)


class Complaint(models.Model):
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    text = models.TextField()
    room = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=64)  # channel, severity and category: keys of the edition's vocabularies
    severity = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=64, blank=True)

    received_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    assessed_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    result_sent_at = models.DateTimeField(null=True)
    followed_up_at = models.DateTimeField(null=True)  # the latest time
    archived_at = models.DateTimeField(null=True)

    plan = models.TextField(blank=True)
    result = models.TextField(blank=True)

    token = models.CharField(max_length=32, unique=True, default=_token)  # of the guest's page
    form_key = models.CharField(max_length=80, unique=True)  # one a rendered form, or a row of a file: taken once

    class Meta:
        indexes = [models.Index(fields=["owner", "received_at", "id"], name="complaint_by_receipt")]

    def __str__(self) -> str:
        return self.reference

    @cached_property
    def reference(self) -> str:
        return f"C-{localtime(self.received_at):%y}-{self.pk:06}"

    @property
    def awaits_verification(self) -> bool:
        return self.verified_at is None

    @property
    def awaits_assessment(self) -> bool:
        return self.verified_at is not None and self.assessed_at is None

    @property
    def awaits_plan(self) -> bool:
        return self.assessed_at is not None and self.planned_at is None

    @property
    def awaits_start(self) -> bool:
        return self.planned_at is not None and self.started_at is None

    @property
    def awaits_resolution(self) -> bool:
        return self.started_at is not None and self.resolved_at is None

    @property
    def awaits_result(self) -> bool:
        return self.resolved_at is not None and self.result_sent_at is None

    @property
    def awaits_archiving(self) -> bool:
        return self.result_sent_at is not None and self.archived_at is None
