from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.customers.models import PrivacyRequest, Purpose
from encore.customers.operations import Known
from encore.web.phones import is_rounded, read_phone

CHANNELS: Final = (
    ("onsite", _("on site")),
    ("phone", _("by telephone")),
    ("wechat", _("by WeChat")),
    ("paper", _("on paper")),
    ("web", _("on a page of ours")),
)
REVEALED_FOR: Final = (
    ("complaint", _("to answer a complaint")),
    ("consented", _("to call for a purpose that the guest consented to")),
    ("request", _("to answer the guest's own request")),
    ("correction", _("to correct it")),
)
ERASED_FOR: Final = (
    ("asked", _("the guest asks for it")),
    ("purpose_over", _("it is not needed any more")),
    ("by_mistake", _("it was taken down by mistake")),
)


class PhoneField(forms.CharField):
    """A telephone number in any of the ways that people type it; cleaned, it has the one form that is kept."""

    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        number = read_phone(text)
        if number is None:
            if is_rounded(text):
                raise ValidationError(_("The last digits of this number are lost. Write all of them."))
            raise ValidationError(_("This is no telephone number. Write eleven digits, or +, country and number."))
        return number


class Guest(forms.Form):
    name = forms.CharField(label=_("Called (may be left out)"), required=False, max_length=60)
    phone = PhoneField(label=_("Telephone"), required=False, max_length=40)
    wechat = forms.CharField(label=_("WeChat name (may be left out)"), required=False, max_length=60)
    email = forms.EmailField(
        label=_("E-mail (may be left out)"),
        required=False,
        max_length=254,
        error_messages={"invalid": _("This is no e-mail address.")},
    )
    purposes = forms.MultipleChoiceField(
        label=_("What the guest consents to"),
        choices=Purpose.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Without the guest's consent nothing of them is kept.")},
    )
    channel = forms.ChoiceField(
        label=_("How the guest said so"), choices=CHANNELS, error_messages={"required": _("Say how the guest said so.")}
    )

    def clean(self) -> None:
        given = self.cleaned_data
        if not self.errors and not (given.get("phone") or given.get("wechat") or given.get("email")):
            self.add_error("phone", _("Write at least one way to reach the guest."))

    @property
    def known(self) -> Known:
        return Known(**{name: self.cleaned_data[name] for name in ("name", "phone", "wechat", "email")})


class Reveal(forms.Form):
    reason = forms.ChoiceField(
        label=_("What it is needed for"),
        choices=REVEALED_FOR,
        error_messages={"required": _("Say what it is needed for.")},
    )


class Erasure(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why it is erased"), choices=ERASED_FOR, error_messages={"required": _("Say why it is erased.")}
    )


class Withdrawal(forms.Form):
    purpose = forms.ChoiceField(choices=Purpose.choices)


class Asking(forms.Form):
    kind = forms.ChoiceField(
        label=_("What the guest asks for"),
        choices=PrivacyRequest.Kind.choices,
        error_messages={"required": _("Say what is asked for.")},
    )
    channel = forms.ChoiceField(
        label=_("How the guest asked"), choices=CHANNELS, error_messages={"required": _("Say how the guest asked.")}
    )


class OwnAsking(forms.Form):
    kind = forms.ChoiceField(
        label=_("What you ask for"),
        choices=PrivacyRequest.Kind.choices,
        error_messages={"required": _("Say what you ask for.")},
    )


class Answer(forms.Form):
    outcome = forms.ChoiceField(
        label=_("How it is answered"),
        choices=PrivacyRequest.Outcome.choices,
        error_messages={"required": _("Say how it is answered.")},
    )
