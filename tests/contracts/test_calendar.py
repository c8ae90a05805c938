"""The yearly holiday notice: read, looked at, recorded; and the deadlines that it moves."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from encore.accounts.models import Organisation, User
from encore.contracts import operations, queries
from encore.contracts.models import Contract
from encore.contracts.operations import CannotPublish
from encore.engine.calendar import PUBLISHED, Notice
from encore.ledger.models import Clock, Event
from encore.web.notice_text import read_days, read_notice, spans, written
from tests.cast import CHINA, DAY, EDITION, agreed, complain, recording_at, signed_in

# In the form of every year's notice, with the days of one that is known.
TOLD = """国务院办公厅关于2026年部分节假日安排的通知
国办发明电〔2025〕7号
经国务院批准，现将2026年各节日放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
2025年11月4日"""


def test_the_text_of_a_notice_gives_the_days_that_are_known_of_its_year() -> None:
    read = read_notice(TOLD, 2031)
    assert read.year == 2026
    year = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    for day in year:
        works = day in read.work or (day.weekday() < 5 and day not in read.off)
        assert works == PUBLISHED.is_working(day.toordinal()), day
    assert read.unread == ("2025年11月4日",), "what is neither off nor worked is told, not guessed"


@pytest.mark.parametrize(
    ("text", "off", "work"),
    [
        ("一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。", [(2022, 12, 31), (2023, 1, 1), (2023, 1, 2)], []),
        ("元旦：１月１日放假，与周末连休。", [(2023, 1, 1)], []),
        ("1月28日（星期六）、29日（星期日）上班。", [], [(2023, 1, 28), (2023, 1, 29)]),
        ("6月30日放假。7月31日至9月31日放假", [(2023, 6, 30)], []),
        ("没有日期的通知", [], []),
        ("13月40日放假。", [], []),
    ],
)  # fmt: skip
def test_a_notice_is_read_as_it_is_written(
    text: str, off: list[tuple[int, int, int]], work: list[tuple[int, int, int]]
) -> None:
    read = read_notice(text, 2023)
    assert sorted(read.off) == [date(*day) for day in off]
    assert sorted(read.work) == [date(*day) for day in work]


@given(st.sets(st.dates(date(2026, 12, 20), date(2028, 1, 10)), max_size=40))
def test_days_that_are_written_out_are_read_again(days: set[date]) -> None:
    read, unread = read_days(written(days), 2027)
    assert read == days
    assert unread == []
    assert sum((last - first).days + 1 for first, last in spans(days)) == len(days)


def test_days_are_read_in_the_ways_people_write_them() -> None:
    read, unread = read_days("2027-2-5 至 2027-2-7，1月1日\n10/1, 2027年5月1日到3日；鬼", 2027)
    assert {(day.month, day.day) for day in read} == {(2, 5), (2, 6), (2, 7), (1, 1), (10, 1), (5, 1), (5, 2), (5, 3)}
    assert unread == ["鬼"]


# --- what it moves ----------------------------------------------------------------------------------------------------

LATE_IN_THE_YEAR = datetime(2030, 12, 27, 10, tzinfo=CHINA)  # a Friday, of a year of which no notice is known
NOTICE = Notice(2031, frozenset({date(2031, 1, 1), date(2031, 1, 2), date(2031, 1, 3)}), frozenset({date(2031, 1, 4)}))
IN_DAYS = EDITION.replace(b'within = "24h"', b'within = "5wd"')


@pytest.fixture
def in_days(zhou: User, agency: Organisation) -> Contract:
    return agreed(IN_DAYS, zhou, agency, since=LATE_IN_THE_YEAR - 60 * DAY)


@pytest.fixture
def that_winter() -> Iterator[None]:
    with (
        recording_at(LATE_IN_THE_YEAR + DAY),
        patch("encore.contracts.views.calendar.now", return_value=LATE_IN_THE_YEAR + DAY),
        patch("encore.contracts.views.calendar.localdate", return_value=LATE_IN_THE_YEAR.date()),
    ):
        yield


@pytest.fixture
def provisional(in_days: Contract, that_winter: None) -> Clock:
    complain(in_days, at=LATE_IN_THE_YEAR)
    return Clock.objects.filter(provisional=True, noun="complaint").earliest("pk")


def form(**more: str) -> dict[str, str]:
    return {"year": "2031", "off": written(NOTICE.off), "work": written(NOTICE.work), **more}


@pytest.fixture
def desk(zhou: User) -> Client:
    client = signed_in(zhou)
    session = client.session
    session.set_expiry(None)
    session.save()
    return client


def test_the_page_tells_what_moves_before_it_is_recorded_and_so_it_comes(desk: Client, provisional: Clock) -> None:
    page = desk.post("/calendar/", form()).content.decode()
    table = page.partition("Deadlines that move")[2].partition("</table>")[0]
    told = [datetime.fromisoformat(one) for one in re.findall(r'<time datetime="([^"]+)"', table)]
    assert (told[0], len(told) % 2) == (provisional.due_at, 0)
    assert told[1] != told[0]
    assert not Event.objects.filter(type="calendar.published").exists(), "so far it was only looked at"

    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen
    assert desk.post("/calendar/", form(seen=seen[1])).status_code == 302
    provisional.refresh_from_db()
    assert provisional.due_at == told[1]
    moved = {clock.due_at for clock in Clock.objects.filter(noun="complaint")}
    assert set(told[1::2]) <= moved


def test_what_was_not_looked_at_is_not_recorded(desk: Client, provisional: Clock) -> None:
    assert desk.post("/calendar/", form(seen="0" * 64)).status_code == 200
    assert not Event.objects.filter(type="calendar.published").exists()


def test_the_same_notice_is_recorded_once_and_a_later_one_speaks_last(
    provisional: Clock, in_days: Contract, zhou: User
) -> None:
    at = LATE_IN_THE_YEAR + DAY
    assert operations.publish_calendar(NOTICE, by=zhou, at=at) == [in_days]
    with pytest.raises(CannotPublish):
        operations.publish_calendar(NOTICE, by=zhou, at=at)
    provisional.refresh_from_db()
    first = provisional.due_at
    longer = Notice(2031, NOTICE.off | {date(2031, 1, 6), date(2031, 1, 7)}, NOTICE.work)
    assert operations.publish_calendar(longer, by=zhou, at=at) == [in_days]
    provisional.refresh_from_db()
    assert provisional.due_at - first == 2 * DAY
    assert queries.notices(in_days) == [NOTICE, longer]


def test_the_pasted_text_is_read_into_the_fields(desk: Client, in_days: Contract) -> None:
    page = desk.post("/calendar/", {"year": "2031", "text": TOLD, "read": "1"}).content.decode()
    assert "2026-02-15 至 2026-02-23" in page
    assert "2026-02-28" in page
    assert 'value="2026"' in page
    assert "2025年11月4日" in page
    unreadable = desk.post("/calendar/", {"year": "2031", "text": "放假通知", "read": "1"})
    assert unreadable.status_code == 422
    assert "放假通知" in unreadable.content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"off": ""}, "A year has days off"),
        ({"off": "neulich"}, "No days of that year: neulich"),
        ({"off": "2029-5-1"}, "No days of that year: 2029-05-01"),
        ({"work": "2031-1-6"}, "No weekend days: 2031-01-06"),
        ({"off": "2031-1-4", "work": "2031-1-4"}, "Off and worked at once: 2031-01-04"),
        ({"year": "zwei"}, "This is no number."),
        ({"year": "1999"}, "This is no year that a contract runs in."),
    ],
)
def test_what_no_notice_says_is_refused_beside_its_field(
    desk: Client, in_days: Contract, wrong: dict[str, str], said: str
) -> None:
    answer = desk.post("/calendar/", form(**wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_recording_it_is_for_managers(lin: User, contract: Contract) -> None:
    assert signed_in(lin).get("/calendar/").status_code == 200
    assert signed_in(lin).post("/calendar/", form()).status_code == 403


@pytest.mark.parametrize(
    ("at", "missing"),
    [
        (datetime(2030, 11, 30, 23, 59, tzinfo=CHINA), None),
        (datetime(2030, 12, 1, 0, 0, tzinfo=CHINA), 2031),
        (datetime(2030, 12, 31, 23, 59, tzinfo=CHINA), 2031),
        (datetime(2031, 1, 1, 0, 0, tzinfo=CHINA), None),
    ],
)
def test_december_asks_for_the_next_year_as_long_as_nobody_has_told_it(
    in_days: Contract, zhou: User, that_winter: None, at: datetime, missing: int | None
) -> None:
    assert queries.year_missing(in_days, at) == missing
    operations.publish_calendar(NOTICE, by=zhou, at=LATE_IN_THE_YEAR)
    assert queries.year_missing(in_days, at) is None
