from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.accounts.models import Organisation, Post, User


class Kind(models.TextChoices):
    """What is asked for: who decides depends on it, and on the amount."""

    COST = "cost", _("cost")
    COMPENSATION = "compensation", _("compensation to a guest")
    CAMPAIGN = "campaign", _("promotion campaign")
    INCENTIVE = "incentive", _("incentive or award")
    OTHER = "other", _("something else")


class State(models.TextChoices):
    OPEN = "open", pgettext_lazy("approval", "being decided")
    GIVEN = "given", pgettext_lazy("approval", "approved")
    REFUSED = "refused", pgettext_lazy("approval", "refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("approval", "withdrawn")


class Tier(models.Model):
    """Up to which amount which posts decide, one after the other. The one without an amount has all that is above."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    below = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    posts = models.CharField(max_length=200)  # separated by blanks, in the order in which they decide

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind", "below"], name="tier_once")]


def binding_key(noun: str, number: int) -> str:
    """The form key of the request that a thing is bound to. No rendered form has such a key."""
    return f"{noun}-{number}"


class Approval(models.Model):
    """Something that somebody asks leave for. The step whose turn it is stands here as well, so that lists find it."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    noun = models.CharField(max_length=32, blank=True)  # what it is for, where that is a thing of its own
    noun_id = models.BigIntegerField(null=True)
    contract_id = models.BigIntegerField(null=True)
    words = models.TextField()
    salt = models.CharField(max_length=32)  # the event holds the hash of this and the words
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, default="CNY")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    beneficiary = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True)
    form_key = models.CharField(max_length=64, unique=True)  # one a rendered form, or one a thing asked for

    waits_post = models.CharField(max_length=32, choices=Post, blank=True)
    waits_person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    waits_since = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["owner", "waits_post", "requested_at", "id"], name="approval_waiting", condition=Q(state="open")
            ),
            models.Index(fields=["requested_by", "requested_at", "id"], name="approval_by_requester"),
            models.Index(fields=["noun", "noun_id"], name="approval_by_subject"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"A-{localtime(self.requested_at):%y}-{self.pk:06}"

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN

    @property
    def is_binding(self) -> bool:
        """Asked for by what it is for: there is one such request, and what becomes of that thing follows from it."""
        return self.noun_id is not None and self.form_key == binding_key(self.noun, self.noun_id)

    @property
    def barred(self) -> frozenset[int]:
        """Nobody decides for themselves: neither who asks, nor whom it is for."""
        return frozenset(filter(None, (self.requested_by_id, self.beneficiary_id)))


GIVEN: Final = "given"
REFUSED: Final = "refused"


class Step(models.Model):
    """One who has to agree: a post, or a person where it was handed on or somebody was added."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="steps", db_index=False)
    place = models.SmallIntegerField()
    post = models.CharField(max_length=32, choices=Post, blank=True)
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    handed_on_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decision = models.CharField(
        max_length=8, blank=True, choices=[(GIVEN, _("agreed")), (REFUSED, pgettext_lazy("approval", "refused"))]
    )
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    acting_for = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)
    salt = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["approval", "place", "id"], name="step_in_order")]


class Absence(models.Model):
    """While somebody is away, from a day to a day, one other decides in their place."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    deputy = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    from_day = models.DateField()
    to_day = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(from_day__lte=models.F("to_day")), name="absence_in_order"),
            models.CheckConstraint(condition=~Q(person=models.F("deputy")), name="absence_another_deputises"),
        ]


class Copy(models.Model):
    """Somebody who is to know of it without deciding."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="copies", db_index=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "person"], name="copy_once")]
