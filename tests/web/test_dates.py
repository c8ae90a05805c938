from datetime import date, datetime, time
from decimal import Decimal

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from encore.web import fields
from encore.web.dates import read_amount, read_date, read_moment, read_time
from tests.cast import CHINA


@pytest.mark.parametrize(
    "text",
    ["2026-3-5", "2026-03-05", "2026/3/5", "2026.3.5", "2026年3月5日", "2026年3月5号", "２０２６年３月５日", "２０２６－３－５",
     " 2026 - 3 - 5 ", "20260305"],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert read_date(text) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text", ["", "2026-2-30", "2026-13-1", "26-3-5", "2026-3", "5.3.2026", "2026-3-5 21:40", "0000-1-1", "2026年3月"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [("21:40", (21, 40)), ("21：40", (21, 40)), ("２１：４０", (21, 40)), ("21点40分", (21, 40)), ("21點半", (21, 30)),
     ("9点", (9, 0)), ("21时5分", (21, 5)), ("0:00", (0, 0))],
)  # fmt: skip
def test_a_time_is_read_however_it_is_written(text: str, found: tuple[int, int]) -> None:
    assert read_time(text) == time(*found)


@pytest.mark.parametrize("text", ["", "24:00", "21:60", "21:", "2140", "21", "-1:00"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    "text", ["2026-3-5 21:40", "2026年3月5日21点40分", "2026年3月5日 21:40", "2026-03-05T21:40", "2026/3/5  21：40"]
)
def test_a_moment_is_a_day_and_a_time_in_the_houses_zone(text: str) -> None:
    assert read_moment(text) == datetime(2026, 3, 5, 21, 40, tzinfo=CHINA)


@pytest.mark.parametrize("text", ["", "2026-3-5", "21:40", "2026-3-521:40", "2026-2-30 21:40", "2026-3-5 25:00"])
def test_what_lacks_a_day_or_a_time_is_no_moment(text: str) -> None:
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [("1234.5", "1234.50"), ("1,234.50", "1234.50"), ("¥1,234.50", "1234.50"), ("￥１２３４", "1234.00"), ("1234元", "1234.00"),
     ("-0.01", "-0.01"), ("0", "0.00"), ("1,234,567", "1234567.00")],
)  # fmt: skip
def test_an_amount_is_read_however_it_is_written(text: str, found: str) -> None:
    assert read_amount(text) == Decimal(found)


@pytest.mark.parametrize("text", ["", "12,34", "1.234", "1,23", "1e5", "NaN", "一百", "¥", "1234567890123"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert read_amount(text) is None


@given(st.dates(min_value=date(1000, 1, 1)), st.times())
def test_what_fields_write_they_read_again(day: date, hour: time) -> None:
    moment = datetime.combine(day, hour.replace(second=0, microsecond=0), CHINA)
    assert read_date(str(fields.DayField().prepare_value(day))) == day
    assert read_time(str(fields.HourField().prepare_value(hour))) == hour.replace(second=0, microsecond=0)
    if day.year >= 1992:  # before, the zone itself had summer times and odd seconds
        assert read_moment(str(fields.MomentField().prepare_value(moment))) == moment


@given(st.decimals("-999999999.99", "999999999.99", places=2))
def test_an_amount_that_is_written_is_read_again(amount: Decimal) -> None:
    assert read_amount(str(fields.MoneyField().prepare_value(amount))) == amount


class Visit(forms.Form):
    day = fields.DayField()
    until = fields.HourField(required=False)


def test_a_field_says_what_is_wrong_and_keeps_what_was_typed() -> None:
    form = Visit({"day": "2026-2-30", "until": "soon"})
    assert not form.is_valid()
    assert "2026-3-5" in str(form.errors["day"])
    assert form["day"].value() == "2026-2-30"
    assert Visit({"day": ""}).errors.keys() == {"day"}
    left_out = Visit({"day": "2026年3月5日", "until": " "})
    assert left_out.is_valid()
    assert left_out.cleaned_data == {"day": date(2026, 3, 5), "until": None}
