"""Who signs in, and the organisations that can be party to a contract."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.accounts import names


class Role(models.TextChoices):
    VENUE = "venue", _("venue")
    AGENCY = "agency", _("promoter agency")
    THIRD_PARTY = "third_party", _("third party")


class Organisation(models.Model):
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=16, choices=Role)
    is_made_up = models.BooleanField(default=False)  # of the demonstration

    def __str__(self) -> str:
        return self.name


class Department(models.TextChoices):
    MANAGEMENT = "management", _("management")
    CUSTOMER_SERVICE = "customer_service", _("customer service department")
    MARKETING = "marketing", _("marketing department")
    PROMOTION = "promotion", _("promotion department")
    HUMAN_RESOURCES = "human_resources", _("human resources department")
    FINANCE = "finance", _("finance department")


class Post(models.TextChoices):
    """What somebody is employed for; `rights.py` says what each may do."""

    MANAGER = "manager", _("manager")
    CUSTOMER_SERVICE = "customer_service", _("customer service")
    MARKETING = "marketing", _("marketing")
    PROMOTION = "promotion", _("promotion")
    HUMAN_RESOURCES = "human_resources", _("human resources")
    FINANCE = "finance", _("finance")
    PROMOTER = "promoter", _("beverage promoter")
    GUEST = "guest", _("guest")


DEPARTMENTS: Final = {
    Post.MANAGER: Department.MANAGEMENT,
    Post.CUSTOMER_SERVICE: Department.CUSTOMER_SERVICE,
    Post.MARKETING: Department.MARKETING,
    Post.PROMOTION: Department.PROMOTION,
    Post.HUMAN_RESOURCES: Department.HUMAN_RESOURCES,
    Post.FINANCE: Department.FINANCE,
    Post.PROMOTER: Department.PROMOTION,
}


class User(AbstractBaseUser):
    """A person in a post. `is_active` ends with the post; who was invited and has not come yet has no password."""

    username = models.CharField(max_length=150, unique=True)
    name = models.CharField(max_length=100)
    sort_key = models.CharField(max_length=200, editable=False, db_default="")
    initials = models.CharField(max_length=100, editable=False, db_default="")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    post = models.CharField(max_length=32, choices=Post)
    is_active = models.BooleanField(default=True)
    entered_at = models.DateTimeField(db_default=Now())
    joined_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[BaseUserManager[Self]] = BaseUserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(post=Post.GUEST), name="user_has_a_post"),
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="user_one_an_email"),
            models.UniqueConstraint(Lower("username"), name="user_one_a_username"),
        ]
        indexes = [
            models.Index(fields=["organisation", "-is_active", "id"], name="user_by_organisation"),
            models.Index(fields=["organisation", "sort_key", "id"], name="user_by_name"),
        ]

    def __str__(self) -> str:
        return self.reference

    def save(self, *arguments: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Wherever a name is written, what it is sorted and found by is written with it."""
        if update_fields is None or "name" in update_fields:
            self.sort_key, self.initials = names.sort_key(self.name), names.initials(self.name)
            update_fields = None if update_fields is None else {*update_fields, "sort_key", "initials"}
        super().save(*arguments, update_fields=update_fields, **options)

    @property
    def reference(self) -> str:
        return f"P-{localtime(self.entered_at):%y}-{self.pk:06}"

    @property
    def department(self) -> Department:
        return DEPARTMENTS[Post(self.post)]

    @property
    def has_joined(self) -> bool:
        return self.joined_at is not None


class OneTimeLink(models.Model):
    """What lets somebody in once without a password. Only the token's hash is kept: whoever reads this table gets nowhere."""

    class Purpose(models.TextChoices):
        JOIN = "join", _("to choose a password")
        ENTER = "enter", _("to come in")

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=8, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class AccessLog(models.Model):
    """Who came in or was turned away, and who looked at what is guarded. A trigger keeps what was written."""

    at = models.DateTimeField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    act = models.CharField(max_length=32)
    noun = models.CharField(max_length=32, blank=True)
    noun_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "at"], name="access_by_user"),
            models.Index(fields=["noun", "noun_id", "at"], name="access_by_row"),
        ]
