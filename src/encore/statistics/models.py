from django.db import models


class Counted(models.Model):
    """What was counted of a contract, so that no page has to wait for it."""

    contract = models.BigIntegerField(unique=True)
    since = models.DateTimeField()
    counted_at = models.DateTimeField()
    kept = models.JSONField()  # by noun: the estimate, or that there is too little for one
