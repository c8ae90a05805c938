from django.db import models
from django.db.models import Q

from encore.accounts.models import User
from encore.ledger.models import Event


class Reminder(models.Model):
    """What the product tells somebody who has to see to a thing."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", db_index=False)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "event"], name="reminder_once")]
        indexes = [models.Index(fields=["person"], name="reminder_unread", condition=Q(read_at__isnull=True))]
