"""The habits of Chinese sheets, as vectors."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from encore.imports.register import (
    DAY,
    MOMENT,
    MONEY,
    PHONE,
    WHOLE,
    Column,
    Importer,
    Reader,
    Reading,
    Wrong,
    one_of,
    plain_title,
    text,
)
from encore.imports.sheets import Cell
from encore.web.phones import digits, masked
from tests.cast import CHINA

MARCH_5 = date(2026, 3, 5)
MIDNIGHT = datetime(2026, 3, 5)  # noqa: DTZ001 - cells know no zones
EVENING = datetime(2026, 3, 5, 21, 40)  # noqa: DTZ001


def read(reader: Reader, cell: Cell, year: int | None = None) -> object:
    found = reader.read(cell, Reading(year))
    return reader.load(found) if reader.load else found


@pytest.mark.parametrize(
    "cell",
    ["2026-3-5", "2026/3/5", "2026.3.5", "2026年3月5日", "２０２６年３月５日", "２０２６．３．５", "20260305", 20260305, "46086", 46086,
     46086.0, 46086.75, MIDNIGHT, EVENING, MARCH_5, "2026-03-05 21:40:07",
     "2026/3/5 21:40", "2026年3月5日21点40分", " 2026-3-5 "],
)  # fmt: skip
def test_a_day_is_read_however_the_sheet_has_it(cell: Cell) -> None:
    assert read(DAY, cell) == MARCH_5


@pytest.mark.parametrize("cell", ["3月5日", "3-5", "3/5", "3.5", "３月５日"])
def test_a_day_without_a_year_is_of_the_year_that_was_said(cell: str, english: None) -> None:
    assert read(DAY, cell, 2026) == MARCH_5
    with pytest.raises(Wrong, match="Say above which year"):
        read(DAY, cell)


@pytest.mark.parametrize("cell", ["2026-2-30", "昨天", "", 5, 1e9, True, "1.38E+10", "2月30日"])
def test_what_is_no_day_is_refused(cell: Cell) -> None:
    with pytest.raises(Wrong):
        read(DAY, cell, 2026)


@pytest.mark.parametrize(
    ("cell", "at"),
    [("2026-3-5 21:40", (21, 40)), ("2026/3/5 21:40:00", (21, 40)), (46086.902777778, (21, 40)),
     (EVENING, (21, 40)), ("2026-3-5", (0, 0)), ("２０２６－３－５　２１：４０", (21, 40))],
)  # fmt: skip
def test_a_moment_is_in_the_houses_zone(cell: Cell, at: tuple[int, int]) -> None:
    assert read(MOMENT, cell) == datetime(2026, 3, 5, *at, tzinfo=CHINA)


@pytest.mark.parametrize(
    "cell",
    ["13800138000", "138 0013 8000", "138-0013-8000", "+86 13800138000", "+8613800138000", "0086 138 0013 8000",
     "１３８００１３８０００", 13800138000, 13800138000.0],
)  # fmt: skip
def test_a_telephone_number_is_read_however_the_sheet_has_it(cell: Cell) -> None:
    assert read(PHONE, cell) == "+8613800138000"


def test_a_number_that_the_sheet_rounded_is_refused_with_the_cure(english: None) -> None:
    with pytest.raises(Wrong, match="Format the column as text"):
        read(PHONE, "1.38E+10")


@pytest.mark.parametrize("cell", ["1380013800", "138001380000", "电话", 12345])
def test_what_is_no_telephone_number_is_refused(cell: Cell) -> None:
    with pytest.raises(Wrong):
        read(PHONE, cell)


def test_a_number_is_shown_as_people_here_write_it() -> None:
    assert (digits("+8613800138000"), digits("+861065558888"), digits("+85291234567")) == (
        "13800138000",
        "01065558888",
        "+85291234567",
    )
    assert masked("+8613812341234") == "138****1234"


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("1234.5", "1234.50"), ("¥1,234.50", "1234.50"), ("１２３４．５元", "1234.50"), (1234.5, "1234.50"), (0.1 + 0.2, "0.30"), (38, "38.00"),
     ("-38", "-38.00"), (-12.34, "-12.34"), (19.99 * 100, "1999.00")],
)  # fmt: skip
def test_an_amount_is_read_exactly(cell: Cell, amount: str) -> None:
    assert read(MONEY, cell) == Decimal(amount)


@pytest.mark.parametrize("cell", ["3千", "12.345", 12.345, "abc", True])
def test_what_is_no_amount_is_refused(cell: Cell) -> None:
    with pytest.raises(Wrong):
        read(MONEY, cell)


@pytest.mark.parametrize(("cell", "number"), [("12", 12), (12.0, 12), ("１２", 12), ("-3", -3), ("1,200", 1200)])
def test_a_whole_number_is_read(cell: Cell, number: int) -> None:
    assert read(WHOLE, cell) == number


@pytest.mark.parametrize("cell", [1.5, "1.5", "many", "", "9" * 12])
def test_what_is_no_whole_number_is_refused(cell: Cell) -> None:
    with pytest.raises(Wrong):
        read(WHOLE, cell)


def test_numbers_that_are_words_lose_their_point() -> None:
    assert read(text(20), 666.0) == "666"
    with pytest.raises(Wrong):
        read(text(3), "abcd")


def test_a_word_is_known_by_its_signs_alone() -> None:
    reader = one_of(lambda: {plain_title("现金"): "cash"})
    assert read(reader, " 现 金（元）") == "cash"
    with pytest.raises(Wrong, match="现金"):
        read(reader, "支票")


def importer(*columns: Column) -> Importer:
    return Importer("x", "x", columns)


def test_columns_are_recognised_by_what_sheets_call_them() -> None:
    known = importer(
        Column("product", "Product", text(9), ("商品", "品名")), Column("amount", "Amount", MONEY, ("金额",))
    )
    assert known.mapped(["序号", "品 名", "金额（元）", ""], {}) == {"product": 1, "amount": 2}
    assert known.mapped(["AMOUNT", "product"], {}) == {"product": 1, "amount": 0}


def test_what_was_said_last_time_goes_before_the_names() -> None:
    known = importer(Column("product", "Product", text(9), ("商品",)))
    assert known.mapped(["商品", "我们的酒"], {"product": "我们的酒"}) == {"product": 1}
    assert known.mapped(["商品", "别的"], {"product": "我们的酒"}) == {"product": 0}


def test_one_column_of_a_sheet_is_one_of_ours() -> None:
    known = importer(Column("a", "A", text(9), ("商品",)), Column("b", "B", text(9), ("商品",)))
    assert known.mapped(["商品"], {}) == {"a": 0}
