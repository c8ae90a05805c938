import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.contracts import drafts, queries
from encore.contracts.models import Contract
from encore.engine import Edition, words
from encore.engine.calendar import Notice
from encore.engine.events import CONTRACT_WIDE
from encore.engine.faults import Fault, ParameterError
from encore.engine.mentions import Mention
from encore.engine.model import Parameter
from encore.ledger.forms import Belated
from encore.ledger.nouns import NOUNS, key_of
from encore.web.fields import DayField, DecimalField, MomentField, MoneyField, PercentField, SpanField
from encore.web.language import reading
from encore.web.notice_text import read_days
from encore.web.wording import Line, kept

NEW: Final = "new"
MOST_WORDS: Final = 2_000
_ASKED: Final = "data."
_FORM_KEY: Final = re.compile(r"[0-9a-f]{32}")


class Words(forms.Field):
    widget = forms.Textarea

    def clean(self, value: Any) -> str:
        text = kept(str(value or ""))
        if len(text) > MOST_WORDS:
            message = _("That is %(length)s characters long; %(most)s are enough here.")
            raise ValidationError(message, params={"length": len(text), "most": MOST_WORDS})
        return text


class Subject(forms.ChoiceField):
    """Takes any number: the form looks it up."""

    def valid_value(self, value: str) -> bool:
        return True


class Recording(Belated):
    """What happened, to what, when. What else is asked, and what may be answered, is what the contract's patterns name.

    `subjects` are offered, the first of them for a start; any other of the contract may be named by its number.
    """

    subject = Subject(label=_("What did it happen to?"))
    reference = Line(label=_("Or its number"), most=24)
    title = Line(label=_("What the new matter is called"), most=80)
    occurred_at = MomentField(label=_("When did it happen?"))
    words = Words(label=_("On what grounds (who saw it, where the paper lies)"), required=False)
    form_key = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *arguments: Any,
        contract: Contract,
        edition: Edition,
        type: str,
        found: Sequence[Mention],
        subjects: Mapping[str, str],
        find: Any,
        at: datetime,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.contract, self.type, self.find, self.at = contract, type, find, at
        self.subjects = subjects
        self.fields["subject"].choices = list(subjects.items())  # type: ignore[attr-defined]
        self.values: dict[str, dict[str, str | int | bool]] = {}
        for key, values in queries.answers(edition, found).items():
            coded = {orjson.dumps(value).decode(): value for value in values}
            self.values[key] = coded
            choices = [(code, reading(words.answer(edition, key, value))) for code, value in coded.items()]
            self.fields[_ASKED + key] = forms.ChoiceField(
                label=reading(words.field(key)), choices=choices, required=False
            )
        self.asked = [self[name] for name in self.fields if name.startswith(_ASKED)]

    def clean_form_key(self) -> str:
        key = str(self.cleaned_data["form_key"])
        if not _FORM_KEY.fullmatch(key):
            raise ValidationError(_("This form is damaged. Reload the page and fill it in again."))
        return key

    def clean_occurred_at(self) -> datetime:
        at: datetime = self.cleaned_data["occurred_at"]
        if at > self.at:
            raise ValidationError(_("That is still to come. Record it when it has happened."))
        if self.contract.effective_at is None or at < self.contract.effective_at:
            raise ValidationError(_("At that time the contract was not in force yet."))
        return at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if unknown := sorted(name for name in self.data if name.startswith(_ASKED) and name not in self.fields):
            raise ValidationError(
                _("The contract asks nothing of that kind about this event: %(names)s."),
                params={"names": ", ".join(name.removeprefix(_ASKED) for name in unknown)},
            )
        if happened := cleaned.get("occurred_at"):
            self.ask_reason(happened, self.at)
        cleaned["row"] = self._row(cleaned)
        if cleaned.get("subject") == NEW and not cleaned.get("reference") and not cleaned.get("title"):
            self.add_error("title", _("Give it a name by which both parties will know it."))
        return cleaned

    def _row(self, cleaned: Mapping[str, Any]) -> Model | None:
        """What it happened to; None is a new matter."""
        name = "reference" if cleaned.get("reference") else "subject"
        chosen = cleaned.get(name)
        if not chosen or (chosen == NEW and NEW in self.subjects):
            return None
        row: Model | None = self.find(chosen)
        if row is None:
            self.add_error(name, _("Under this contract there is nothing of that number."))
        elif not fits(self.type, row):
            self.add_error(name, _("This does not happen to a thing of that kind."))
        return row

    @property
    def told(self) -> dict[str, str | int | bool]:
        """The data of the event; what was not answered is left out."""
        given = {key: self.cleaned_data.get(_ASKED + key) for key in self.values}
        return {key: self.values[key][code] for key, code in given.items() if code}

    @property
    def said(self) -> str:
        """The hash of all that was filled in: the same for two posts that say the same."""
        row = self.cleaned_data["row"]
        about = str(key_of(row)) if row is not None else self.cleaned_data["title"]
        cleaned = self.cleaned_data
        when = [cleaned["occurred_at"].isoformat(), cleaned.get("late_reason", "")]
        whole = [self.type, about, self.told, *when, cleaned["words"]]
        return sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


# --- a contract from an edition ---------------------------------------------------------------------------------------

MOST_BYTES: Final = 1_000_000
_PARAMETER: Final = "p."
_PARTIES: Final = 80


class EditionUpload(forms.Form):
    edition = forms.FileField(
        label=_("An edition file of your own (TOML)"),
        error_messages={"required": _("Choose the file."), "empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )

    def clean_edition(self) -> tuple[str, bytes]:
        file = self.cleaned_data["edition"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("This file is too large for an edition."))
        return kept(file.name)[:200], file.read()


class Drawing(forms.Form):
    """The parties, the amount, the term, and a field for everything that the edition leaves open, by its kind.

    What is left empty stays as the edition has it.
    """

    party = forms.ChoiceField(label=_("The other party"), required=False, widget=forms.RadioSelect)
    party_name = Line(label=_("Name of the other party"), most=_PARTIES)
    amount = MoneyField(label=_("Amount of the contract (may be left out)"), required=False)
    term_from = DayField(label=_("First day"), required=False)
    term_to = DayField(label=_("Last day"), required=False)

    def __init__(self, *arguments: Any, edition: Edition, user: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.edition, self.own = edition, user.organisation
        self.known = queries.known_parties(user)
        named = [(str(number), one.name) for number, one in self.known.items()]
        self.fields["party"].choices = [*named, (NEW, _("another one, by its name"))]  # type: ignore[attr-defined]
        self.of: dict[str, forms.BoundField] = {}  # by parameter
        self._kinds = {key: _kind(parameter) for key, parameter in edition.parameters.items()}
        for key, parameter in edition.parameters.items():
            name = _PARAMETER + key
            self.fields[name] = _left_open(edition, parameter, self._kinds[key])
            self.initial.setdefault(name, _typed(edition, parameter, self._kinds[key]))
            self.of[key] = self[name]
        if self.known:
            self.initial.setdefault("party", str(next(iter(self.known))))

    def clean_party_name(self) -> str:
        name = str(self.cleaned_data["party_name"])
        if name and name == self.own.name:
            raise ValidationError(_("A contract has two parties: this is your own name."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_new = not self.known or cleaned.get("party") in (NEW, "")
        if is_new and not cleaned.get("party_name") and "party_name" not in self.errors:
            self.add_error("party_name", _("Say with whom the contract is made."))
        first, last = cleaned.get("term_from"), cleaned.get("term_to")
        if "term_from" not in self.errors and "term_to" not in self.errors and bool(first) != bool(last):
            self.add_error("term_to" if first else "term_from", _("A term has a first and a last day."))
        elif first and last and last <= first:
            self.add_error("term_to", _("The last day comes after the first."))
        if not self.errors:
            self._fit()
        return cleaned

    def _fit(self) -> None:
        """Whether the edition takes these values, all of them together."""
        try:
            self.edition.terms(self.given)
        except ParameterError as error:
            for fault in error.faults:
                key = str(fault.values.get("key", ""))
                bounds = _bounds(self.edition, key)
                message = bounds or _told(fault)
                self.add_error(_PARAMETER + key if key in self.edition.parameters else None, message)

    @property
    def given(self) -> dict[str, object]:
        """The values that are other than the edition's own."""
        found: dict[str, object] = {}
        for key, parameter in self.edition.parameters.items():
            value = self.cleaned_data.get(_PARAMETER + key)
            if value not in (None, "", []):
                written = _written(parameter, value)
                if written != _written(parameter, parameter.default):
                    found[key] = written
        return found

    @property
    def other(self) -> Organisation | str:
        """The other party, or the name of one that is yet to be made."""
        chosen = self.cleaned_data.get("party", "")
        if chosen.isdecimal():
            return self.known[int(chosen)]
        name: str = self.cleaned_data["party_name"]
        return queries.named(name, drafts.OTHER[self.own.role]) or name

    @property
    def agreed(self) -> drafts.Agreed:
        first, last = self.cleaned_data.get("term_from"), self.cleaned_data.get("term_to")
        return drafts.Agreed(self.given, self.cleaned_data.get("amount"), (first, last) if first and last else None)


def _kind(parameter: Parameter) -> str:
    """What a field for it takes: the kind that the edition names, else what its default is."""
    if parameter.kind is not None:
        return parameter.kind
    default = parameter.default
    if isinstance(default, bool):
        return "flag"
    if isinstance(default, int | float):
        return "number"
    return "duration" if words.is_duration(default) else "text"


def _left_open(edition: Edition, parameter: Parameter, kind: str) -> forms.Field:
    label = reading(words.both(edition, parameter.label) if parameter.label else words.code(parameter.key))
    default = reading(words.value(edition, parameter, _plain(parameter.default)))
    common: dict[str, Any] = {
        "label": label,
        "required": False,
        "help_text": _("As the edition has it: %(value)s") % {"value": default},
    }
    if kind == "choice" and parameter.choices:
        choices = [(str(one), reading(words.value(edition, parameter, one))) for one in parameter.choices]
        if isinstance(parameter.default, list):
            return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
        return forms.ChoiceField(choices=choices, **common)
    if kind == "flag":
        return forms.ChoiceField(
            choices=[(one, reading(words.answer(edition, "", one == "true"))) for one in ("true", "false")], **common
        )
    simple: dict[str, type[forms.Field]] = {
        "duration": SpanField, "number": DecimalField, "money": MoneyField, "share": PercentField, "date": DayField,
    }  # fmt: skip
    return simple[kind](**common) if kind in simple else Line(most=80, **common)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _typed(edition: Edition, parameter: Parameter, kind: str) -> object:
    """The default as somebody would type it, or choose it."""
    default = parameter.default
    if isinstance(default, list):
        return [str(one) for one in default]
    match kind:
        case "duration":
            return reading(words.span(str(default)))
        case "share" | "money" | "number":
            return Decimal(str(default))
        case "flag":
            return "true" if default else "false"
    return _plain(default)


def _written(parameter: Parameter, value: Any) -> object:
    """A value as an event carries it: no floats, and the same text for the same value."""
    if isinstance(value, list | tuple):
        return [_written(parameter, one) for one in value]
    if isinstance(parameter.default, bool):
        return value if isinstance(value, bool) else value == "true"
    if parameter.kind == "money":
        return f"{Decimal(str(value)):.2f}"
    if parameter.kind == "share":
        return f"{Decimal(str(value)).normalize():f}"
    if isinstance(value, Decimal | int | float):
        number = Decimal(str(value))
        return int(number) if number == number.to_integral_value() else f"{number.normalize():f}"
    if parameter.kind == "choice" and parameter.choices:
        return next((one for one in parameter.choices if str(one) == str(value)), value)
    return str(_plain(value))


def _bounds(edition: Edition, key: str) -> str:
    """Between what a parameter may lie, in words; empty where the edition does not say."""
    parameter = edition.parameters.get(key)
    if parameter is None or (parameter.min is None and parameter.max is None):
        return ""
    said = {
        name: "" if bound is None else reading(words.value(edition, parameter, _plain(bound)))
        for name, bound in (("low", parameter.min), ("high", parameter.max))
    }
    if not said["high"]:
        return gettext("The edition asks for at least %(low)s here.") % said
    if not said["low"]:
        return gettext("The edition allows at most %(high)s here.") % said
    return gettext("The edition allows %(low)s to %(high)s here.") % said


def _told(fault: Fault) -> str:
    return fault.message("en") if get_language() == "en" else reading({"zh-Hans": fault.message("zh")})


BEGINNINGS: Final = (
    ("signed", _("with the signature")),
    ("moment", _("at another time, which has come already")),
    ("taken_over", _("now; it has been running elsewhere and is taken over in the middle of its term")),
    ("later", _("later: it is only signed for now")),
)


class Beginning(Belated):
    """When a signed contract comes into force. `since`: not before that."""

    begins = forms.ChoiceField(
        label=_("When does it come into force?"), choices=BEGINNINGS, widget=forms.RadioSelect, initial="signed",
        error_messages={"required": _("Choose one.")},
    )  # fmt: skip
    begins_at = MomentField(label=_("In force since"), required=False)

    def __init__(
        self,
        *arguments: Any,
        at: datetime,
        has_term: Callable[[datetime], bool],
        since: datetime | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.at, self.has_term, self.since = at, has_term, since

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        signed: datetime | None = self.since or cleaned.get("signed_at")
        begins = cleaned.get("begins")
        if begins == "moment":
            moment = cleaned.get("begins_at")
            if moment is None and "begins_at" not in self.errors:
                self.add_error("begins_at", _("Say since when."))
            elif moment is not None and moment > self.at:
                self.add_error("begins_at", _("That is still to come. Record it when it has happened."))
            elif moment is not None and signed is not None and moment < signed.replace(second=0, microsecond=0):
                self.add_error("begins_at", _("That is before the signature."))
        elif begins == "taken_over" and not self.has_term(self.at):
            self.add_error("begins", _("Only a contract whose term is running can be taken over."))
        earliest = [one for one in (signed, self.moment) if one is not None]
        if earliest and not self.errors:
            self.ask_reason(min(earliest), self.at)
        return cleaned

    @property
    def moment(self) -> datetime | None:
        """The moment from which the duties run; None as long as that is open."""
        cleaned = self.cleaned_data
        signed: datetime | None = self.since or cleaned.get("signed_at")
        match cleaned.get("begins"):
            case "signed":
                return signed
            case "moment":
                chosen: datetime | None = cleaned.get("begins_at")
                return max(chosen, signed) if chosen and signed else chosen
            case "taken_over":
                return self.at
        return None


class Signing(Beginning):
    signed_at = MomentField(
        label=_("When did the parties sign?"), error_messages={"required": _("Say when it was signed.")}
    )
    field_order = ("signed_at", "begins", "begins_at", "late_reason")

    def clean_signed_at(self) -> datetime:
        at: datetime = self.cleaned_data["signed_at"]
        if at > self.at:
            raise ValidationError(_("That is still to come. Record it when it has happened."))
        return at


class FirstManager(forms.Form):
    manager = Line(
        label=_("Name of their manager"), most=100, required=True, error_messages={"required": _("Say who it is.")}
    )


# --- a year's working days --------------------------------------------------------------------------------------------

_FIRST_YEAR, _LAST_YEAR = 2020, 2100
_MOST_DAYS_OFF, _MOST_WORKED = 60, 30


class HolidayNotice(forms.Form):
    """Days off and make-up days of a year. `seen`: the hash of what was shown before it is recorded."""

    year = DecimalField(label=_("Year"), error_messages={"required": _("Say which year.")})
    text = Words(label=_("Text of the notice (may be left out)"), required=False)
    off = Words(label=_("Days off"), required=False)
    work = Words(label=_("Weekend days that are worked"), required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_year(self) -> int:
        year = self.cleaned_data["year"]
        if year != int(year) or not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValidationError(_("This is no year that a contract runs in."))
        return int(year)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "year" not in cleaned:
            return cleaned
        days = {name: self._days(name, cleaned) for name in ("off", "work")}
        if self.errors:
            return cleaned
        if not days["off"]:
            self.add_error("off", _("A year has days off: name them, or paste the notice and let it be read."))
        if both := days["off"] & days["work"]:
            self.add_error("work", _("Off and worked at once: %(days)s.") % {"days": _listed(both)})
        if weekdays := {day for day in days["work"] if day.weekday() < _SATURDAY}:
            self.add_error("work", _("No weekend days: %(days)s.") % {"days": _listed(weekdays)})
        if len(days["off"]) > _MOST_DAYS_OFF or len(days["work"]) > _MOST_WORKED:
            self.add_error("off", _("So many days are off in no year."))
        cleaned["notice"] = Notice(cleaned["year"], days["off"], days["work"])
        return cleaned

    def _days(self, name: str, cleaned: Mapping[str, Any]) -> frozenset[date]:
        year = cleaned["year"]
        days, unread = read_days(cleaned.get(name, ""), year)
        strange = [f"{day}" for day in sorted(days) if not date(year - 1, 12, 1) <= day <= date(year + 1, 1, 31)]
        if unread or strange:
            self.add_error(name, _("No days of that year: %(days)s.") % {"days": ", ".join([*unread, *strange])})
        return days

    @property
    def notice(self) -> Notice:
        found: Notice = self.cleaned_data["notice"]
        return found

    @property
    def said(self) -> str:
        days = [[f"{day}" for day in sorted(some)] for some in (self.notice.off, self.notice.work)]
        return sha256(orjson.dumps([self.notice.year, days])).hexdigest()


_SATURDAY: Final = 5


def _listed(days: Iterable[date]) -> str:
    return ", ".join(f"{day}" for day in sorted(days))


def has_rows_of_its_own(type: str) -> bool:
    """Whether a feature keeps what such events happen to, so that they are told of its rows and of nothing else. What it keeps
    for an organisation and no contract, such as customers, an event under a contract cannot be told of.
    """
    noun = NOUNS.get(type.partition(".")[0])
    return noun is not None and noun.key not in ("contract", "matter") and hasattr(noun.model, "contract_id")


def fits(type: str, row: Model) -> bool:
    return not has_rows_of_its_own(type) or key_of(row).noun == type.partition(".")[0]


def begins_a_matter(type: str) -> bool:
    return not has_rows_of_its_own(type) and not type.startswith("contract.") and type not in CONTRACT_WIDE
