"""What is kept about people, field by field: why it may be kept, for how long, and how it is handed over and erased.

Packages declare their fields here; the notice page, exports, erasure and the retention job read this register and nothing
else.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Basis(TextChoices):
    """Why the law lets it be kept: Personal Information Protection Law, article 13."""

    CONSENT = "consent", _("your consent")
    CONTRACT = "contract", _("a contract with you")
    EMPLOYMENT = "employment", _("your work, by lawful labour rules")
    LAW = "law", _("a duty that a law lays on us")


class Whose(TextChoices):
    GUEST = "guest", _("guests")
    STAFF = "staff", _("people who work here")


@dataclass(frozen=True)
class Personal:
    """`field` is `app.Model.field`. `kept_for` counts from the last contact, or for staff from the end of the post.

    `held`: what is kept of the guest with that number, for whoever asks to see it. `erase`: takes it away for good; neither
    is needed for the fields of `customers.Contact` itself.
    """

    field: str
    label: Text
    whose: Whose
    basis: Basis
    purpose: Text
    kept_for: timedelta
    is_sensitive: bool = False
    held: Callable[[int], Iterable[str]] | None = None
    erase: Callable[[int, datetime], None] | None = None


PERSONAL: Final[dict[str, Personal]] = {}


def register(*fields: Personal) -> None:
    PERSONAL.update({one.field: one for one in fields})


def kept_of(whose: Whose) -> list[Personal]:
    return [one for one in PERSONAL.values() if one.whose == whose]
