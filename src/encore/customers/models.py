import secrets

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.accounts.sealed import SealedField


def _token() -> str:
    return secrets.token_urlsafe(16)


class Purpose(models.TextChoices):
    """What a guest may consent to, each for itself."""

    COMPLAINT = "complaint", _("answering your complaint")
    SURVEY = "survey", _("asking how satisfied you are")
    CARE = "care", _("caring for you as a regular guest")
    OFFERS = "offers", _("sending you offers")


class Contact(models.Model):
    """A guest whom the venue can reach. What says who it is lies encrypted; after its erasure only the row stays."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = SealedField(default="", blank=True)
    phone = SealedField(default="", blank=True)  # as `read_phone` gives it
    wechat = SealedField(default="", blank=True)
    email = SealedField(default="", blank=True)
    phone_digest = models.CharField(max_length=64, default="", blank=True)
    tail_digest = models.CharField(max_length=64, default="", blank=True)  # of the last four digits
    token = models.CharField(max_length=32, unique=True, default=_token)  # of the guest's own page
    registered_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()  # what the time that data are kept counts from
    erased_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    batch = models.IntegerField(null=True)  # the import that it came with

    class Meta:
        indexes = [
            models.Index(fields=["owner", "phone_digest"], name="contact_by_phone", condition=~Q(phone_digest="")),
            models.Index(fields=["owner", "-last_seen_at", "-id"], name="contact_by_last_seen"),
            models.Index(fields=["owner", "tail_digest"], name="contact_by_tail"),
            models.Index(fields=["last_seen_at"], name="contact_kept", condition=Q(erased_at__isnull=True)),
            models.Index(fields=["batch"], name="contact_by_batch", condition=Q(batch__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"U-{localtime(self.registered_at):%y}-{self.pk:06}"

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None


class ConsentText(models.Model):
    """The words that were consented to, by their hash. They are kept as long as a consent names them."""

    hash = models.CharField(max_length=64, unique=True)
    words = models.TextField()


class Consent(models.Model):
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", db_index=False)
    purpose = models.CharField(max_length=16, choices=Purpose)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=64)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "purpose"], condition=Q(withdrawn_at=None), name="consent_one_a_purpose"
            ),
        ]
        indexes = [models.Index(fields=["contact", "given_at"], name="consent_by_contact")]


class PrivacyRequest(models.Model):
    """What a guest asks of the venue about their own data, and how it was answered."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("to see and receive the data")
        CORRECT = "correct", _("to correct the data")
        ERASE = "erase", _("to erase the data")
        EXPLAIN = "explain", _("to have the use of the data explained")

    class Outcome(models.TextChoices):
        DONE = "done", _("done as asked")
        NOT_THE_PERSON = "not_the_person", _("refused: not shown to be the person")
        LAW = "law", _("refused: a law demands that the data be kept")
        OPEN_COMPLAINT = "open_complaint", _("refused: a complaint of the guest is still open")

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=16, choices=Kind)
    channel = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(max_length=24, choices=Outcome, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind"], condition=Q(answered_at=None), name="request_one_open_a_kind"
            ),
        ]
        indexes = [models.Index(fields=["answered_at", "asked_at"], name="request_open_first")]

    @property
    def is_open(self) -> bool:
        return self.answered_at is None
