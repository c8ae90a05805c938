from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from encore.web.clockface import deadline, face, full, moment, span
from encore.web.language import is_converted, number, reading

CHINA = ZoneInfo("Asia/Shanghai")
OPENED = datetime(2026, 3, 10, 22, 40, tzinfo=CHINA)
DUE = OPENED + timedelta(hours=24)


@pytest.mark.parametrize(
    ("state", "after", "share", "words", "tone"),
    [
        ("open", timedelta(0), 100, "还剩 1 天", "calm"),
        ("open", timedelta(hours=20, minutes=48), 13, "还剩 3 小时 12 分", "soon"),
        ("open", timedelta(hours=23, minutes=59, seconds=30), 1, "还剩 不到 1 分钟", "soon"),
        ("open", timedelta(hours=24), 1, "还剩 不到 1 分钟", "soon"),
        ("open", timedelta(hours=25, minutes=5), 0, "已逾期 1 小时 5 分", "overdue"),
        ("breached", timedelta(hours=72), 0, "已逾期 2 天", "overdue"),
        ("suspended", timedelta(hours=30), 100, "暂停计时", "paused"),
        ("fulfilled", timedelta(hours=30), 100, "按时完成", "kept"),
        ("late", timedelta(hours=30), 0, "迟了 3 小时 完成", "missed"),
        ("discharged", timedelta(hours=30), 0, "不再需要", "quiet"),
        ("excused", timedelta(hours=30), 0, "已免除", "quiet"),
    ],
)
def test_a_clock_tells_its_time_in_words(state: str, after: timedelta, share: int, words: str, tone: str) -> None:
    with translation.override("zh-hans"):
        found = face(state, OPENED, DUE, DUE + timedelta(hours=3), OPENED + after)
    assert (found.share, found.words, found.tone) == (share, words, tone)


def test_a_clock_that_owes_something_at_once_has_no_time_to_share() -> None:
    assert face("open", OPENED, OPENED, None, OPENED).share == 1


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=2, hours=3, minutes=59), "2 days 3 h"),
        (timedelta(days=1, minutes=59), "1 day"),
        (timedelta(hours=3, minutes=12, seconds=59), "3 h 12 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_a_span_has_two_units_and_is_never_rounded_up(length: timedelta, words: str) -> None:
    with translation.override("en"):
        assert span(length) == words


NOW = datetime(2026, 3, 11, 1, 30, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 3, 11, 21, 40, tzinfo=CHINA), "今天 21:40"),
        (datetime(2026, 3, 10, 23, 59, tzinfo=CHINA), "昨天 23:59"),
        (datetime(2026, 3, 12, 0, 1, tzinfo=CHINA), "明天 00:01"),
        (datetime(2026, 3, 5, 8, 0, tzinfo=CHINA), "3月5日 08:00"),
        (datetime(2027, 1, 9, 8, 0, tzinfo=CHINA), "2027年1月9日 08:00"),
    ],
)
def test_a_moment_is_told_as_people_say_it(at: datetime, words: str) -> None:
    with translation.override("zh-hans"):
        assert moment(at, NOW) == words


def test_a_deadline_at_midnight_is_the_end_of_the_day_before() -> None:
    midnight = datetime(2026, 3, 12, 0, 0, tzinfo=CHINA)
    with translation.override("zh-hans"):
        assert deadline(midnight, NOW) == "今天 24:00"
        assert moment(midnight, NOW) == "明天 00:00"
        assert "2026年3月12日" in full(midnight)


def test_a_text_is_read_in_the_readers_language_and_made_where_it_can_be() -> None:
    texts = {"zh-Hans": "投诉时限", "en": "time for complaints"}
    for code, expected, made in [
        ("en", "time for complaints", False),
        ("zh-hans", "投诉时限", False),
        ("zh-hant", "投訴時限", True),
    ]:
        with translation.override(code):
            assert (reading(texts), is_converted(texts)) == (expected, made)
    with translation.override("en"):
        assert reading({"zh-Hans": "投诉"}) == "投诉"
        assert number(1234567) == "1,234,567"
