import secrets
from datetime import datetime

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
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, default="CNY")
    term_from = models.DateField(null=True)
    term_to = models.DateField(null=True)  # the last day
    # What guests' pages are reached by: nobody can guess it from anything printed elsewhere.
    code = models.CharField(max_length=32, unique=True, default=_code)
    drawn_up_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(venue=F("agency")), name="contract_two_parties"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="contract_amount"),
            models.CheckConstraint(condition=Q(term_to__gt=F("term_from")), name="contract_term"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"K-{localtime(self.drawn_up_at):%y}-{self.pk:06}"

    def runs_on(self, at: datetime) -> bool:
        """Whether its term, which has to be known, has begun at that moment and not ended."""
        assert self.term_from is not None
        assert self.term_to is not None
        return self.term_from <= localtime(at).date() <= self.term_to

    @property
    def awaits_signature(self) -> bool:
        return self.signed_at is None

    @property
    def awaits_effect(self) -> bool:
        return self.signed_at is not None and self.effective_at is None

    def other_party(self, organisation: Organisation) -> Organisation:
        """The one that this organisation has it with."""
        return self.agency if organisation.pk == self.venue_id else self.venue


class Draft(models.Model):
    """A contract that one party is filling in. What was typed is kept as it was typed, right or wrong."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    edition = models.ForeignKey(EditionFile, on_delete=models.PROTECT, related_name="+")
    typed = models.JSONField(default=dict)  # by the name of its field in the form: a list of texts
    began_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    contract = models.OneToOneField(Contract, on_delete=models.PROTECT, null=True, related_name="+")  # that came of it

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"D-{localtime(self.began_at):%y}-{self.pk:06}"


class Matter(models.Model):
    """Something that happened and what follows from it, where no feature keeps it: an event by hand began it."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")  # whose people told of it first
    title = models.CharField(max_length=80)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["contract", "opened_at", "id"], name="matter_by_opening")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"M-{localtime(self.opened_at):%y}-{self.pk:06}"


class Note(models.Model):
    """What was written beside an event that was recorded by hand, and the form that it came by."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    words = models.TextField(blank=True)
    bound = models.CharField(max_length=64, blank=True)  # the hash of key and words, which the event holds
    form_key = models.CharField(max_length=32, unique=True)  # one a rendered form: taken once
    said = models.CharField(max_length=64)  # the hash of all that the form said

    class Meta:
        indexes = [models.Index(fields=["noun", "noun_id"], name="note_by_subject")]
