"""What people fill in about whom a complaint concerns, about its level, and about reaching its guest."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from encore.complaints.forms.words import Words
from encore.customers.forms import REVEALED_FOR
from encore.files.forms import Files


class OwnWords(forms.Form):
    words = Words(label=_("In your own words"))


class Telling(forms.Form):
    """What somebody is told whom the complaint is about."""

    words = Words(label=_("What this person is told"))


class Reveal(forms.Form):
    reason = forms.ChoiceField(
        label=_("What it is needed for"),
        choices=REVEALED_FOR[:2],
        error_messages={"required": _("Say what it is needed for.")},
    )


class Decision(forms.Form):
    """A lower level, by its number, is agreed to or refused."""

    asked = forms.IntegerField(widget=forms.HiddenInput)
    agrees = forms.ChoiceField(choices=[("yes", _("Agree")), ("no", _("Refuse"))])


class Adding(forms.Form):
    """Evidence that somebody of the house adds."""

    def __init__(self, *arguments: Any, holder: str, at: datetime, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["files"] = Files(label=_("Photos, sound, film, papers"), holder=holder, at=at, required=True)
