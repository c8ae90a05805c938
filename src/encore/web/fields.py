"""Fields of forms for what people type in more than one way. What is missing is said by the page, not by the browser."""

from abc import ABC, abstractmethod
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.engine.durations import duration
from encore.web.dates import read_amount, read_date, read_decimal, read_moment, read_span, read_time

Text = str | Promise


class Day(forms.TextInput):
    """`2026-3-5`"""


class Hour(forms.TextInput):
    """`21:40`"""


class Moment(forms.TextInput):
    """`2026-3-5 21:40`"""


class Amount(forms.TextInput):
    """`1,234.50`"""


class Span(forms.TextInput):
    """`5 working days`"""


class Percent(forms.TextInput):
    """`12.5%`"""


class Plain(forms.TextInput):
    """`12`"""


class _Read(forms.Field, ABC):
    """What is typed is read by `read`; where that finds nothing, `wrong` says how it is written."""

    wrong: ClassVar[Text]

    @abstractmethod
    def read(self, text: str) -> Any: ...

    def clean(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        found = self.read(text)
        if found is None:
            raise ValidationError(str(self.wrong), code="invalid")
        return found


class DayField(_Read):
    widget = Day
    wrong = _("This is no day of the calendar. Write it like 2026-3-5 or 2026年3月5日.")

    def read(self, text: str) -> date | None:
        return read_date(text)

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class HourField(_Read):
    widget = Hour
    wrong = _("This is no time of day. Write it like 21:40.")

    def read(self, text: str) -> time | None:
        return read_time(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H:%M}" if isinstance(value, time) else value


class MomentField(_Read):
    widget = Moment
    wrong = _("Write the day and the time, like 2026-3-5 21:40.")

    def read(self, text: str) -> datetime | None:
        return read_moment(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{localtime(value):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value


class MoneyField(_Read):
    widget = Amount
    wrong = _("This is no amount of money. Write it like 1,234.50.")

    def read(self, text: str) -> Decimal | None:
        return read_amount(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,.2f}" if isinstance(value, Decimal) else value


class SpanField(_Read):
    """A length of time; gives it as the contract language writes it, such as `5wd`."""

    widget = Span
    wrong = _("Write a number and a unit, like 24 hours, 5 working days or 3 months.")

    def read(self, text: str) -> str | None:
        found = read_span(text)
        try:
            return duration(found).text if found else None
        except ValueError:
            return None  # longer than anybody lives


class PercentField(_Read):
    """A share, typed in percent; gives it as a part of one."""

    widget = Percent
    wrong = _("This is no share. Write it in percent, like 90 or 12.5%.")

    def read(self, text: str) -> Decimal | None:
        found = read_decimal(text.strip().rstrip("%％"))
        return found / 100 if found is not None and 0 <= found <= 100 else None

    def prepare_value(self, value: Any) -> Any:
        return f"{(value * 100).normalize():f}%" if isinstance(value, Decimal) else value


class DecimalField(_Read):
    """A number, whole or not."""

    widget = Plain
    wrong = _("This is no number.")

    def read(self, text: str) -> Decimal | None:
        return read_decimal(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value
