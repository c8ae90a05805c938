"""The log of who came in and who looked at what is guarded. Nothing is ever changed in it."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q

from encore.accounts.models import AccessLog, User


def note(
    act: str,
    *,
    user: AbstractBaseUser | None,
    at: datetime,
    reason: str = "",
    noun: str = "",
    noun_id: int | None = None,
) -> None:
    number = user.pk if user else None
    AccessLog.objects.create(act=act, user_id=number, at=at, reason=reason, noun=noun, noun_id=noun_id)


def named(login: str) -> User | None:
    """Whom somebody who was turned away said to be, where there is such a person; what else they typed is not kept."""
    called = Q(username__iexact=login) | (Q(email__iexact=login) & ~Q(email=""))
    return User.objects.filter(called).first() if login else None
