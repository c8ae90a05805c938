"""Free text that people write, as a field of a form."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.web import wording

MOST_CHARACTERS: Final = 20_000


def words(text: str) -> str:
    """What somebody wrote, as it is kept: without control characters and outer blanks. `ValidationError` says why not."""
    kept = wording.kept(text)
    if not any(character.isprintable() and not character.isspace() for character in kept):
        raise ValidationError(_("Say in a few words what happened."), code="empty")
    if len(kept) > MOST_CHARACTERS:
        message = _("That is %(length)s characters long; at most %(most)s are kept. Shorten it a little.")
        raise ValidationError(message, code="long", params={"length": len(kept), "most": MOST_CHARACTERS})
    return kept


class Words(forms.Field):
    """Free text of any kind. What is missing is said by the page, not by the browser in its own words."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def clean(self, value: Any) -> str:
        return words(str(value or ""))


class Optional(Words):
    """Free text that may be left out."""

    def clean(self, value: Any) -> str:
        return words(str(value)) if str(value or "").strip() else ""
