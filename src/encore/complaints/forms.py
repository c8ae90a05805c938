import re
import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.engine import Edition
from encore.web.language import reading

MOST_CHARACTERS: Final = 20_000
# Control characters, and those that turn the direction of what follows: text could be made to look like another.
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def _kept(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def words(text: str) -> str:
    """What somebody wrote, as it is kept: without control characters and outer blanks. `ValidationError` says why not."""
    kept = _kept(text)
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


class Line(forms.Field):
    """A short text on one line, which may be left out."""

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.max_length = most

    def clean(self, value: Any) -> str:
        kept = " ".join(_kept(str(value or "")).split())
        if len(kept) > self.max_length:
            message = _("That is %(length)s characters long; %(most)s are enough here.")
            raise ValidationError(message, params={"length": len(kept), "most": self.max_length})
        return kept


class Intake(forms.Form):
    """What a guest fills in."""

    text = Words(label=_("What happened?"))
    room = Line(label=_("Room (if you know it)"), most=60)
    form_key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)


class Nothing(forms.Form):
    """An act that needs no more than being done."""


class Assessment(forms.Form):
    severity = forms.ChoiceField(label=_("Level"))
    category = forms.ChoiceField(label=_("Category"))

    def __init__(self, *arguments: Any, edition: Edition, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("severity", "category"):
            rows = edition.vocabulary[name].values()
            self.fields[name].choices = [(row.key, reading(row.label)) for row in rows]  # type: ignore[attr-defined]


class Plan(forms.Form):
    plan = Words(label=_("What will be done"))


class Result(forms.Form):
    result = Words(label=_("What the guest is told"))
