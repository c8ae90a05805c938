"""What people write down about a house."""

from datetime import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from encore.venues.forms import MOST_ROOMS, ClosingField, HoursForm, ShiftForm, rooms_written


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("A01", ["A01"]),
        ("A01\nA02\r\nA03", ["A01", "A02", "A03"]),
        ("A01 A02 A03", ["A01", "A02", "A03"]),
        ("A01、A02，B3", ["A01", "A02", "B3"]),
        ("A01-A03", ["A01", "A02", "A03"]),
        ("A01～A03", ["A01", "A02", "A03"]),
        ("A01 至 03", ["A01", "A02", "A03"]),
        ("V8-V11", ["V8", "V9", "V10", "V11"]),
        ("101到103", ["101", "102", "103"]),
        ("大包666", ["大包666"]),
        ("Ａ０１", ["A01"]),
        ("\n A01 \n\n", ["A01"]),
    ],
)
def test_rooms_are_read_as_people_write_them(text: str, codes: list[str]) -> None:
    assert [code for code, _name in rooms_written(text)] == codes


def test_a_room_may_have_a_name_behind_its_code() -> None:
    assert rooms_written("A01 小红帽厅\nA02\t大 包\nA03") == [("A01", "小红帽厅"), ("A02", "大 包"), ("A03", "")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A01\nA01", "“A01” stands there twice."),
        ("A01-A03 A02", ""),
        ("A03-A01", "leads nowhere"),
        ("A01-B03", "leads nowhere"),
        ("A1-A999", "At most 300 rooms"),
        ("A1-A200\nB1-B200", "At most 300 rooms"),
        ("这个包厢的门上写了很多很多很多很多很多很多字", "too long"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, said: str, english: None) -> None:
    if not said:
        assert rooms_written(text)  # a code with a name that looks like one
        return
    with pytest.raises(ValidationError) as raised:
        rooms_written(text)
    assert said in raised.value.messages[0]


@given(st.text(max_size=300))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    try:
        found = rooms_written(text)
    except ValidationError:
        return
    assert len(found) <= MOST_ROOMS
    assert len({code for code, _name in found}) == len(found)
    assert all(code and len(code) <= 20 and len(name) <= 40 for code, name in found)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("02:00", time(2)),
        ("次日2:00", time(2)),
        ("凌晨 1点半", time(1, 30)),
        ("24:00", time(0)),
        ("26：00", time(2)),
        ("25:30", time(1, 30)),
    ],
)
def test_a_time_on_the_next_day_is_read_as_houses_write_it(typed: str, at: time) -> None:
    assert ClosingField().clean(typed) == at


def test_a_time_that_is_none_is_no_time() -> None:
    for typed in ("30:00", "2", "次日", "24", "24:61"):
        with pytest.raises(ValidationError):
            ClosingField().clean(typed)


def test_hours_need_both_ends_or_the_word_that_it_is_closed(english: None) -> None:
    assert HoursForm({"weekdays": ["0"]}).errors.keys() == {"opens", "closes"}
    assert HoursForm({"weekdays": ["0"], "opens": "18:00"}).errors["closes"] == ["Say when it closes."]
    assert HoursForm({"opens": "18:00", "closes": "02:00"}).errors.keys() == {"weekdays"}
    closed = HoursForm({"weekdays": ["0", "3"], "is_closed": "on"})
    assert (closed.is_valid(), closed.days(), closed.hours()) == (True, [0, 3], None)


def test_what_the_law_forbids_is_said_beside_the_field(english: None) -> None:
    hours = HoursForm({"weekdays": ["5"], "opens": "18:00", "closes": "次日3:00"})
    assert "closed by law" in hours.errors["closes"][0]
    shift = ShiftForm({"name": "通宵", "starts": "22:00", "ends": "06:00"})
    assert "closed by law" in shift.errors["ends"][0]
