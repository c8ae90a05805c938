import secrets

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime

from encore.accounts.models import Organisation
from encore.ledger.models import EditionFile


def _code() -> str:
    return secrets.token_urlsafe(16)


class Contract(models.Model):
    venue = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    edition = models.ForeignKey(EditionFile, on_delete=models.PROTECT, related_name="+")
    parameters = models.JSONField(default=dict)
    # What guests' pages are reached by: nobody can guess it from anything printed elsewhere.
    code = models.CharField(max_length=32, unique=True, default=_code)
    drawn_up_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(venue=F("agency")), name="contract_two_parties")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"K-{localtime(self.drawn_up_at):%y}-{self.pk:06}"

    @property
    def awaits_signature(self) -> bool:
        return self.signed_at is None

    @property
    def awaits_effect(self) -> bool:
        return self.signed_at is not None and self.effective_at is None
