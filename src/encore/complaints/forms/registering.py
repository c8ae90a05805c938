"""What is filled in about a complaint that somebody of the house was told: at the desk, on the floor, by a promoter, off paper."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.complaints import queries, scoring
from encore.complaints.forms.words import Optional, Words
from encore.complaints.models import Authority, Complaint, numbered, read_number
from encore.complaints.operations import MOST_BACK, ON_THE_SPOT, READ_OUT, Arrived, Reached, Solution, Told
from encore.complaints.operations.paper import MOST_FORMS
from encore.contracts.models import Contract
from encore.contracts.queries import terms_lately
from encore.customers.forms import PhoneField
from encore.customers.models import Purpose
from encore.customers.operations import Consented, Known
from encore.engine import Terms
from encore.files.forms import Files
from encore.files.queries import staff_holder
from encore.ledger.forms import Occurrence
from encore.venues.models import Room
from encore.web.fields import MomentField, MoneyField
from encore.web.language import reading
from encore.web.wording import Line

Text = str | Promise
_ON_PAPER: Final = "on_paper"


class Receipt(Occurrence):
    """When it reached the house: told apart from when it is written down, and never further back than is taken."""

    def __init__(
        self, *arguments: Any, at: datetime, since: datetime, is_on_paper: bool = False, **options: Any
    ) -> None:
        super().__init__(*arguments, at=at, since=max(since, at - MOST_BACK), **options)
        self.is_on_paper = is_on_paper
        self.fields["occurred_at"].label = _("When the guest told it")
        self.fields["occurred_at"].required = False

    def ask_reason(self, happened: datetime, present: datetime) -> None:
        if self.is_on_paper:  # a form on paper says by itself why it comes late
            self.cleaned_data["late_reason"] = _ON_PAPER
        super().ask_reason(happened, present)


class Complaining(forms.Form):
    """What all the forms ask: the words, the room, how the guest is reached, and what they brought."""

    text = Words(label=_("What happened?"))
    room = Line(label=_("Room"), most=60)
    phone = PhoneField(label=_("Telephone"), required=False, max_length=40)
    wechat = Line(label=_("WeChat name"), most=60)
    email = forms.EmailField(
        label=_("E-mail"), required=False, max_length=254, error_messages={"invalid": _("This is no e-mail address.")}
    )
    called = Line(label=_("Called"), most=60)
    consent = forms.BooleanField(label=_("I read this out, and the guest agreed."), required=False)
    form_key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(
        self, *arguments: Any, contract: Contract, user: User, at: datetime, rooms: Sequence[Room], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.contract, self.user, self.present, self.rooms = contract, user, at, rooms
        self.in_force: Terms = terms_lately(contract)
        self.fields["room"].widget.attrs["list"] = "rooms"
        self.fields["files"] = Files(label=_("Photos, sound or video"), holder=staff_holder(user), at=at)
        self.prepare()

    def prepare(self) -> None:
        """For what depends on contract and person."""

    def offer(self, name: str, rows: Mapping[str, Text]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(rows.items())
        if not rows:
            del self.fields[name]

    def words_of(self, vocabulary: str) -> dict[str, Text]:
        rows = self.in_force.edition.vocabulary[vocabulary]
        return {key: reading(row.label) for key, row in rows.items()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if any(cleaned.get(name) for name in _REACHED) and not cleaned.get("consent"):
            self.add_error(
                "consent", _("Nothing of the guest is kept without their consent: read it out, or empty these lines.")
            )
        if cleaned.get("called") and not any(cleaned.get(name) for name in ("phone", "wechat", "email")):
            self.add_error("phone", _("A name alone reaches nobody: write a number, or leave the name out too."))
        return cleaned

    @property
    def place(self) -> Room | None:
        """The room of the house that is called so."""
        said = _plain(self.cleaned_data["room"])
        named = [
            room for room in self.rooms if said and said in (_plain(room.code), _plain(room.label), _plain(room.name))
        ]
        return named[0] if len(named) == 1 else None

    def reached(self, channel: str) -> Reached | None:
        given = {name: self.cleaned_data[name] for name in ("phone", "wechat", "email") if self.cleaned_data[name]}
        if not given:
            return None
        known = Known(name=self.cleaned_data["called"], **given)
        return Reached(known, Consented([Purpose.COMPLAINT], str(READ_OUT), channel))

    def told(self, **more: Any) -> Told:
        place = self.place
        return Told(
            self.cleaned_data["text"],
            self.cleaned_data["form_key"],
            place.label if place else self.cleaned_data["room"],
            place=place,
            **more,
        )

    @property
    def has_contact(self) -> bool:
        return any(self[name].value() or self[name].errors for name in (*_REACHED, "consent"))


_REACHED: Final = ("phone", "wechat", "email", "called")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


class Registration(Complaining):
    """At the desk."""

    channel = forms.ChoiceField(
        label=_("How did it reach us?"), error_messages={"required": _("Say by which way it came.")}
    )
    wish = Optional(label=_("What the guest asks for"))
    answer_by = forms.ChoiceField(label=_("How the guest wants the answer"), required=False)
    authority = forms.ChoiceField(label=_("Passed on by"), required=False, choices=Authority.choices)
    authority_number = Line(label=_("Their number for it"), most=60)
    authority_due_at = MomentField(label=_("Their own deadline"), required=False)
    paper_number = Line(label=_("Number of the form on paper"), most=20)
    is_another = forms.BooleanField(label=_("It is another matter than these"), required=False)

    def prepare(self) -> None:
        rows = self.in_force.edition.vocabulary["channel"]
        ways = {key: word for key, word in self.words_of("channel").items() if getattr(rows[key], "via", None) != "web"}
        self.offer("channel", ways)
        self.offer("answer_by", self.words_of("channel"))
        self.twins: list[Complaint] = []

    def clean_paper_number(self) -> str:
        written = self.cleaned_data["paper_number"]
        if not written:
            return ""
        number = read_number(written)
        if number is None:
            raise ValidationError(
                _("This is no number of a form of ours. Look again: the last digit checks the others.")
            )
        if not queries.is_reserved(self.contract.venue_id, number):
            raise ValidationError(_("No form of this number was printed for this house."))
        if numbered(number) in queries.papers_entered(self.contract.venue_id):
            raise ValidationError(_("The form of this number has been entered already."))
        return numbered(number)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        has_details = cleaned.get("authority_number") or cleaned.get("authority_due_at")
        if has_details and not cleaned.get("authority") and "authority" not in self.errors:
            self.add_error("authority", _("Say who passed it on."))
        needed = _NEEDED.get(self._via(cleaned.get("answer_by", "")))
        if needed and not cleaned.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Write down how the guest is reached, if that is how they want the answer."))
        return cleaned

    def _via(self, channel: str) -> str:
        return str(getattr(self.in_force.edition.vocabulary["channel"].get(channel), "via", ""))

    def look_for_twins(self, at: datetime) -> bool:
        """Whether there are complaints that this may be once more, and nobody has said that it is not."""
        place = self.place
        room = place.label if place else self.cleaned_data["room"]
        phone = self.cleaned_data["phone"]
        self.twins = queries.perhaps_the_same(self.user, self.contract, room=room, at=at, phone=phone)
        if self.twins and not self.cleaned_data["is_another"]:
            self.add_error("is_another", _("Look whether it is one of these; tick this if it is not."))
            return True
        return False

    @property
    def as_told(self) -> Told:
        given = self.cleaned_data
        return self.told(
            wish=given["wish"],
            answer_by=given.get("answer_by", ""),
            authority=given["authority"],
            authority_number=given["authority_number"],
            authority_due_at=given["authority_due_at"],
            paper_number=given["paper_number"],
        )


_NEEDED: Final = {"phone": "phone", "sms": "phone", "email": "email", "wechat": "wechat"}


class Handing(Complaining):
    """What a promoter was told by a guest, written down on the floor."""

    wish = Optional(label=_("What the guest asks for"))


# How long ago, at a tap.
AGO: Final[Mapping[str, tuple[Text, timedelta]]] = {
    "0": (_("just now"), timedelta(0)),
    "10": (_("10 min ago"), timedelta(minutes=10)),
    "30": (_("half an hour ago"), timedelta(minutes=30)),
    "60": (_("an hour ago"), timedelta(hours=1)),
    "120": (_("two hours ago"), timedelta(hours=2)),
}
CONTENT: Final = {"yes": _("Content"), "no": _("Not content"), "": _("Did not say")}


class Solving(Complaining):
    """In thirty seconds on the floor: what happened, what was given, whether the guest is content."""

    ago = forms.ChoiceField(
        label=_("When were you told?"),
        choices=[(key, label) for key, (label, _span) in AGO.items()],
        widget=forms.RadioSelect,
        initial="0",
        error_messages={"required": _("Tap when it was.")},
    )
    category = forms.ChoiceField(
        label=_("What is it about?"), widget=forms.RadioSelect, error_messages={"required": _("Tap one of these.")}
    )
    measures = Words(label=_("What was done for the guest?"))
    remedy = forms.ChoiceField(label=_("What was given?"), required=False, widget=forms.RadioSelect)
    amount = MoneyField(label=_("Worth how much?"), required=False)
    content = forms.ChoiceField(
        label=_("How did the guest take it?"),
        choices=[(key or "unsaid", label) for key, label in CONTENT.items()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Tap how the guest took it.")},
    )
    improvement = Optional(label=_("What will be better from now on?"))
    traits = forms.MultipleChoiceField(
        label=_("Is any of this so?"),
        required=False,
        choices=[(trait.key, trait.label) for trait in scoring.TRAITS.values()],
        widget=forms.CheckboxSelectMultiple,
    )
    is_not_about_me = forms.BooleanField(label=_("It is not about what I did myself."), required=True)

    def prepare(self) -> None:
        self.offer("category", self.words_of("category"))
        self.offer("remedy", self.words_of("remedy_kind"))
        self.fields["is_not_about_me"].error_messages["required"] = _(
            "What is about yourself, somebody else handles: report it instead."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        amount = cleaned.get("amount")
        if amount is not None and amount <= 0:
            self.add_error("amount", _("An amount is more than nothing."))
        if amount is not None and not cleaned.get("remedy"):
            self.add_error("remedy" if "remedy" in self.fields else "amount", _("Say what was given."))
        return cleaned

    @property
    def channel(self) -> str:
        if self.user.post == Post.PROMOTER:
            return queries.promoter_channel(self.in_force)
        return queries.channel(self.in_force.edition, "onsite")

    @property
    def told_at(self) -> datetime:
        """To the minute tapped, and never before the contract."""
        since = self.contract.effective_at
        at = self.present - min(AGO[self.cleaned_data["ago"]][1], ON_THE_SPOT)
        return at if since is None else max(at, since)

    @property
    def arrived(self) -> Arrived:
        return Arrived(self.told(), self.channel, self.told_at, self.reached(self.channel))

    @property
    def solution(self) -> Solution:
        given = self.cleaned_data
        return Solution(
            category=given["category"],
            measures=given["measures"],
            remedy=given.get("remedy", ""),
            amount=given["amount"],
            improvement=given["improvement"],
            is_content={"yes": True, "no": False}.get(given["content"]),
            traits=given["traits"],
        )


class PaperOrder(forms.Form):
    """How many forms are printed, and on what."""

    number = forms.IntegerField(
        label=_("How many forms?"),
        min_value=1,
        max_value=MOST_FORMS,
        initial=20,
        error_messages={
            "required": _("Write how many."),
            "invalid": _("This is no whole number."),
            "min_value": _("From one to two hundred at a time."),
            "max_value": _("From one to two hundred at a time."),
        },
    )
