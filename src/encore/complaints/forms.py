from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.engine import Edition
from encore.web import wording
from encore.web.language import reading
from encore.web.wording import Line

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
