import secrets
from datetime import time
from decimal import Decimal
from typing import Any, Final

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.accounts.models import Organisation, User
from encore.ledger.nouns import NOUNS
from encore.money import Money

# What is printed beside a room's picture, to be read off and typed: no sign in it can be taken for another.
SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_MIDNIGHT: Final = 24 * 60
# 娱乐场所管理条例 (2020) 第二十八条: karaoke houses do no business from two in the morning until eight.
CLOSED_FROM: Final = time(2)
CLOSED_UNTIL: Final = time(8)


def new_token() -> str:
    return secrets.token_urlsafe(16)


def new_short_code() -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(6))


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def is_against_the_law(opens: time, closes: time) -> bool:
    """Whether business from the one to the other, over midnight where that is not later, falls into the hours of closing."""
    first, last = _minutes(opens), _minutes(closes)
    last += _MIDNIGHT if last <= first else 0
    shut = (_minutes(CLOSED_FROM), _minutes(CLOSED_UNTIL))
    return any(first < shut[1] + later and shut[0] + later < last for later in (0, _MIDNIGHT))


class Venue(models.Model):
    """A house. Its days are grouped and greeted by `queries.business_day`; no deadline is counted by them."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=200, blank=True)
    zone = models.CharField(max_length=64, default="Asia/Shanghai")  # as the tz database names it
    day_ends = models.TimeField(default=time(6))  # of the next day
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="venue_one_a_name")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"V-{localtime(self.opened_at):%y}-{self.pk:06}"

    @cached_property
    def told(self) -> list[int]:
        """The organisations that know its rooms: its own, and the agencies of its contracts in force."""
        contracts = models.QuerySet[Any](NOUNS["contract"].model).filter(
            venue=self.owner_id, effective_at__isnull=False
        )
        return [self.owner_id, *contracts.order_by("agency_id").values_list("agency_id", flat=True).distinct()]


class OpeningHours(models.Model):
    """When a venue is open on a day of the week; on a day without a row it is closed."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="hours", db_index=False)
    weekday = models.PositiveSmallIntegerField()  # Monday is 0
    opens = models.TimeField()
    closes = models.TimeField()  # on the next day where it is not later than `opens`

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["venue", "weekday"], name="hours_one_a_weekday"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
        ]


class Shift(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="shifts", db_index=False)
    name = models.CharField(max_length=40)
    starts = models.TimeField()
    ends = models.TimeField()  # on the next day where it is not later than `starts`
    is_active = models.BooleanField(default=True)  # one that is given up stays with the sessions that began in it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["venue", "name"], name="shift_one_a_name")]

    def covers(self, at: time) -> bool:
        """Whether it runs at that time of the day."""
        if self.starts < self.ends:
            return self.starts <= at < self.ends
        return at >= self.starts or at < self.ends


class RoomKind(models.TextChoices):
    SMALL = "small", _("small room")
    MEDIUM = "medium", _("medium room")
    LARGE = "large", _("large room")
    PARTY = "party", _("party hall")
    VIP = "vip", _("VIP room")
    HALL = "hall", _("open hall")


class Room(models.Model):
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="rooms", db_index=False)
    code = models.CharField(max_length=20)  # as it stands on the door: A01
    name = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=8, choices=RoomKind, default=RoomKind.MEDIUM)
    seats = models.PositiveSmallIntegerField(null=True, validators=[MinValueValidator(1)])
    is_active = models.BooleanField(default=True)
    token = models.CharField(max_length=32, unique=True, default=new_token)  # of the guests' page: nobody can guess it
    short_code = models.CharField(max_length=6, unique=True, default=new_short_code)  # the same, to be typed
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["venue", "code"], name="room_one_a_code")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"R-{localtime(self.added_at):%y}-{self.pk:06}"

    @property
    def label(self) -> str:
        """What people in the house call it."""
        return f"{self.code} {self.name}".rstrip()


class Brand(models.Model):
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    promoted_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")  # an agency

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="brand_one_a_name")]


class Unit(models.TextChoices):
    BOTTLE = "bottle", pgettext_lazy("unit", "bottle")
    CAN = "can", pgettext_lazy("unit", "can")
    DOZEN = "dozen", pgettext_lazy("unit", "dozen")
    CASE = "case", pgettext_lazy("unit", "case")
    GLASS = "glass", pgettext_lazy("unit", "glass")
    JUG = "jug", pgettext_lazy("unit", "jug")
    SET = "set", pgettext_lazy("unit", "set")


class Product(models.Model):
    """What is sold, of a brand and in a unit. A bottle and a dozen of the same beer are two products."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=8, choices=Unit, default=Unit.BOTTLE)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name", "unit"], name="product_one_a_name")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"G-{localtime(self.added_at):%y}-{self.pk:06}"

    @property
    def label(self) -> str:
        return f"{self.name} / {self.get_unit_display()}"


class Listing(models.Model):
    """That a venue carries a product at a price, from when to when. Another price is another listing."""

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="range", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="listings")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="CNY")
    listed_at = models.DateTimeField()
    delisted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "product"], condition=Q(delisted_at=None), name="listing_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="listing_amount"),
        ]

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)


class RoomSession(models.Model):
    """开台: guests have a room, from when to when."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, null=True, related_name="+")  # in which it began
    day = models.DateField()  # the business day in which it began, as it was counted then
    guests = models.PositiveSmallIntegerField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room"], condition=Q(closed_at=None), name="session_one_open_a_room"),
            models.CheckConstraint(condition=Q(closed_at__gte=F("opened_at")), name="session_closes_later"),
        ]
        indexes = [
            models.Index(fields=["owner", "opened_at", "id"], name="session_by_opening"),
            models.Index(fields=["room", "opened_at"], name="session_by_room"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"S-{localtime(self.opened_at):%y}-{self.pk:06}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class SaleLine(models.Model):
    """A line of a bill. They come in by the hundred thousand, from the tills' own sheets; nothing here is worked out twice.

    `sold_at` is the beginning of the business day where only the day is known. What is given back is negative.
    """

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()  # the business day, as it was counted when the line came in
    sold_at = models.DateTimeField()
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    session = models.ForeignKey(RoomSession, on_delete=models.PROTECT, null=True, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    promoter = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    quantity = models.IntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    currency = models.CharField(max_length=3, default="CNY")
    batch = models.BigIntegerField(null=True)  # the import that brought it in
    line_key = models.CharField(max_length=80)  # one a line of its owner's sheets: taken in once

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "line_key"], name="sale_line_taken_once")]
        indexes = [
            models.Index(fields=["owner", "sold_at", "id"], name="sale_line_by_time"),
            models.Index(fields=["owner", "day", "id"], name="sale_line_by_day"),
            models.Index(fields=["promoter", "day"], name="sale_line_by_promoter", condition=Q(promoter__isnull=False)),
            models.Index(fields=["batch"], name="sale_line_by_batch", condition=Q(batch__isnull=False)),
        ]

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)
