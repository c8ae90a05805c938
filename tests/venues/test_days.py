"""The business day and the shifts of a house."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from encore.accounts.models import User
from encore.venues.models import Shift, Venue, is_against_the_law
from encore.venues.operations import set_shift
from encore.venues.queries import beginning, business_day, running, shift_of
from tests.cast import CHINA
from tests.venues.conftest import EVENING, OPENED

ZONES = ("Asia/Shanghai", "Asia/Taipei", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(ZoneInfo("UTC")))  # noqa: DTZ001 - as hypothesis wants them
ends = st.times().map(lambda at: at.replace(hour=at.hour % 12, second=0, microsecond=0, fold=0))


def house_in(zone: str = "Asia/Shanghai", day_ends: time = time(6)) -> Venue:
    return Venue(name="星河里", zone=zone, day_ends=day_ends)


@given(moments, st.sampled_from(ZONES), ends)
@example(datetime(2024, 10, 27, 0, 45, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", time(2, 30))  # clocks go back
@example(
    datetime(2024, 3, 31, 1, 15, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", time(2, 30)
)  # there is no half past two
@example(datetime(1991, 9, 14, 15, 30, tzinfo=ZoneInfo("UTC")), "Asia/Shanghai", time(0))  # summer time in China
def test_every_moment_belongs_to_exactly_one_day(at: datetime, zone: str, day_ends: time) -> None:
    house = house_in(zone, day_ends)
    day = business_day(at, house)
    assert beginning(day, house) <= at < beginning(day + timedelta(days=1), house)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), st.sampled_from(ZONES), ends)
def test_a_later_moment_is_on_no_earlier_day(at: datetime, later: timedelta, zone: str, day_ends: time) -> None:
    house = house_in(zone, day_ends)
    first, last = business_day(at, house), business_day(at + later, house)
    assert first <= last <= first + later + timedelta(days=2)


@given(moments)
def test_the_next_day_begins_where_this_one_ends(at: datetime) -> None:
    house = house_in()
    end = beginning(business_day(at, house) + timedelta(days=1), house)
    assert business_day(end - timedelta(microseconds=1), house) == business_day(at, house)
    assert business_day(end, house) == business_day(at, house) + timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 10, 20, tzinfo=CHINA), date(2026, 3, 10)),
        (datetime(2026, 3, 11, 0, tzinfo=CHINA), date(2026, 3, 10)),  # 24:00
        (datetime(2026, 3, 11, 5, 59, 59, tzinfo=CHINA), date(2026, 3, 10)),
        (datetime(2026, 3, 11, 6, tzinfo=CHINA), date(2026, 3, 11)),
        (datetime(2028, 3, 1, 1, tzinfo=CHINA), date(2028, 2, 29)),
        (datetime(2027, 3, 1, 1, tzinfo=CHINA), date(2027, 2, 28)),
        (datetime(2027, 1, 1, 2, tzinfo=CHINA), date(2026, 12, 31)),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(moment: datetime, day: date) -> None:
    assert business_day(moment, house_in()) == day


def test_a_day_may_end_at_midnight() -> None:
    house = house_in(day_ends=time(0))
    assert business_day(datetime(2026, 3, 11, 0, tzinfo=CHINA), house) == date(2026, 3, 11)
    assert business_day(datetime(2026, 3, 10, 23, 59, tzinfo=CHINA), house) == date(2026, 3, 10)


def test_the_day_is_counted_in_the_houses_zone() -> None:
    at = datetime(2026, 3, 10, 22, 30, tzinfo=ZoneInfo("UTC"))
    assert business_day(at, house_in()) == date(2026, 3, 11)
    assert business_day(at, house_in("Europe/Berlin")) == date(2026, 3, 10)


SHIFTS = [
    Shift(pk=1, name="早班", starts=time(12), ends=time(18)),
    Shift(pk=2, name="晚班", starts=time(18), ends=time(23)),
    Shift(pk=3, name="夜班", starts=time(23), ends=time(2)),
    Shift(pk=4, name="促销", starts=time(20), ends=time(0)),
]


@pytest.mark.parametrize(
    ("hour", "name"),
    [(12, "早班"), (18, "晚班"), (20, "促销"), (23, "夜班"), (0, "夜班"), (1, "夜班"), (2, None), (11, None)],
)
def test_the_shift_is_the_one_that_began_last(hour: int, name: str | None) -> None:
    found = running(SHIFTS, datetime(2026, 3, 11, hour, tzinfo=CHINA), house_in())
    assert (found.name if found else None) == name


def test_a_shift_that_was_given_up_is_nobodys(house: Venue, zhou: User) -> None:
    from encore.venues.operations import drop_shift

    shift = set_shift(house, "晚班", time(18), time(23), by=zhou, at=OPENED)
    assert shift_of(EVENING, house) == shift
    drop_shift(shift, by=zhou, at=OPENED)
    assert shift_of(EVENING, house) is None


@pytest.mark.parametrize(
    ("opens", "closes", "is_against"),
    [
        (time(18), time(2), False),
        (time(8), time(2), False),
        (time(8), time(23), False),
        (time(0), time(2), False),
        (time(18), time(2, 1), True),
        (time(7, 59), time(12), True),
        (time(3), time(4), True),
        (time(0), time(0), True),
        (time(12), time(12), True),
        (time(20), time(9), True),
        (time(23), time(23, 30), False),
    ],
)
def test_no_business_is_done_from_two_to_eight(opens: time, closes: time, is_against: bool) -> None:
    assert is_against_the_law(opens, closes) is is_against


@given(st.times(), st.times())
def test_hours_are_against_the_law_where_a_minute_of_them_is(opens: time, closes: time) -> None:
    first, last = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
    last += 1440 if last <= first else 0
    shut = any(120 <= minute % 1440 < 480 for minute in range(first, last))
    assert is_against_the_law(opens, closes) is shut
