"""What somebody is in their post: a promoter, assigned to a venue by dates; a handler of complaints; qualified by papers."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User


class Promoter(models.Model):
    """A person whom the agency has admitted to promote beverages. When they were born is looked at and not kept."""

    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="promoter")
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    from_date = models.DateField()


class Assignment(models.Model):
    """That a promoter works at a venue, from the first day to the last. Both parties see it; nobody is at two at once."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")  # the agency
    venue = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    brand = models.CharField(max_length=60, blank=True)  # by name: ranges are the venue's
    from_date = models.DateField()
    to_date = models.DateField(null=True)  # the last day; none as long as nobody has said it
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_date__gte=F("from_date")), name="assignment_ends_later"),
            models.UniqueConstraint(fields=["person"], condition=Q(to_date=None), name="assignment_one_open_a_person"),
        ]
        indexes = [
            models.Index(fields=["person", "from_date"], name="assignment_by_person"),
            models.Index(fields=["venue", "-from_date", "-id"], name="assignment_by_venue"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"A-{localtime(self.assigned_at):%y}-{self.pk:06}"

    def runs_on(self, day: date) -> bool:
        return self.from_date <= day and (self.to_date is None or day <= self.to_date)


class Handler(models.Model):
    """That somebody may be made responsible for complaints."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="handlings", db_index=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    from_date = models.DateField()
    to_date = models.DateField(null=True)  # the last day

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_date__gte=F("from_date")), name="handler_ends_later"),
            models.UniqueConstraint(fields=["person"], condition=Q(to_date=None), name="handler_one_open_a_person"),
        ]
        indexes = [models.Index(fields=["owner", "from_date"], name="handler_by_owner")]


class Qualification(models.Model):
    """What somebody is qualified by. The paper itself is their organisation's own, and is named by its hash."""

    class Kind(models.TextChoices):
        OF_AGE = "of_age", _("of age, by an identity paper that was looked at")
        HEALTH = "health_certificate", _("health certificate")
        TRAINING = "training", _("training passed")
        LICENCE = "licence", _("other certificate")

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="qualifications", db_index=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind)
    from_date = models.DateField()
    to_date = models.DateField(null=True)  # the last day it is good; none, where it stays good
    file_hash = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_date__gte=F("from_date")), name="qualification_ends_later")
        ]
        indexes = [models.Index(fields=["person", "kind", "from_date"], name="qualification_by_person")]
