import secrets
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.accounts.models import Organisation, User


def _token() -> str:
    return secrets.token_hex(16)


TRANSPORTS: Final = (("mail", pgettext_lazy("way", "e-mail")), ("sms", _("text message")), ("wechat", _("WeChat")))


class Inbox(models.Model):
    """One thing that the product has told one person. `kind` is the type of an event; `noun` and `noun_id` say what it is about."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    noun = models.CharField(max_length=32)
    noun_id = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    event = models.BigIntegerField(null=True)  # of the ledger; a person is told of it once
    contract = models.BigIntegerField(null=True)  # whose edition has words for the duty
    duty = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=64, blank=True)  # a code, such as the state that a clock was corrected to
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "event"], name="inbox_once_an_event", condition=Q(event__isnull=False)
            )
        ]
        indexes = [
            models.Index(fields=["person", "-at", "-id"], name="inbox_by_person"),
            models.Index(fields=["person"], name="inbox_unread", condition=Q(read_at__isnull=True)),
        ]


class Repeat(models.Model):
    """By which way outside somebody wants to be told again what stands in their inbox."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    transport = models.CharField(max_length=8, choices=TRANSPORTS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "transport"], name="repeat_once")]


class State(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("message", "waiting")
    SENDING = "sending", pgettext_lazy("message", "going out")
    SENT = "sent", pgettext_lazy("message", "sent")
    DELIVERED = "delivered", pgettext_lazy("message", "delivered")
    READ = "read", pgettext_lazy("message", "read")
    FAILED = "failed", pgettext_lazy("message", "not delivered")
    UNCLEAR = "unclear", pgettext_lazy("message", "unclear")
    REFUSED = "refused", pgettext_lazy("message", "not sent")
    RECEIVED = "received", pgettext_lazy("message", "came in")


_LONGEST: Final = timedelta(minutes=10)  # that a message is on its way out; a job takes no longer


class Message(models.Model):
    """One message to one person outside, or one of theirs to us. The address is held elsewhere: here is only its keyed hash."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    queued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    noun = models.CharField(max_length=32, blank=True)  # what it is about
    noun_id = models.BigIntegerField(null=True)
    contract_id = models.BigIntegerField(null=True)
    reader_noun = models.CharField(max_length=32, blank=True)  # whose address it goes to
    reader_id = models.BigIntegerField(null=True)
    masked = models.CharField(max_length=320, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    transport = models.CharField(max_length=8, choices=TRANSPORTS)
    wording = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8, blank=True)
    values = models.JSONField(default=dict)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=64, blank=True)  # why it was not sent or not delivered
    attempt = models.SmallIntegerField(default=1)
    key = models.CharField(max_length=64, unique=True)  # what is asked for twice under one key is one message
    token = models.CharField(max_length=32, default=_token)  # by which a provider knows it
    provider_reference = models.CharField(max_length=200, blank=True)
    cost = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    job = models.BigIntegerField(null=True)  # the latest that was to send it
    answer_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="answers")

    queued_at = models.DateTimeField()
    send_at = models.DateTimeField(null=True)  # not before
    good_until = models.DateTimeField(null=True)  # of no use after
    taken_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # not sent, or not delivered

    class Meta:
        indexes = [
            models.Index(fields=["owner", "queued_at", "id"], name="message_by_owner"),
            models.Index(fields=["digest", "transport", "taken_at"], name="message_by_digest"),
            models.Index(fields=["owner", "transport", "taken_at"], name="message_by_transport"),
            models.Index(fields=["noun", "noun_id"], name="message_by_subject"),
            models.Index(
                fields=["transport", "provider_reference"],
                name="message_by_provider",
                condition=~Q(provider_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"X-{localtime(self.queued_at):%y}-{self.pk:06}"

    @property
    def is_waiting(self) -> bool:
        return self.state == State.QUEUED

    @property
    def is_on_its_way(self) -> bool:
        return self.state in (State.SENDING, State.UNCLEAR)

    @property
    def may_still_arrive(self) -> bool:
        return self.state == State.SENT

    @property
    def may_still_be_read(self) -> bool:
        return self.state in (State.SENT, State.DELIVERED)

    @property
    def can_be_tried_again(self) -> bool:
        return self.state in (State.FAILED, State.REFUSED)

    def is_unclear(self, at: datetime) -> bool:
        """Whether nobody knows if it went out: because it broke off, or nothing was heard of whoever sent it."""
        lost = self.state == State.SENDING and self.taken_at is not None and at - self.taken_at > _LONGEST
        return self.state == State.UNCLEAR or lost


class Limits(models.Model):
    """How much an organisation lets out by one transport."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    transport = models.CharField(max_length=8, choices=TRANSPORTS)
    per_hour = models.PositiveSmallIntegerField(default=3)  # to one recipient, from whomever
    per_day = models.PositiveSmallIntegerField(default=8)
    quiet_from = models.TimeField(default=time(22))  # for commercial messages
    quiet_to = models.TimeField(default=time(8))
    price = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal("0.00"))
    ceiling = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("100.00"))  # a day

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "transport"], name="limits_one_a_transport")]


class OptOut(models.Model):
    """An address that wants no more of it: commercial messages, or everything."""

    digest = models.CharField(max_length=64)
    transport = models.CharField(max_length=8, choices=TRANSPORTS)
    is_everything = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "transport"], name="opt_out_once")]


class Nonce(models.Model):
    """What a provider said once, so that nobody says it a second time in its name."""

    transport = models.CharField(max_length=8)
    nonce = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transport", "nonce"], name="nonce_once")]
        indexes = [models.Index(fields=["at"], name="nonce_by_age")]
