from datetime import UTC, datetime

import pytest

from encore.web.tables import place


def test_a_page_goes_on_where_the_one_before_ended() -> None:
    assert place("2026-03-05T12:00:00+08:00~7") == (datetime(2026, 3, 5, 4, tzinfo=UTC), 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x~1",
        "2026-03-05T12:00:00+08:00",
        "9999-12-31T23:59:59-14:00~1",
        "0001-01-01T00:00:00+14:00~1",
        "2026-03-05T12:00:00~1",
    ],
)
def test_a_mistyped_place_is_as_good_as_none(text: str) -> None:
    assert place(text) is None
