import secrets
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from encore.customers.models import Contact
from encore.venues.models import Room


def _token() -> str:
    return secrets.token_urlsafe(16)


class Answer(models.TextChoices):
    """The three ends of asking a guest about the result. Silence is one of its own, and never a yes."""

    CONFIRMED = "confirmed", _("confirmed by the guest")
    REJECTED = "rejected", _("rejected by the guest")
    UNANSWERED = "unanswered", _("no answer")


class Authority(models.TextChoices):
    """Who passed a complaint on, with a deadline of its own."""

    CONSUMERS = "12315", _("12315 consumer hotline")
    CITIZENS = "12345", _("12345 citizens' hotline")
    PLATFORM = "platform", _("a review platform")


class Complaint(models.Model):
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    text = models.TextField()
    wish = models.TextField(blank=True)  # what the guest asks for, in their words; what is offered stands in `Remedy`
    room = models.CharField(max_length=60, blank=True)  # as it was told
    place = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="+")  # the venue's own
    # channel, severity, category, cause and stage: keys of the edition's vocabularies
    channel = models.CharField(max_length=64)
    severity = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=64, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    score = models.PositiveSmallIntegerField(null=True)  # 0 to 100, by `scoring`
    scoring = models.CharField(max_length=16, blank=True)  # the version of the table that gave the score
    stage = models.CharField(max_length=64, blank=True)
    stage_since = models.DateTimeField(null=True)
    responsible = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    answer_by = models.CharField(max_length=64, blank=True)  # the channel that the guest wants to be answered by
    authority = models.CharField(max_length=16, choices=Authority, blank=True)
    authority_number = models.CharField(max_length=60, blank=True)
    authority_due_at = models.DateTimeField(null=True)
    paper_number = models.CharField(max_length=20, blank=True)  # of the form that it was first written on

    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    taken_up_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    assessed_at = models.DateTimeField(null=True)
    emergency_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)
    plan_approved_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)
    mediated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    result_sent_at = models.DateTimeField(null=True)
    confirmation_asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=12, choices=Answer, blank=True)
    promoter_answered_at = models.DateTimeField(null=True)
    promoter_told_at = models.DateTimeField(null=True)
    progress_sent_at = models.DateTimeField(null=True)  # this and the next: the latest time
    followed_up_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    merged_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")
    reopened_at = models.DateTimeField(null=True)

    plan = models.TextField(blank=True)
    measures = models.TextField(blank=True)  # these three are what the guest is told in the end
    result = models.TextField(blank=True)
    improvement = models.TextField(blank=True)
    was_told = models.BooleanField(default=False)  # the result, by word of mouth only: it may still be owed in writing
    rating = models.PositiveSmallIntegerField(null=True)  # of the handling, 1 to 5
    rating_words = models.TextField(blank=True)
    rated_at = models.DateTimeField(null=True)

    token = models.CharField(max_length=32, unique=True, default=_token)  # of the guest's page
    form_key = models.CharField(max_length=80, unique=True)  # one a rendered form, or a row of a file: taken once

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="complaint_rating"),
            models.CheckConstraint(
                condition=Q(merged_at__isnull=True, merged_into__isnull=True)
                | Q(merged_at__isnull=False, merged_into__isnull=False),
                name="complaint_merged",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "received_at", "id"], name="complaint_by_receipt"),
            models.Index(fields=["contract", "stage", "stage_since", "id"], name="complaint_by_stage"),
            models.Index(fields=["contract", "category", "severity", "received_at", "id"], name="complaint_by_class"),
            models.Index(fields=["responsible", "received_at", "id"], name="complaint_by_responsible"),
            models.Index(fields=["place", "received_at", "id"], name="complaint_by_place"),
        ]

    def __str__(self) -> str:
        return self.reference

    @cached_property
    def reference(self) -> str:
        return f"C-{localtime(self.received_at):%y}-{self.pk:06}"

    @property
    def is_open(self) -> bool:
        return self.archived_at is None and self.withdrawn_at is None and self.merged_at is None

    @property
    def is_void(self) -> bool:
        """Its guest took it back, or it went on in another."""
        return self.withdrawn_at is not None or self.merged_at is not None

    @property
    def awaits_record(self) -> bool:
        return self.is_open and self.recorded_at is None

    @property
    def awaits_acknowledgement(self) -> bool:
        return self.is_open and self.acknowledged_at is None

    @property
    def awaits_taking_up(self) -> bool:
        return self.is_open and self.taken_up_at is None

    @property
    def awaits_verification(self) -> bool:
        return self.is_open and self.verified_at is None

    @property
    def awaits_assessment(self) -> bool:
        return self.is_open and self.assessed_at is None

    @property
    def awaits_plan(self) -> bool:
        """Also one that has been assessed anew since it was planned."""
        if not self.is_open or self.resolved_at is not None:
            return False
        return self.planned_at is None or (self.assessed_at is not None and self.assessed_at > self.planned_at)

    @property
    def awaits_approval(self) -> bool:
        return (
            self.is_open and self.planned_at is not None and self.plan_approved_at is None and self.resolved_at is None
        )

    @property
    def awaits_start(self) -> bool:
        return self.is_open and self.planned_at is not None and self.started_at is None and self.resolved_at is None

    @property
    def awaits_resolution(self) -> bool:
        return self.is_open and self.resolved_at is None

    @property
    def awaits_result(self) -> bool:
        return self.is_open and self.resolved_at is not None and (self.result_sent_at is None or self.was_told)

    @property
    def awaits_confirmation(self) -> bool:
        return self.is_open and self.result_sent_at is not None and not self.answer

    @property
    def awaits_archiving(self) -> bool:
        return self.is_open and self.result_sent_at is not None

    @property
    def can_be_reopened(self) -> bool:
        return self.archived_at is not None or (self.is_open and self.result_sent_at is not None)


class Statement(models.Model):
    """What was said or written in the course of a complaint. The event beside it tells when; the words stay here."""

    class Kind(models.TextChoices):
        VERIFIED = "verified", _("what the verification found")
        CONTACT = "contact", _("talk with the guest")
        REPLY = "reply", _("reply to the guest")
        PROGRESS = "progress", _("progress report to the guest")
        TO_PROMOTER = "to_promoter", _("answer to the promoter")
        GUEST_SIDE = "guest_side", _("what the guest said in the mediation")
        HOUSE_SIDE = "house_side", _("what the other side said in the mediation")
        OUTCOME = "outcome", _("outcome of the mediation")
        PROMOTER = "promoter", _("statement of the promoter concerned")
        APPEAL = "appeal", _("appeal of the promoter concerned")
        REJECTION = "rejection", _("why the guest rejects the result")
        FOLLOW_UP = "follow_up", _("what the follow-up found")
        REASON = "reason", _("reason")
        ADDED = "added", _("added by the guest")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="statements", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    event = models.CharField(max_length=64)  # the type of the event beside it
    words = models.TextField()
    channel = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )  # None: the guest
    at = models.DateTimeField()

    # What the guest reads on their page; all else is the house's.
    TO_GUEST: Final = frozenset({Kind.REPLY, Kind.PROGRESS, Kind.REJECTION, Kind.ADDED})

    class Meta:
        indexes = [models.Index(fields=["complaint", "at", "id"], name="statement_by_time")]


class Remedy(models.Model):
    """What the guest is offered, and what became of it. `kind`: a key of the edition's vocabulary `remedy_kind`."""

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ASKED = "asked", _("waits for approval")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("not approved")
        GIVEN = "given", _("given")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="remedies")
    kind = models.CharField(max_length=64)
    words = models.TextField(blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, default="CNY")
    state = models.CharField(max_length=10, choices=State)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="remedy_amount")]


class Concern(models.Model):
    """A person whom the complaint is about: told in time, heard, told the result; never who complained."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="concerns", db_index=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    stated_at = models.DateTimeField(null=True)
    result_told_at = models.DateTimeField(null=True)
    appealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "person"], name="concern_once")]


class Regrading(models.Model):
    """A lower level that somebody asks for: it takes a second person."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="regradings", db_index=False)
    severity = models.CharField(max_length=64)
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    is_agreed = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(decided_at__isnull=True), name="regrading_one_at_a_time"
            )
        ]
