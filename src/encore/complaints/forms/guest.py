"""What guests fill in."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from encore.complaints.forms.words import Optional, Words
from encore.complaints.operations import Reached
from encore.customers.forms import PhoneField
from encore.customers.models import Purpose
from encore.customers.operations import Consented, Known
from encore.customers.queries import KEPT
from encore.engine import Edition
from encore.files.forms import Files
from encore.files.sniffing import Sort
from encore.web.language import reading
from encore.web.wording import Line

Text = str | Promise

# What most guests ask for, at a tap; what is given is another matter.
WISHES: Final = {
    "again": _("Make it good now"),
    "money": _("Money back"),
    "apology": _("An apology"),
    "call": _("Somebody talks to me"),
    "change": _("That it does not happen again"),
}
# What a guest may be reached by, and to what they consent with each.
CONSENTS: Final = {
    "phone": _("Yes, keep my telephone number, only to answer this complaint."),
    "email": _("Yes, keep my e-mail address, only to answer this complaint."),
    "wechat": _("Yes, keep my WeChat name, only to answer this complaint."),
}
_NEEDED: Final[Mapping[str, str]] = {"phone": "phone", "sms": "phone", "email": "email", "wechat": "wechat", "web": ""}
MOST_FILES: Final = 6


def kept_how() -> str:
    """What a guest is told beside the boxes that they tick."""
    return gettext(
        "It is kept encrypted and at most %(months)s months after we last heard of you. You can take this back at any time "
        "and have it erased. You are served just the same if you leave this empty."
    ) % {"months": KEPT.days // 365 * 12}


def _evidence(holder: str, at: datetime) -> Files:
    return Files(
        label=_("Photos, sound or video"),
        holder=holder,
        at=at,
        most=MOST_FILES,
        sorts=(Sort.PICTURE, Sort.SOUND, Sort.FILM),
    )


class Intake(forms.Form):
    """What happened, what would make it right, and if the guest likes, how they are reached."""

    text = Words(label=_("What happened?"))
    wishes = forms.MultipleChoiceField(
        label=_("What would make it right?"),
        required=False,
        choices=WISHES.items(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from what is offered, or write it below.")},
    )
    wish = Line(label=_("Something else"), most=500)
    room = Line(label=_("Room (if you know it)"), most=60)
    phone = PhoneField(label=_("Telephone"), required=False, max_length=40)
    phone_consent = forms.BooleanField(label=CONSENTS["phone"], required=False)
    email = forms.EmailField(
        label=_("E-mail"), required=False, max_length=254, error_messages={"invalid": _("This is no e-mail address.")}
    )
    email_consent = forms.BooleanField(label=CONSENTS["email"], required=False)
    wechat = Line(label=_("WeChat name"), most=60)
    wechat_consent = forms.BooleanField(label=CONSENTS["wechat"], required=False)
    answer_by = forms.ChoiceField(
        label=_("How do you want the answer?"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these ways.")},
    )
    form_key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, edition: Edition, holder: str, at: datetime, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["files"] = _evidence(holder, at)
        rows = edition.vocabulary["channel"].items()
        self.ways: dict[str, str] = {key: way for key, row in rows if (way := getattr(row, "via", "")) in _NEEDED}
        self.on_page = next((key for key, way in self.ways.items() if way == "web"), "")
        field = self.fields["answer_by"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (key, self._way(edition, key)) for key in sorted(self.ways, key=lambda one: one != self.on_page)
        ]
        field.initial = self.on_page

    def _way(self, edition: Edition, key: str) -> Text:
        return (
            _("On the page that I get now")
            if key == self.on_page
            else reading(edition.vocabulary["channel"][key].label)
        )

    def clean(self) -> None:
        given = self.cleaned_data
        for name in CONSENTS:
            if given.get(name) and not given.get(f"{name}_consent"):
                self.add_error(f"{name}_consent", _("Tick this, or empty the line above: unasked we keep nothing."))
        needed = _NEEDED[self.ways.get(given.get("answer_by", ""), "web")]
        if needed and not given.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Write down how we reach you, if we are to answer you that way."))

    @property
    def wished(self) -> str:
        """What was tapped and what was written, as it is kept."""
        tapped = [str(WISHES[key]) for key in self.cleaned_data["wishes"]]
        return "\n".join([*tapped, *filter(None, [self.cleaned_data["wish"]])])

    @property
    def reached(self) -> Reached | None:
        """How they can be reached, with the very words that they consented to; None for who said nothing of themselves."""
        given = {name: self.cleaned_data[name] for name in CONSENTS if self.cleaned_data[name]}
        if not given:
            return None
        words = "\n".join([*(str(CONSENTS[name]) for name in given), kept_how()])
        return Reached(Known(**given), Consented([Purpose.COMPLAINT], words, "web"))

    @property
    def has_contact(self) -> bool:
        """Whether something stands in the part for it, right or wrong: it is not to be folded away."""
        names = [*CONSENTS, *(f"{name}_consent" for name in CONSENTS)]
        return any(self[name].value() or self[name].errors for name in names) or bool(self["answer_by"].errors)


class Tail(forms.Form):
    """The check that keeps a found link from being enough."""

    tail = forms.CharField(
        label=_("The last four digits of your telephone"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("Write the last four digits of the number that you gave us.")},
    )

    def clean_tail(self) -> str:
        digits = unicodedata.normalize("NFKC", self.cleaned_data["tail"]).strip()
        if not (len(digits) == 4 and digits.isascii() and digits.isdecimal()):
            raise ValidationError(_("Write the last four digits of the number that you gave us."))
        return digits


class OwnForm(forms.Form):
    """A form on the page of a complaint, for its guest."""

    def __init__(self, *arguments: Any, holder: str, at: datetime, **options: Any) -> None:
        super().__init__(*arguments, **options)


class Nothing(OwnForm):
    pass


class Addition(OwnForm):
    words = Optional(label=_("What do you want to add?"))

    def __init__(self, *arguments: Any, holder: str, at: datetime, **options: Any) -> None:
        super().__init__(*arguments, holder=holder, at=at, **options)
        self.fields["files"] = _evidence(holder, at)

    def clean(self) -> None:
        if not self.errors and not self.cleaned_data["words"] and not self.cleaned_data["files"]:
            self.add_error("words", _("Write something, or choose a file."))


class Rejecting(OwnForm):
    words = Words(label=_("What is not right yet?"))


class Rating(OwnForm):
    rating = forms.TypedChoiceField(
        label=_("How did we handle it?"),
        coerce=int,
        choices=[
            ("1", _("very badly")),
            ("2", _("badly")),
            ("3", _("so so")),
            ("4", _("well")),
            ("5", _("very well")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Tap one of the stars."), "invalid_choice": _("Tap one of the stars.")},
    )
    words = Optional(label=_("Anything to say about it?"))


class TakingBack(OwnForm):
    words = Optional(label=_("Why (may be left out)"))


class Reopening(OwnForm):
    words = Words(label=_("What is not right after all?"))
