from django.db import models


class Heartbeat(models.Model):
    """When something last gave a sign of life. Written by `heartbeat.py` in plain SQL."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    number = models.BigIntegerField()  # what else is to be known: the size of a backup, the status of a verification
