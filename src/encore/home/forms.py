from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Role, User
from encore.home.emptying import Own
from encore.web.wording import Line


class OwnHouse(forms.Form):
    """The house that begins in place of the demonstration, and how its manager signs in."""

    organisation = Line(
        label=_("Name of your organisation"), most=80, required=True,
        error_messages={"required": _("Say what it is called.")},
    )  # fmt: skip
    role = forms.ChoiceField(
        label=_("What kind of organisation"), choices=[(role.value, role.label) for role in (Role.VENUE, Role.AGENCY)],
        initial=Role.VENUE, widget=forms.RadioSelect, error_messages={"required": _("Choose one.")},
    )  # fmt: skip
    manager = Line(label=_("Your name"), most=100, required=True, error_messages={"required": _("Say who you are.")})
    username = forms.CharField(
        label=_("Name to sign in by"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Choose a name to sign in by.")},
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters. A short sentence is easy to keep and hard to guess."),
        error_messages={"required": _("Choose a password.")},
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write the password a second time.")},
    )
    sure = forms.BooleanField(
        label=_("Throw the whole demonstration away"),
        error_messages={"required": _("Say that this is what you want.")},
    )

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()

    def clean(self) -> None:
        password = self.cleaned_data.get("password")
        if password and self.cleaned_data.get("again") not in (None, password):
            self.add_error("again", _("The two passwords are not the same."))
        if password:
            named = {
                name: self.cleaned_data.get(key, "") for name, key in (("username", "username"), ("name", "manager"))
            }
            try:
                validate_password(password, User(**named))
            except ValidationError as error:
                self.add_error("password", error)

    @property
    def own(self) -> Own:
        given: dict[str, Any] = self.cleaned_data
        return Own(given["organisation"], Role(given["role"]), given["manager"], given["username"], given["password"])
