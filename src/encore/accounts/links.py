"""Links that let somebody in once: 128 bits that nobody can guess, kept as a hash, good for a while."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from encore.accounts.models import OneTimeLink, User

JOINING: Final = timedelta(days=7)
ENTERING: Final = timedelta(minutes=30)

Purpose = OneTimeLink.Purpose


def make(person: User, purpose: OneTimeLink.Purpose, at: datetime) -> str:
    """A new token. Those made before for the same purpose lose their force."""
    revoke(person, at, purpose)
    token = secrets.token_urlsafe(16)
    expires_at = at + (JOINING if purpose is Purpose.JOIN else ENTERING)
    OneTimeLink.objects.create(person=person, purpose=purpose, digest=_digest(token), made_at=at, expires_at=expires_at)
    return token


def revoke(person: User, at: datetime, *purposes: OneTimeLink.Purpose) -> None:
    """Without a purpose: all that are still good."""
    good = OneTimeLink.objects.filter(person=person, used_at=None, expires_at__gt=at)
    good.filter(purpose__in=purposes or list(Purpose)).update(expires_at=at)


def holder(token: str, purpose: OneTimeLink.Purpose, at: datetime) -> User | None:
    """Whom the link is for; None where it is used up, too old, or of somebody whose post has ended."""
    return (
        User.objects.filter(
            links__digest=_digest(token),
            links__purpose=purpose,
            links__used_at=None,
            links__expires_at__gt=at,
            is_active=True,
        )
        .select_related("organisation")
        .first()
    )


def use(token: str, purpose: OneTimeLink.Purpose, at: datetime) -> bool:
    """Of several who come with it at the same time, one is let in."""
    good = OneTimeLink.objects.filter(digest=_digest(token), purpose=purpose, used_at=None, expires_at__gt=at)
    return good.update(used_at=at) == 1


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
