"""Whose money went where, what is promised, and what may still be spent."""

from decimal import Decimal
from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.accounts.models import Department, Organisation, User
from encore.money import Money

FUNDS: Final = "funds"  # the account that everything is paid from


class Amount(models.Model):
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="CNY")

    class Meta:
        abstract = True

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class Account(models.Model):
    """What money moves between. Its balance is what was debited less what was credited."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    code = models.CharField(max_length=40)
    currency = models.CharField(max_length=3, default="CNY")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "code"], name="account_one_a_code")]


class Transfer(Amount):
    """From the credited to the debited account. Written once: what was wrong is moved back by another transfer."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    day = models.DateField()  # of the books: it falls into a month that is open
    at = models.DateTimeField()
    key = models.CharField(max_length=80)  # the same thing posted twice is one transfer
    noun = models.CharField(max_length=32, blank=True)  # what it was for
    noun_id = models.BigIntegerField(null=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two"),
            models.UniqueConstraint(fields=["owner", "key"], name="transfer_one_a_key"),
        ]
        indexes = [
            models.Index(fields=["owner", "day", "id"], name="transfer_by_day"),
            models.Index(fields=["debit", "day", "id"], name="transfer_by_debit"),
            models.Index(fields=["credit", "day", "id"], name="transfer_by_credit"),
        ]


class BudgetLine(Amount):
    """What may be spent on something from one day to another. What was paid is the balance of its account."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    name = models.CharField(max_length=60)
    key = models.CharField(max_length=64, blank=True)  # of the contract's edition, where it has a line for it
    contract_id = models.BigIntegerField(null=True)  # the contract that the budget is owed under
    from_day = models.DateField()
    to_day = models.DateField()
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="line")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_line_not_negative"),
            models.CheckConstraint(condition=Q(to_day__gte=F("from_day")), name="budget_line_has_days"),
            models.UniqueConstraint(fields=["owner", "name", "from_day"], name="budget_line_one_a_name"),
        ]
        indexes = [models.Index(fields=["owner", "from_day", "id"], name="budget_line_by_day")]

    def __str__(self) -> str:
        return f"L-{localtime(self.set_at):%y}-{self.pk:06}"


class Commitment(Amount):
    """Money that is promised and not paid yet. `amount` is what was set aside."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        SPENT = "spent", _("spent")
        RELEASED = "released", _("freed")

    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="commitments")
    key = models.CharField(max_length=80)
    noun = models.CharField(max_length=32, blank=True)
    noun_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RESERVED)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="commitment_of_something"),
            models.UniqueConstraint(fields=["line", "key"], name="commitment_one_a_key"),
        ]
        indexes = [models.Index(fields=["line", "state", "id"], name="commitment_by_line")]


class Period(models.Model):
    """A month of an organisation's books. Once closed nothing is posted into it."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    month = models.DateField()  # its first day
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    digest = models.CharField(max_length=64, blank=True)  # of its transfers, as they stood when it was closed
    closings = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "month"], name="period_one_a_month"),
        ]

    def __str__(self) -> str:
        return f"T-{self.month:%y}-{self.pk:06}"

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class Cost(Amount):
    """What somebody laid out and asks to have back. `amount` is what they claim."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("to be approved")
        APPROVED = "approved", _("to be paid")
        PAID = "paid", _("paid")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("cost", "withdrawn")
        RETURNED = "returned", _("payment taken back")

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    requester = models.ForeignKey(User, on_delete=models.PROTECT, related_name="costs")
    beneficiary = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )  # who laid it out, if another
    department = models.CharField(max_length=32, choices=Department)
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="costs")
    purpose = models.CharField(max_length=200)
    attachments = models.PositiveSmallIntegerField(default=0)  # sheets of paper that hang on the form
    noun = models.CharField(max_length=32, blank=True)  # what the money was spent on
    noun_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.SUBMITTED)
    approved = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    words = models.TextField(blank=True)  # why it was rejected
    paid_at = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    paid_day = models.DateField(null=True)
    form_key = models.CharField(max_length=80, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="cost_of_something"),
            models.CheckConstraint(
                condition=Q(approved__isnull=True) | Q(approved__gt=0, approved__lte=F("amount")),
                name="cost_approved_at_most_as_claimed",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "submitted_at", "id"], name="cost_by_submission"),
            models.Index(fields=["owner", "state", "id"], name="cost_by_state"),
            models.Index(fields=["requester", "id"], name="cost_by_requester"),
        ]

    def __str__(self) -> str:
        return f"E-{localtime(self.submitted_at):%y}-{self.pk:06}"

    @property
    def granted(self) -> Money | None:
        return None if self.approved is None else Money(Decimal(self.approved), self.currency)

    @property
    def barred(self) -> frozenset[int]:
        """Nobody decides on, pays or takes back what comes to themselves."""
        return frozenset(filter(None, (self.requester_id, self.beneficiary_id)))

    @property
    def awaits_decision(self) -> bool:
        return self.state == self.State.SUBMITTED

    @property
    def awaits_payment(self) -> bool:
        return self.state == self.State.APPROVED


class CostItem(Amount):
    """One line of the form. An invoice is paid once: its number is free again where the form was rejected."""

    cost = models.ForeignKey(Cost, on_delete=models.CASCADE, related_name="items")
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    day = models.DateField()
    what = models.CharField(max_length=120)
    invoice = models.CharField(max_length=40, blank=True)
    counts = models.BooleanField(default=True)  # false once its form was rejected

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="cost_item_of_something"),
            models.UniqueConstraint(
                fields=["owner", "invoice"], condition=Q(counts=True) & ~Q(invoice=""), name="cost_item_one_an_invoice"
            ),
        ]
