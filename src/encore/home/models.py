from django.db import models

from encore.accounts.models import Organisation


class PassedStep(models.Model):
    """A step of the first hour that an organisation has left out, or says that it has done."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "step"], name="step_passed_once")]
