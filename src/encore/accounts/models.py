"""Who signs in, and the organisations that can be party to a contract."""

from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    VENUE = "venue", _("venue")
    AGENCY = "agency", _("promoter agency")
    THIRD_PARTY = "third_party", _("third party")


class Organisation(models.Model):
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=16, choices=Role)

    def __str__(self) -> str:
        return self.name


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


class User(AbstractBaseUser):
    username = models.CharField(max_length=150, unique=True)
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    post = models.CharField(max_length=32, choices=Post)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[BaseUserManager[Self]] = BaseUserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
