from contextlib import suppress
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from encore.imports import sheets
from encore.imports.sheets import Unreadable, lines
from tests.imports.sheets import book, cells

TEXT = "手机,称呼\r\n13800138000,王女士\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_however_it_is_encoded(encoding: str) -> None:
    assert list(lines(TEXT.encode(encoding))) == [(1, ["手机", "称呼"]), (2, ["13800138000", "王女士"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_whatever_divides_it(delimiter: str) -> None:
    assert list(lines(TEXT.replace(",", delimiter).encode()))[1] == (2, ["13800138000", "王女士"])


def test_rows_keep_the_numbers_that_the_sheet_gives_them() -> None:
    content = book(("手机",), (), ("",), (None, "a"), ("b",))
    assert [number for number, _cells in lines(content)] == [1, 4, 5]
    assert [number for number, _cells in lines("手机\n\n\nb\n".encode())] == [1, 4]


def test_blank_rows_and_columns_never_end_a_sheet() -> None:
    content = book(("a", None, None, "b"), *[()] * 500, (None, None, None, "last"))
    assert list(lines(content))[-1] == (502, [None, None, None, "last"])


def test_what_is_merged_downwards_stands_in_each_row() -> None:
    content = book(
        ("日期", "商品"), ("2026.3.5", "甲"), (None, "乙"), (None, "丙"), ("2026.3.6", "丁"), merged=["A2:A4"]
    )
    assert [row[0] for _number, row in lines(content)] == ["日期", "2026.3.5", "2026.3.5", "2026.3.5", "2026.3.6"]


def test_what_is_merged_sideways_stands_once() -> None:
    content = book(("三月销售明细", None), ("商品", "数量"), merged=["A1:B1"])
    assert next(lines(content)) == (1, ["三月销售明细"])


def test_dates_and_numbers_of_a_sheet_are_not_made_to_text() -> None:
    moment = datetime(2026, 3, 5, 21, 40)  # noqa: DTZ001 - cells know no zones
    assert list(lines(book((moment, 12.5, 13800138000, True)))) == [(1, [moment, 12.5, 13800138000, True])]


def test_the_first_sheet_that_can_be_seen_is_read() -> None:
    workbook = load_workbook(BytesIO(book(("hidden",), more=["seen"])))
    workbook.worksheets[0].sheet_state = "hidden"
    workbook["seen"].append(["this"])
    workbook.active = 1
    content = BytesIO()
    workbook.save(content)
    assert list(lines(content.getvalue())) == [(1, ["this"])]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 no zip", "no XLSX file"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 100, "old Excel"),
        (b"\x00\x01\x02", "neither"),
        (b"\xff\xff\xff", "neither"),
        (b"x" * (sheets.MOST_BYTES + 1), "too large"),
    ],
    ids=["torn", "xls", "zeros", "bytes", "large"],
)
def test_what_is_no_sheet_is_told_so(content: bytes, said: str, english: None) -> None:
    with pytest.raises(Unreadable, match=said):
        list(lines(content))


def test_a_small_file_that_unpacks_into_much_is_not_opened(english: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_UNPACKED", 1_000_000)
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    with pytest.raises(Unreadable, match="unpack"):
        list(lines(bomb.getvalue()))


def test_a_small_file_whose_words_unpack_into_much_is_not_opened(
    english: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read one by one; the words that they share are held all at once."""
    monkeypatch.setattr(sheets, "_MOST_AT_ONCE", 1_000_000)
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", b"0" * 2_000_000)
    with pytest.raises(Unreadable, match="unpack"):
        list(lines(bomb.getvalue()))


def test_a_book_whose_other_sheets_are_huge_comes_back_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    content = book(("手机", "称呼"), ("1.38E+10", "王"))
    monkeypatch.setattr(sheets, "_is_small_book", lambda content: False)
    assert cells(sheets.marked(content, {2: "末几位已丢失"}, "问题", 1)) == [
        ["手机", "称呼", "问题"],
        ["1.38E+10", "王", "末几位已丢失"],
    ]


def test_a_book_that_was_torn_anywhere_is_told_so(english: None) -> None:
    whole = book(("手机", "称呼"), *[(f"1380013{n:04}", "王") for n in range(300)])
    read = list(lines(whole))
    for place in range(40, len(whole), max(len(whole) // 120, 1)):
        torn = bytearray(whole)
        torn[place : place + 8] = bytes(byte ^ 0xFF for byte in torn[place : place + 8])
        with suppress(Unreadable):  # and nothing else is raised
            assert len(list(lines(bytes(torn)))) <= len(read)


def test_more_rows_than_can_be_taken_are_said_and_not_cut_off(english: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    assert len(list(lines(b"a\nb\nc\n"))) == 3
    with pytest.raises(Unreadable, match="At most 3 rows"):
        list(lines(b"a\nb\nc\nd\n"))


def test_a_sheet_comes_back_as_it_was_with_what_is_wrong_beside_each_row() -> None:
    content = book(("手机", "称呼"), ("1.38E+10", "王"), ("13800138000", "李"))
    back = sheets.marked(content, {2: "末几位已丢失"}, "问题", 1)
    assert cells(back) == [["手机", "称呼", "问题"], ["1.38E+10", "王", "末几位已丢失"], ["13800138000", "李", None]]


def test_a_csv_comes_back_as_a_sheet(english: None) -> None:
    back = sheets.marked("手机\n=1+1\n".encode("gb18030"), {2: "x"}, "问题", 1)
    assert cells(back) == [["手机", "问题"], ["=1+1", "x"]]
    assert load_workbook(BytesIO(back)).active["A2"].data_type == "s", "text that begins with = is no formula"


def test_of_a_long_sheet_only_what_has_to_be_mended_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_SHEET", 2)
    back = sheets.marked(book(("手机",), ("a",), ("b",), ("c",)), {3: "x"}, "问题", 1)
    assert cells(back) == [["手机", "问题"], ["b", "x"]]


def test_a_template_can_be_filled_in() -> None:
    asked = [sheets.Asked("商品", "澜溪", "按酒单", True, ["甲", "乙"]), sheets.Asked("数量", "2", "", False)]
    made = load_workbook(BytesIO(sheets.template("销售明细", asked, "填写说明")))
    assert made.sheetnames[:2] == ["销售明细", "填写说明"]
    sheet = made.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["商品", "数量"]
    assert [cell.value for cell in sheet[2]] == ["澜溪", "2"]
    assert sheet["A2"].number_format == "@"
    [offered] = sheet.data_validations.dataValidation
    assert offered.formula1 == "lists!$A$1:$A$2"


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"))),
            min_size=2,
            max_size=4,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_written_to_a_csv_is_read_again(rows: list[list[str]]) -> None:
    import csv
    import io

    file = io.StringIO()
    csv.writer(file).writerows([["a,b", "c,d"], *rows])  # the first row says what divides it
    found = [[cell or "" for cell in row] for _number, row in lines(file.getvalue().encode("utf-8-sig"))]
    assert found[1:] == [row for row in rows if any(row)]
