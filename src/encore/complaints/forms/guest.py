"""What guests fill in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from encore.complaints.forms.words import Words
from encore.web.wording import Line


class Intake(forms.Form):
    """What a guest fills in."""

    text = Words(label=_("What happened?"))
    room = Line(label=_("Room (if you know it)"), most=60)
    form_key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
