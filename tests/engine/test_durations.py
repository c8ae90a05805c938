"""Durations by the Civil Code, against a second way of counting: day by day, on a calendar of paper."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from encore.engine.calendar import PUBLISHED, Calendar
from encore.engine.durations import Duration, add_months, boundary, calendar_boundary, deadline, duration, start_day
from encore.engine.moments import DAY, HOUR, Zone, Zoneless, from_datetime, zone

ONE_DAY = timedelta(days=1)
LAST_PUBLISHED = 2026  # what the pinned calendar knows; a newer one comes with a change here and in the stories
ZONES = [
    *("Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"),
    *(
        "America/Sao_Paulo",
        "Africa/Cairo",
        "America/Havana",
        "Pacific/Kiritimati",
    ),  # some begin days at 01:00, or twice
]
COUNTED = ["d", "wd", "w", "mo", "q", "y"]
MOST = {"min": 100_000, "h": 2_000, "d": 800, "wd": 300, "w": 120, "mo": 40, "q": 14, "y": 5}


# ---- The second way -----------------------------------------------------------------------------


@cache
def as_pinned() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=range(2000, 2051))


def is_worked(day: date, notices: dict[date, bool]) -> bool:
    return notices.get(day, as_pinned().is_working_day(day))


def days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def months_later(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return date(year, month, min(day.day, days_in(year, month)))


def last_day_by_hand(first: date, amount: int, unit: str, notices: dict[date, bool]) -> tuple[date, set[date]]:
    """The last day that is counted after `first`, moved to a working day, and the days that had to be looked up."""
    day, looked_up = first, set()
    if unit == "wd":
        while amount:
            day += ONE_DAY
            looked_up.add(day)
            amount -= is_worked(day, notices)
    elif unit in ("d", "w"):
        for _ in range(amount * (7 if unit == "w" else 1)):
            day += ONE_DAY
    else:
        day = months_later(day, amount * {"mo": 1, "q": 3, "y": 12}[unit])
    looked_up.add(day)
    while not is_worked(day, notices):
        day += ONE_DAY
        looked_up.add(day)
    return day, looked_up


def local_date(moment: int, place: Zone) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(ZoneInfo(place.key)).date()


def ends_at_24_of(moment: int, day: date, place: Zone) -> bool:
    """The moment is the first that no longer belongs to the day or to one before it."""
    return local_date(moment - 1, place) <= day < local_date(moment, place)


def at(text: str) -> int:
    """A moment in China."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")))


def china() -> Zone:
    return zone("Asia/Shanghai")


def due(start: str, span: str, calendar: Calendar = PUBLISHED, *, after: bool = False) -> str:
    """The deadline in China, with a mark if it is provisional."""
    found = deadline(at(start), duration(span), china(), calendar, after=after)
    return china().text(found.moment).removesuffix(":00+08:00") + (" provisional" if found.provisional else "")


ANY_MOMENT = st.integers(at("2003-01-01"), at("2041-01-01"))
ON_THE_HOUR = ANY_MOMENT.map(lambda moment: moment // HOUR * HOUR)
MIDNIGHTS = ANY_MOMENT.map(lambda moment: (moment + 8 * HOUR) // DAY * DAY - 8 * HOUR)  # in China
MOMENTS = ANY_MOMENT | ON_THE_HOUR | MIDNIGHTS
PLACES = st.sampled_from(ZONES).map(zone)


@st.composite
def spans(draw: st.DrawFn, units: list[str]) -> Duration:
    unit = draw(st.sampled_from(units))
    return duration(f"{draw(st.integers(0, MOST[unit]))}{unit}")


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, dict[date, bool], set[int]]:
    """A calendar with notices laid over it, the same as days off (False) and worked (True), and the years they are for."""
    calendar = PUBLISHED
    days: dict[date, bool] = {}
    years: set[int] = set()
    for _ in range(draw(st.integers(0, 3))):
        year = draw(st.integers(2024, 2031))
        named = draw(st.lists(st.dates(date(year - 1, 12, 20), date(year + 1, 1, 10)), max_size=20, unique=True))
        off, work = named[::2], named[1::2]
        calendar = calendar.with_notice(year, off, work)
        days |= dict.fromkeys(off, False) | dict.fromkeys(work, True)
        years.add(year)
    return calendar, days, years


# ---- The two agree ------------------------------------------------------------------------------


@given(MOMENTS, spans(COUNTED), PLACES)
def test_days_are_counted_as_on_paper(start: int, span: Duration, place: Zone) -> None:
    day, looked_up = last_day_by_hand(local_date(start, place), span.amount, span.unit, {})
    found = deadline(start, span, place, PUBLISHED)
    assert ends_at_24_of(found.moment, day, place)
    assert found.provisional == any(day.year > LAST_PUBLISHED for day in looked_up)


@given(st.integers(at("2024-06-01"), at("2031-06-01")), spans(COUNTED), calendars())
def test_days_are_counted_as_on_paper_under_notices(
    start: int, span: Duration, published: tuple[Calendar, dict[date, bool], set[int]]
) -> None:
    calendar, notices, years = published
    day, looked_up = last_day_by_hand(local_date(start, china()), span.amount, span.unit, notices)
    found = deadline(start, span, china(), calendar)
    assert ends_at_24_of(found.moment, day, china())
    guessed = any(day.year > LAST_PUBLISHED and day.year not in years for day in looked_up)
    assert found.provisional == guessed


@given(MOMENTS, spans(COUNTED), PLACES)
def test_grace_counts_from_the_day_that_ended(end: int, span: Duration, place: Zone) -> None:
    """24:00 of a day is written 00:00 of the next and belongs to the day that ends."""
    day, _ = last_day_by_hand(local_date(end - 1, place), span.amount, span.unit, {})
    assert ends_at_24_of(deadline(end, span, place, PUBLISHED, after=True).moment, day, place)


@given(MOMENTS, spans(["min", "h"]), PLACES, st.booleans())
def test_minutes_and_hours_run_through_everything(start: int, span: Duration, place: Zone, after: bool) -> None:
    found = deadline(start, span, place, PUBLISHED, after=after)
    length = timedelta(hours=span.amount) if span.unit == "h" else timedelta(minutes=span.amount)
    assert (found.moment - start, found.provisional) == (length // timedelta(microseconds=1), False)


@given(MOMENTS, spans(["d", "w", "mo", "q", "y"]), st.integers(1, 12), PLACES)
def test_a_boundary_is_counted_from_the_start_and_not_moved_for_holidays(
    anchor: int, every: Duration, times: int, place: Zone
) -> None:
    assume(every.amount)
    first, amount = local_date(anchor, place), every.amount * times
    if every.unit in ("d", "w"):
        day = first + timedelta(days=amount * (7 if every.unit == "w" else 1))
    else:
        day = months_later(first, amount * {"mo": 1, "q": 3, "y": 12}[every.unit])
    assert ends_at_24_of(boundary(anchor, every, times, place), day, place)


@given(MOMENTS, spans(["mo", "q", "y"]), st.integers(1, 6), PLACES)
def test_a_calendar_boundary_is_where_months_quarters_and_years_end(
    anchor: int, every: Duration, times: int, place: Zone
) -> None:
    assume(every.amount)

    def ends() -> Iterator[date]:
        """The last days of the units from the anchor's own on."""
        year, month = (day := local_date(anchor, place)).year, day.month
        while True:
            if month % {"mo": 1, "q": 3, "y": 12}[every.unit] == 0:
                yield date(year, month, days_in(year, month))
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    wanted = (times - 1) * every.amount  # the first period is what is left of the current unit
    day = next(end for number, end in enumerate(ends()) if number == wanted)
    assert ends_at_24_of(calendar_boundary(anchor, every, times, place), day, place)


@given(st.dates(date(1800, 1, 1), date(2400, 1, 1)), st.integers(0, 5_000))
def test_months_are_added_as_on_paper(day: date, months: int) -> None:
    assert date.fromordinal(add_months(day.toordinal(), months)) == months_later(day, months)


@given(st.dates(date(1999, 12, 1), date(2051, 2, 1)))
def test_a_working_day_is_what_the_pinned_calendar_says(day: date) -> None:
    known = holidays.country_holidays("CN", years=range(day.year - 1, day.year + 2))
    assert PUBLISHED.is_working(day.toordinal()) == known.is_working_day(day)


# ---- The zone -----------------------------------------------------------------------------------


@given(MOMENTS, PLACES)
def test_a_moment_belongs_to_its_local_day_and_is_written_in_its_zone(moment: int, place: Zone) -> None:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(ZoneInfo(place.key))
    assert place.day(moment) == local.toordinal()
    assert place.text(moment) == local.isoformat()


def test_a_day_that_a_zone_left_out_has_no_moments() -> None:
    samoa = zone("Pacific/Apia")  # went from 29 to 31 December 2011
    friday = from_datetime(datetime(2011, 12, 30, 10, tzinfo=UTC))
    assert [date.fromordinal(samoa.day(moment)).day for moment in (friday - 1, friday, friday + DAY)] == [29, 31, 1]
    assert samoa.midnight(date(2011, 12, 30).toordinal()) == samoa.midnight(date(2011, 12, 31).toordinal()) == friday


def test_a_zone_that_does_not_exist_is_refused() -> None:
    for key in ("Mars/Phobos", "../Asia/Shanghai", "/etc/localtime", " ", "Asia"):
        with pytest.raises(ValueError, match=re.escape(key)):
            zone(key)


def test_a_time_without_an_offset_is_no_moment() -> None:
    with pytest.raises(Zoneless):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault itself


# ---- Worked by hand -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        # Working days over a week of holidays that is paid for with a Saturday.
        ("2026-09-28T10:00", "5wd", "2026-10-11T00:00"),  # 24:00 of Saturday 10 October, which is worked
        ("2026-02-12T10:00", "5wd", "2026-02-27T00:00"),  # 13, Saturday 14 (worked), 24, 25, 26 February
        # A last day on a holiday.
        ("2026-09-07T10:00", "30d", "2026-10-09T00:00"),  # 7 October → 8 October
        ("2026-01-31T10:00", "0d", "2026-02-03T00:00"),  # a Saturday → Monday
        ("2026-02-28T10:00", "0d", "2026-03-01T00:00"),  # a Saturday that is worked
        # Months.
        ("2026-01-31T10:00", "1mo", "2026-03-01T00:00"),  # 28 February, a worked Saturday
        ("2024-01-31T10:00", "1mo", "2024-03-01T00:00"),  # 29 February
        ("2024-02-29T10:00", "1y", "2025-03-01T00:00"),  # 28 February
        ("2026-08-31T10:00", "6mo", "2027-03-02T00:00 provisional"),  # 28 February 2027 is a Sunday → 1 March
        ("2025-11-30T10:00", "1q", "2026-03-01T00:00"),
        # The day of the start is not counted, whenever in the day it is.
        ("2026-03-02T00:00", "1d", "2026-03-04T00:00"),
        ("2026-03-02T23:59:59", "1d", "2026-03-04T00:00"),
        # At once, and the same day.
        ("2026-03-02T10:00", "0h", "2026-03-02T10:00"),
        ("2026-03-02T10:00", "0wd", "2026-03-03T00:00"),
        ("2026-02-15T23:45", "30min", "2026-02-16T00:15"),
        # A year whose holidays are not published.
        ("2026-12-30T10:00", "5wd", "2027-01-08T00:00 provisional"),
        ("2026-12-30T10:00", "1wd", "2027-01-01T00:00"),
        ("2026-12-30T10:00", "48h", "2027-01-01T10:00"),
        ("2026-12-31T10:00", "0d", "2027-01-01T00:00"),
        ("2027-01-04T10:00", "0d", "2027-01-05T00:00 provisional"),
    ],
)
def test_a_deadline_falls_where_it_was_worked_out(start: str, span: str, expected: str) -> None:
    assert due(start, span) == expected


@pytest.mark.parametrize(
    ("end", "grace", "expected"),
    [
        ("2026-04-01T00:00", "3d", "2026-04-04T00:00"),  # 1 April is the first day
        ("2026-04-01T00:00", "5d", "2026-04-08T00:00"),  # 5 and 6 April are holidays: Tuesday 7 April
        ("2026-04-01T00:00", "5wd", "2026-04-09T00:00"),  # 1, 2, 3, 7, 8 April
        ("2026-04-01T00:00", "0d", "2026-04-01T00:00"),
        ("2026-02-01T00:00", "0d", "2026-02-03T00:00"),  # 31 January is a Saturday
        ("2026-04-01T00:00", "1mo", "2026-05-01T00:00"),  # counted from 31 March: 30 April
        ("2026-04-01T00:00", "24h", "2026-04-02T00:00"),
        ("2026-04-01T10:00", "3d", "2026-04-08T00:00"),  # an end within a day: 2, 3, 4 April (a holiday) → 7 April
    ],
)
def test_grace_falls_where_it_was_worked_out(end: str, grace: str, expected: str) -> None:
    assert due(end, grace, after=True) == expected


def test_months_never_drift_for_they_are_counted_from_the_start() -> None:
    ends = [china().text(boundary(at("2026-01-31T10:00"), duration("1mo"), times, china()))[:10] for times in (1, 2, 3)]
    assert ends == ["2026-03-01", "2026-04-01", "2026-05-01"]
    ends = [china().text(boundary(at("2024-02-29T10:00"), duration("1y"), times, china()))[:10] for times in (1, 2, 4)]
    assert ends == ["2025-03-01", "2026-03-01", "2028-03-01"]


def test_periods_of_hours_keep_the_hour_and_those_of_days_end_at_midnight() -> None:
    anchor = at("2026-02-12T10:00")
    assert china().text(boundary(anchor, duration("36h"), 3, china())) == "2026-02-16T22:00:00+08:00"
    assert china().text(boundary(anchor, duration("3d"), 2, china())) == "2026-02-19T00:00:00+08:00"
    assert china().text(boundary(at("2026-03-01T00:00"), duration("1d"), 1, china(), after=True))[:10] == "2026-03-02"


def test_what_is_left_of_a_unit_is_the_first_period_also_on_its_first_and_last_day() -> None:
    def ends(anchor: str, every: str) -> list[str]:
        return [china().text(calendar_boundary(at(anchor), duration(every), n, china()))[:10] for n in (1, 2)]

    assert ends("2026-02-01T00:00", "1mo") == ["2026-03-01", "2026-04-01"]
    assert ends("2026-01-31T23:59:59", "1mo") == ["2026-02-01", "2026-03-01"]
    assert ends("2026-02-15T10:00", "2mo") == ["2026-03-01", "2026-05-01"]
    assert ends("2026-12-31T10:00", "1q") == ["2027-01-01", "2027-04-01"]
    assert ends("2026-02-15T10:00", "2y") == ["2027-01-01", "2029-01-01"]


def test_a_day_in_the_zone_of_the_edition_is_not_a_day_in_utc() -> None:
    start = from_datetime(datetime(2026, 3, 2, 20, tzinfo=UTC))  # already Tuesday in China
    assert china().text(deadline(start, duration("1d"), china(), PUBLISHED).moment) == "2026-03-05T00:00:00+08:00"
    berlin = zone("Europe/Berlin")
    assert berlin.text(deadline(start, duration("1d"), berlin, PUBLISHED).moment) == "2026-03-04T00:00:00+01:00"
    # The night in which the clocks change has 23 hours, and a deadline in hours has not.
    assert berlin.text(deadline(at("2026-03-28T20:00"), duration("24h"), berlin, PUBLISHED).moment)[11:16] == "14:00"


# ---- Notices ------------------------------------------------------------------------------------


def test_a_published_notice_makes_its_year_certain_and_moves_what_is_counted() -> None:
    notice = PUBLISHED.with_notice(2027, [date(2027, 1, 1), date(2027, 1, 4)], [date(2027, 1, 2)])
    assert due("2026-12-30T10:00", "5wd") == "2027-01-08T00:00 provisional"
    assert due("2026-12-30T10:00", "5wd", notice) == "2027-01-08T00:00"  # 31, Saturday 2, 5, 6, 7
    assert due("2026-12-31T10:00", "1wd", notice) == "2027-01-03T00:00"  # Saturday 2 January is worked
    assert due("2027-12-31T10:00", "1wd", notice).endswith(" provisional")


def test_a_notice_counts_for_the_days_it_names_in_neighbouring_years_too() -> None:
    notice = PUBLISHED.with_notice(2027, [date(2026, 12, 31)], [date(2026, 12, 26)])
    assert due("2026-12-25T10:00", "1wd", notice) == "2026-12-27T00:00"
    assert due("2026-12-30T10:00", "1wd", notice) == "2027-01-05T00:00"
    assert due("2026-12-30T10:00", "1wd") == "2027-01-01T00:00"


def test_of_two_notices_the_later_speaks_last() -> None:
    first = PUBLISHED.with_notice(2027, [date(2027, 1, 4)], [date(2027, 1, 2)])
    second = first.with_notice(2027, [date(2027, 1, 2)], [date(2027, 1, 4)])
    assert due("2026-12-31T10:00", "1wd", second) == "2027-01-05T00:00"
    assert due("2026-12-31T10:00", "1wd", first) == "2027-01-03T00:00"  # the earlier calendar stays what it was


def test_a_year_may_be_published_before_the_one_before_it() -> None:
    notice = PUBLISHED.with_notice(2028, [], [])
    assert due("2027-06-01T10:00", "1y", notice) == "2028-06-02T00:00"  # only the last day is looked up
    assert "provisional" not in due("2027-12-31T10:00", "5wd", notice)
    assert due("2027-12-30T10:00", "5wd", notice).endswith(" provisional")


def test_a_year_is_published_as_far_as_the_pinned_calendar_knows_its_make_up_days() -> None:
    assert [PUBLISHED.is_published(year) for year in (1960, 2025, 2026, 2027, 2100)] == [True, True, True, False, False]


def test_beyond_the_computed_festivals_only_weekends_are_off() -> None:
    assert due("2150-09-30T10:00", "1wd") == "2150-10-02T00:00 provisional"  # a Thursday in the week of the holiday
    assert due("1930-09-30T10:00", "3d") == "1930-10-04T00:00"


# ---- What is read -------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", MOST)
def test_a_duration_is_a_whole_number_of_one_unit(unit: str) -> None:
    assert (duration(f"12{unit}").amount, duration(f"12{unit}").unit, duration(f"012{unit}").amount) == (12, unit, 12)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "h",
            "5",
            "24 h",
            " 24h",
            "24h ",
            "24h\n",
            "24H",
            "1.5h",
            "1,5h",
            "+1d",
            "-1d",
            "--1d",
            "1d12h",
            "1m",
            "1s",
        ),
        *(
            "５d",
            "5ｄ",
            "٣d",
            "five days",
            "1e3d",
            "0x1d",
            "PT24H",
            "12345678h",
            "8760001h",
            "365001d",
            "1001y",
            "4001q",
        ),
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its text is the text that was refused
        duration(text)
    assert refused.value.args == (text,)


def test_an_offset_may_be_signed_and_goes_back_by_months_as_it_goes_forth() -> None:
    assert (duration("-1mo", signed=True).months, duration("-2w", signed=True).amount) == (-1, -2)
    assert (duration("-1q", signed=True).months, duration("-24h", signed=True).elapsed) == (-3, -24 * HOUR)
    with pytest.raises(ValueError, match="-"):
        duration("-1mo")
    back = {
        "2026-12-31": "2026-11-30",
        "2027-03-31": "2027-02-28",
        "2024-03-31": "2024-02-29",
        "2026-01-15": "2025-12-15",
    }
    for end, expected in back.items():
        assert date.fromordinal(add_months(date.fromisoformat(end).toordinal(), -1)).isoformat() == expected


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(-2_000, 2_000))
def test_adding_months_keeps_the_day_or_the_last_there_is(day: date, months: int) -> None:
    found = date.fromordinal(add_months(day.toordinal(), months))
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == min(day.day, days_in(found.year, found.month))


@given(MOMENTS, PLACES)
def test_an_end_written_00_00_belongs_to_the_day_that_ends(moment: int, place: Zone) -> None:
    assert date.fromordinal(start_day(moment, place, after=True)) == local_date(moment - 1, place)
    assert date.fromordinal(start_day(moment, place, after=False)) == local_date(moment, place)


def test_a_deadline_beyond_the_calendar_is_an_error() -> None:
    for span in ("1000y", "12000mo", "365000d", "250000wd"):
        with pytest.raises((ValueError, OverflowError)):
            deadline(at("9800-01-01T10:00"), duration(span), china(), PUBLISHED)
