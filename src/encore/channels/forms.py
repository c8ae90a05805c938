from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.channels.models import Limits
from encore.web.fields import HourField, MoneyField

_WANTED = {"required": _("Fill this in.")}


class LimitsForm(forms.Form):
    per_hour = forms.IntegerField(
        label=_("To one recipient in an hour, at most"), min_value=0, max_value=100, error_messages=_WANTED
    )
    per_day = forms.IntegerField(
        label=_("To one recipient in a day, at most"), min_value=0, max_value=1000, error_messages=_WANTED
    )
    quiet_from = HourField(label=_("No commercial messages from"), error_messages=_WANTED)
    quiet_to = HourField(label=_("until"), error_messages=_WANTED)
    price = MoneyField(label=_("What one message costs"), error_messages=_WANTED)
    ceiling = MoneyField(label=_("All messages of a day together, at most"), error_messages=_WANTED)

    @classmethod
    def of(cls, limits: Limits, posted: Any = None) -> "LimitsForm":
        """Its fields are told apart from those of the other transports on the same page."""
        values = {name: getattr(limits, name) for name in cls.base_fields}
        return cls(posted, initial=values, prefix=limits.transport, use_required_attribute=False)


class Answer(forms.Form):
    """What a simulated provider says of a message, or its reader answers."""

    answer = forms.ChoiceField(choices=[(one, one) for one in ("delivered", "read", "failed", "reply")])
    text = forms.CharField(max_length=500, required=False)


class Repeats(forms.Form):
    transports = forms.MultipleChoiceField(
        label=_("Tell me outside as well, by"),
        choices=[("mail", pgettext_lazy("way", "e-mail")), ("sms", _("text message"))],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
