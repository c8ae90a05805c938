import re
import secrets
import unicodedata
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.approvals.models import Approval
from encore.contracts.models import Contract
from encore.customers.models import Contact
from encore.money import Money
from encore.venues.models import Room, Venue


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


IS_OPEN: Final = Q(archived_at__isnull=True, withdrawn_at__isnull=True, merged_at__isnull=True)


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
    # the promoter who passed it on, and is answered
    reporter = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    answer_by = models.CharField(max_length=64, blank=True)  # the channel that the guest wants to be answered by
    authority = models.CharField(max_length=16, choices=Authority, blank=True)
    authority_number = models.CharField(max_length=60, blank=True)
    authority_due_at = models.DateTimeField(null=True)
    paper_number = models.CharField(max_length=20, blank=True)  # of the form that it was first written on
    batch = models.IntegerField(null=True)  # the sheet that it came with

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
            models.UniqueConstraint(
                fields=["owner", "paper_number"], condition=~Q(paper_number=""), name="complaint_one_a_paper"
            ),
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
            models.Index(fields=["contract", "stage", "id"], name="complaint_open_by_stage", condition=IS_OPEN),
            models.Index(fields=["responsible", "id"], name="complaint_open_by_person", condition=IS_OPEN),
            models.Index(fields=["batch"], name="complaint_by_batch", condition=Q(batch__isnull=False)),
            models.Index(
                fields=["reporter", "received_at", "id"],
                name="complaint_by_reporter",
                condition=Q(reporter__isnull=False),
            ),
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
        TO_CONCERNED = "to_concerned", _("told to the person concerned")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="statements", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    event = models.CharField(max_length=64)  # the type of the event beside it
    words = models.TextField()
    channel = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )  # None: the guest
    to = models.ForeignKey(  # the person concerned, where it was told to one of them
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
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
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    given_at = models.DateTimeField(null=True)
    laid_out = models.BooleanField(
        default=False
    )  # somebody paid it themselves, and claims it back by a form of its own

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="remedy_amount")]

    @property
    def money(self) -> Money | None:
        return None if self.amount is None else Money(self.amount, self.currency)

    @property
    def can_be_given(self) -> bool:
        return self.state in (self.State.OFFERED, self.State.APPROVED)


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

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"H-{localtime(self.named_at):%y}-{self.pk:06}"

    @property
    def contract_id(self) -> int:
        return self.complaint.contract_id

    @property
    def awaits_statement(self) -> bool:
        return self.told_at is not None and self.stated_at is None and self.complaint.is_open

    @property
    def awaits_appeal(self) -> bool:
        return self.result_told_at is not None and self.appealed_at is None


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


class PaperForms(models.Model):
    """Forms on paper for a night without power or line: their numbers are kept for them, and each is used once."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "first"], name="paper_forms_one_a_number"),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="paper_forms_in_order"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"Z-{localtime(self.at):%y}-{self.pk:06}"

    @property
    def numbers(self) -> range:
        return range(self.first, self.last + 1)


_PAPER_NUMBER: Final = re.compile(r"(\d{1,7})\s*[-–—]?\s*(\d)")


def numbered(number: int) -> str:
    """How a form on paper is numbered: `00017-4`. The last digit, by Luhn, finds out a wrong or a swapped one."""
    return f"{number:05}-{_check(number)}"


def read_number(text: str) -> int | None:
    """The number that somebody typed off a form; None for one that no form bears."""
    match = _PAPER_NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None or int(match[2]) != _check(int(match[1])):
        return None
    return int(match[1])


def _check(number: int) -> int:
    total = 0
    for place, digit in enumerate(reversed(str(number))):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


# --- the desk ---------------------------------------------------------------------------------------------------------


class Phrase(models.Model):
    """Words that a house uses again and again; its own people alone are offered them."""

    class Use(models.TextChoices):
        REPLY = "reply", _("reply to the guest")
        PROGRESS = "progress", _("progress report to the guest")
        PLAN = "plan", _("plan")
        MEASURES = "measures", _("result: what was done")
        RESULT = "result", _("result: what came of it")
        IMPROVEMENT = "improvement", _("result: what will be better")

    owner = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    use = models.CharField(max_length=12, choices=Use)
    title = models.CharField(max_length=60)
    words = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "use", "title"], name="phrase_one_a_title")]


class SavedList(models.Model):
    """A search of the queue that somebody wants to have at hand, as its address says it."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    address = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="saved_list_one_a_name")]


class Handover(models.Model):
    """That a shift of a house was taken over, with what lay there at that moment."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)  # whose people
    shift = models.CharField(max_length=40, blank=True)  # as it was called
    since = models.DateTimeField()  # when the shift that ends had begun
    giver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)  # who took it over
    at = models.DateTimeField()
    came = models.PositiveIntegerField()
    due = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    left = models.PositiveIntegerField()  # open in all

    class Meta:
        constraints = [models.UniqueConstraint(fields=["venue", "owner", "since"], name="handover_one_a_shift")]


class HandoverNote(models.Model):
    """What the next shift should know of a complaint: a word among colleagues, nobody else's."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="+", db_index=False)
    words = models.CharField(max_length=500)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["complaint", "owner", "at"], name="handover_note_by_complaint")]


class Supervision(models.Model):
    """That somebody went through a colleague's complaints with them, and how these stood."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    left = models.PositiveIntegerField()
    due = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    reopened = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["person", "at", "id"], name="supervision_by_person")]
