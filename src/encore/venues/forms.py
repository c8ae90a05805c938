import re
import unicodedata
from collections.abc import Iterator
from datetime import time
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.accounts.models import Organisation
from encore.money import Money
from encore.venues.models import RoomKind, Unit, is_against_the_law
from encore.venues.operations import AGAINST_THE_LAW, House, NewRoom, Ware
from encore.web.fields import HourField, MoneyField
from encore.web.wording import Line, kept

ZONES: Final = [
    ("Asia/Shanghai", _("Beijing time")),
    ("Asia/Hong_Kong", _("Hong Kong time")),
    ("Asia/Macau", _("Macau time")),
    ("Asia/Taipei", _("Taipei time")),
]
WEEKDAYS: Final = [
    ("0", _("Monday")),
    ("1", _("Tuesday")),
    ("2", _("Wednesday")),
    ("3", _("Thursday")),
    ("4", _("Friday")),
    ("5", _("Saturday")),
    ("6", _("Sunday")),
]
_NEXT_DAY: Final = re.compile(r"^(?:次日|翌日|第二天|凌晨)\s*")
_LATE_HOUR: Final = re.compile(r"^(2[4-9])(?=\D)")


class ClosingField(HourField):
    """A time that may lie on the next day, as houses write it: `02:00`, `24:00`, `26:00`, `次日2:00`."""

    def read(self, text: str) -> time | None:
        plain = _NEXT_DAY.sub("", unicodedata.normalize("NFKC", text).strip())
        return super().read(_LATE_HOUR.sub(lambda match: str(int(match[1]) - 24), plain))


class HouseForm(forms.Form):
    name = Line(
        label=_("What the venue is called"),
        most=100,
        required=True,
        error_messages={"required": _("Say what it is called.")},
    )
    address = Line(
        label=_("Address (may be left out)"),
        most=200,
        help_text=_("It stands on the cards for the rooms."),
    )
    day_ends = HourField(
        label=_("The business day ends at"),
        initial=time(6),
        help_text=_("A night belongs to the day on which it began. No deadline of a contract moves by this."),
        error_messages={"required": _("Say when the night is over, like 06:00.")},
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=ZONES, initial="Asia/Shanghai")

    def clean_day_ends(self) -> time:
        ends: time = self.cleaned_data["day_ends"]
        if ends > time(12):
            raise ValidationError(_("A business day ends between 00:00 and 12:00."))
        return ends

    def house(self) -> House:
        return House(**self.cleaned_data)


# --- rooms ------------------------------------------------------------------------------------------------------------

MOST_ROOMS: Final = 300
_ENTRY: Final = re.compile(r"[\n,，、;；]+")
_RANGE: Final = re.compile(r"([^\d\s]*)(\d{1,4})\s*(?:-|–|—|~|～|至|到)\s*([^\d\s]*)(\d{1,4})")
_CODE: Final = re.compile(r"[A-Za-z]{0,6}-?\d{1,4}")


def rooms_written(text: str) -> list[tuple[str, str]]:
    """Codes and names of rooms as people write them: one a line, in a row, or from one to another.

    `A01-A12` are twelve rooms, `A01 小红帽厅` is one with a name, `A01 A02` are two. `ValidationError` says what is wrong.
    """
    found: dict[str, str] = {}
    for code, name in _rooms(unicodedata.normalize("NFKC", kept(text))):
        if len(code) > 20 or len(name) > 40:
            raise ValidationError(
                _("“%(code)s” is too long: write the code of a room on its door."), params={"code": code[:30]}
            )
        if code in found:
            raise ValidationError(_("“%(code)s” stands there twice."), params={"code": code})
        found[code] = name
        if len(found) > MOST_ROOMS:
            raise ValidationError(_("At most %(most)s rooms at a time."), params={"most": MOST_ROOMS})
    return list(found.items())


def _rooms(text: str) -> Iterator[tuple[str, str]]:
    for entry in _ENTRY.split(text):
        words = entry.split()
        if not words:
            continue
        if span := _RANGE.fullmatch(entry.strip()):
            yield from _span(*span.groups())
        elif len(words) > 1 and all(_CODE.fullmatch(word) for word in words):
            yield from ((word, "") for word in words)
        else:
            yield words[0], " ".join(words[1:])


def _span(letters: str, first: str, letters_again: str, last: str) -> Iterator[tuple[str, str]]:
    written = f"{letters}{first}-{letters_again}{last}"
    if letters_again not in ("", letters) or int(last) < int(first):
        raise ValidationError(_("“%(written)s” leads nowhere: write it like A01-A12."), params={"written": written})
    if int(last) - int(first) >= MOST_ROOMS:
        raise ValidationError(_("At most %(most)s rooms at a time."), params={"most": MOST_ROOMS})
    for number in range(int(first), int(last) + 1):
        yield f"{letters}{number:0{len(first)}}", ""


class RoomsForm(forms.Form):
    """One room, or many at once."""

    rooms = forms.CharField(
        label=_("The rooms, as it stands on their doors"),
        widget=forms.Textarea,
        strip=False,
        help_text=_("One a line, with a name behind it if it has one; or from one to another, like A01-A12."),
        error_messages={"required": _("Write at least one room, like A01.")},
    )
    kind = forms.ChoiceField(label=pgettext_lazy("room", "Kind"), choices=RoomKind.choices, initial=RoomKind.MEDIUM)
    seats = forms.IntegerField(
        label=_("Seats (may be left out)"),
        required=False,
        min_value=1,
        max_value=500,
        error_messages={
            "invalid": _("Write a whole number."),
            "min_value": _("A room has at least one seat."),
            "max_value": _("No room has that many seats."),
        },
    )

    def clean_rooms(self) -> list[tuple[str, str]]:
        found = rooms_written(self.cleaned_data["rooms"])
        if not found:
            raise ValidationError(_("Write at least one room, like A01."))
        return found

    def new(self) -> list[NewRoom]:
        kind, seats = self.cleaned_data["kind"], self.cleaned_data["seats"]
        return [NewRoom(code, name, kind, seats) for code, name in self.cleaned_data["rooms"]]


class RoomForm(forms.Form):
    name = Line(label=_("Name (may be left out)"), most=40)
    kind = forms.ChoiceField(label=pgettext_lazy("room", "Kind"), choices=RoomKind.choices)
    seats = RoomsForm.base_fields["seats"]


class GuestsForm(forms.Form):
    guests = forms.IntegerField(
        label=_("How many guests (may be left out)"),
        required=False,
        min_value=1,
        max_value=500,
        error_messages={
            "invalid": _("Write a whole number."),
            "min_value": _("At least one guest."),
            "max_value": _("No room holds that many."),
        },
    )


# --- hours and shifts -------------------------------------------------------------------------------------------------


class HoursForm(forms.Form):
    """The same hours for the days that are ticked."""

    weekdays = forms.MultipleChoiceField(
        label=_("On these days"),
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one day.")},
    )
    opens = HourField(label=_("Opens at"), required=False)
    closes = ClosingField(label=_("Closes at"), required=False, help_text=_("like 02:00, which is on the next day"))
    is_closed = forms.BooleanField(label=_("Closed on these days"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned["is_closed"]:
            return cleaned
        for name, missing in (("opens", _("Say when it opens.")), ("closes", _("Say when it closes."))):
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, missing)
        if not self.errors.keys() & {"opens", "closes"} and is_against_the_law(cleaned["opens"], cleaned["closes"]):
            self.add_error("closes", AGAINST_THE_LAW)
        return cleaned

    def days(self) -> list[int]:
        return [int(day) for day in self.cleaned_data["weekdays"]]

    def hours(self) -> tuple[time, time] | None:
        said = self.cleaned_data
        return None if said["is_closed"] else (said["opens"], said["closes"])


class ShiftForm(forms.Form):
    name = Line(
        label=_("Shift"),
        most=40,
        required=True,
        help_text=_("One that is there already gets these times."),
        error_messages={"required": _("Say what it is called.")},
    )
    starts = HourField(label=_("Begins at"), error_messages={"required": _("Say when it begins.")})
    ends = ClosingField(label=_("Ends at"), error_messages={"required": _("Say when it ends.")})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts is not None and ends is not None and is_against_the_law(starts, ends):
            self.add_error("ends", AGAINST_THE_LAW)
        return cleaned


# --- the range --------------------------------------------------------------------------------------------------------


class PriceForm(forms.Form):
    price = MoneyField(label=_("Price"), error_messages={"required": _("Say what it costs.")})

    def clean_price(self) -> Money:
        amount = self.cleaned_data["price"]
        if amount < 0:
            raise ValidationError(_("A price is not below zero."))
        return Money(amount)


class WareForm(PriceForm):
    brand = Line(label=_("Brand"), most=60, required=True, error_messages={"required": _("Say of which brand it is.")})
    name = Line(label=_("Product"), most=80, required=True, error_messages={"required": _("Say what it is called.")})
    unit = forms.ChoiceField(label=_("Sold by the"), choices=Unit.choices, initial=Unit.BOTTLE)
    promoted_by = forms.ModelChoiceField(
        label=_("Promoted by (may be left out)"), queryset=Organisation.objects.none(), required=False
    )

    field_order = ("brand", "name", "unit", "price", "promoted_by")

    def __init__(self, *arguments: Any, agencies: QuerySet[Organisation], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["promoted_by"].queryset = agencies  # type: ignore[attr-defined]
        self.fields["promoted_by"].choices = [(one.pk, one.name) for one in agencies]  # type: ignore[attr-defined]

    def ware(self) -> Ware:
        return Ware(**self.cleaned_data)


class CodeForm(forms.Form):
    """The six signs beside the picture on a room's card."""

    code = Line(
        label=_("Code of your room"),
        most=20,
        required=True,
        error_messages={"required": _("Type the six signs that stand beside the picture.")},
    )
