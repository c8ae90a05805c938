import re
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore.accounts.models import User
from encore.web import charts, samples
from encore.web.charts import Chart, Estimate, Limit, Series, TooFew, pareto
from tests.cast import signed_in


def chart(*series: Series, **more: Any) -> Chart:
    return Chart("one", "Complaints", "Month", ["May", "June"], series, **more)


def shown(one: Chart) -> list[list[str]]:
    return [[cell.shown for cell in cells] for _name, cells in one.rows]


def test_an_estimate_never_stands_without_its_interval_and_n(english: None) -> None:
    one = chart(Series("Satisfied", [Estimate(0.62, 0.48, 0.74, 1041), TooFew(3)], "point"), kind="percent")
    assert shown(one) == [["62% (48% to 74%), n = 1,041"], ["too few to say, n = 3"]]
    with pytest.raises(TypeError, match="interval"):
        Series("Satisfied", [0.62, None])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "wrong", [(0.7, 0.8, 0.9, 5), (0.7, 0.6, 0.65, 5), (0.7, 0.6, 0.8, 0), (0.7, 0.6, float("inf"), 5)]
)
def test_an_interval_lies_about_its_estimate(wrong: tuple[float, float, float, int]) -> None:
    with pytest.raises(ValueError, match="Estimate"):
        Estimate(*wrong)


def test_an_estimate_is_no_bar() -> None:
    with pytest.raises(TypeError, match="bar"):
        Series("Satisfied", [Estimate(0.62, 0.48, 0.74, 41)], "bar")


def test_every_series_has_a_value_for_each_category() -> None:
    with pytest.raises(ValueError, match="each category"):
        chart(Series("Complaints", [1, 2, 3]))


def test_counts_and_money_are_written_as_the_reader_writes_them(english: None) -> None:
    assert shown(chart(Series("Complaints", [1200, None]))) == [["1,200"], ["–"]]
    assert shown(chart(Series("Paid", [Decimal("1234.5"), Decimal(0)]), kind="money")) == [["¥1,234.50"], ["¥0.00"]]


def test_what_stands_out_and_the_limits_are_told_in_the_table_too(english: None) -> None:
    one = chart(Series("Rate", [Decimal("6.4"), 2], "line", marked={0: "above"}), limits=[Limit("upper", 5.25)])
    assert one.rows[0][1][0].mark == "above"
    assert one.bounds == [("upper", "5.25")]


def test_a_pareto_chart_puts_the_most_frequent_first_and_ends_at_all(english: None) -> None:
    one = pareto("one", "About", "Reason", {"bill": 3, "noise": 0, "waiting": 9, "wine": 4})
    assert list(one.categories) == ["waiting", "wine", "bill"]
    assert shown(one) == [["9", "56%"], ["4", "81%"], ["3", "100%"]]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 50)))
def test_the_shares_of_a_pareto_chart_only_grow(counts: dict[str, int]) -> None:
    one = pareto("one", "About", "Reason", dict(counts))
    shares = one.drawing["series"][1]["values"]
    assert shares == sorted(shares)
    assert one.is_empty if not sum(counts.values()) else shares[-1] == pytest.approx(1)
    assert one.drawing["series"][0]["values"] == sorted((one for one in counts.values() if one), reverse=True)


def test_what_is_drawn_is_what_stands_in_the_table(zhou: User, english: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "BUNDLE", "encore/kit.js")  # whether or not it could be built here
    page = signed_in(zhou).get("/kit/").content.decode()
    for one in samples.charts():
        if one.is_empty:
            continue
        (found,) = re.findall(rf'<script id="{one.id}" type="application/json">(.*?)</script>', page)
        drawing = orjson.loads(found)
        for place, series in enumerate(drawing["series"]):
            assert series["shown"] == [cells[place].shown for _name, cells in one.rows]
            assert len(series["values"]) == len(drawing["categories"]) == len(one.rows)


def test_without_what_draws_the_tables_stand_open(zhou: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "BUNDLE", "encore/built/nowhere.js")
    page = signed_in(zhou).get("/kit/").content.decode()
    assert "charts.js" not in page
    assert "data-chart" not in page
    assert page.count('<details class="chart-numbers" open>') == sum(not one.is_empty for one in samples.charts()) + 1
