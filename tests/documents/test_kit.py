from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from django.utils import translation
from docx import Document as Word
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from PIL import Image
from pypdf import PdfReader

from encore.accounts.models import User
from encore.documents import office, sheets, typesetting
from encore.documents.making import data_of
from encore.documents.paper import Block, Facts, Grid, Heading, Paper, Value, Words
from encore.documents.register import _PLAIN, Reader
from encore.money import Money
from tests.cast import RECEIVED

AWKWARD = "示例科技 # 有限[公司] $x$ *星* _下划_ `码` @标 <甲> \\ // ~ {{ 1 }} {% x %} &"


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


def data(*blocks: Block, title: str = "投诉处理单", **more: Any) -> dict[str, Any]:
    return made(Paper(title, "星河里", list(blocks), **more))


def made(paper: Paper) -> dict[str, Any]:
    reader = Reader(User(name="林静"), RECEIVED)
    return data_of(paper, number="C-26-000017", url="https://encore.example/complaints/C-26-000017/", reader=reader)


def read(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def pdf(content: dict[str, Any]) -> bytes:
    return typesetting.pdf(_PLAIN, content, RECEIVED)


def test_what_people_wrote_is_set_as_they_wrote_it_and_never_read_as_markup() -> None:
    words = read(pdf(data(Words(AWKWARD, is_framed=True), Facts([(AWKWARD, AWKWARD)]))))
    assert words.replace("\n", "").replace(" ", "").count(AWKWARD.replace(" ", "")) == 3


@settings(max_examples=15)
@given(st.text(st.sampled_from("#$*_[](){}<>@\\/`~'\"-=+.:;中a1 \n"), max_size=60))
def test_no_text_breaks_a_paper(text: str) -> None:
    assert pdf(data(Words(text), Grid([text or "甲"], [[text]]), title=text or "甲")).startswith(b"%PDF")


def test_the_same_paper_has_the_same_bytes() -> None:
    assert pdf(data(Words("甲"))) == pdf(data(Words("甲")))


def test_every_page_has_number_page_and_time_and_the_tables_head_again() -> None:
    pages = PdfReader(BytesIO(pdf(data(Grid(["时间", "内容"], [[RECEIVED, "某事"]] * 90))))).pages
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        words = page.extract_text()
        for text in (
            "C-26-000017",
            f"第 {number} 页 / 共 3 页",
            "打印时间 2026-03-10 22:40",
            "林静",
            "时间 内容",
            "星河里",
        ):
            assert text in words, text


def test_a_paper_is_a4_for_archives_with_fonts_of_its_own() -> None:
    content = pdf(data(Words("䶮㛃")))
    reader = PdfReader(BytesIO(content))
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    fonts = {
        font.get_object()["/BaseFont"].split("+")[-1]
        for font in reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    assert fonts
    assert all(font.startswith("NotoS") for font in fonts), fonts
    assert "䶮㛃" in read(content)


def test_who_signs_and_seals_has_a_place_for_it() -> None:
    words = read(pdf(data(signatures=["制表", "审核"], seals=["星河里", "澄酿推广"])))
    assert all(text in words for text in ("制表：", "审核：", "年", "（盖章）", "澄酿推广"))


def test_a_page_is_black_on_white_and_its_picture_leads_back() -> None:
    [picture] = typesetting.pictures(_PLAIN, data(Words("甲")), ppi=60)
    image = Image.open(BytesIO(picture)).convert("L")
    assert image.getpixel((2, 2)) == 255
    code = image.crop((image.width - 95, 52, image.width - 42, 105))  # 20 mm at the right of the title
    dark = sum(code.histogram()[:128]) / (code.width * code.height)
    assert 0.2 < dark < 0.6, "there is no code at the right of the title"


def test_word_gets_what_was_written_with_chinese_typefaces() -> None:
    blocks: list[Block] = [
        Heading("标题"),
        Words(f"{AWKWARD}\n第二行"),
        Facts([("甲", AWKWARD)]),
        Grid(["a", "b"], [["1", AWKWARD]], total=["合计", "2"]),
    ]
    content = office.docx(data(*blocks, signatures=["制表"]))
    document = Word(BytesIO(content))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert AWKWARD in texts
    assert "第二行" in texts
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert ["甲", AWKWARD] in cells
    assert cells[-3:] == [["a", "b"], ["1", AWKWARD], ["合计", "2"]]
    xml = ZipFile(BytesIO(content)).read("word/document.xml").decode()
    assert 'w:eastAsia="宋体"' in xml
    assert 'w:eastAsia="黑体"' in xml
    ElementTree.fromstring(xml)


def book(*blocks: Block) -> Any:
    paper = Paper("投诉处理单", "星河里", list(blocks))
    return load_workbook(BytesIO(sheets.xlsx(paper, made(paper))))


def test_a_sheet_has_numbers_as_numbers_and_text_as_text() -> None:
    head: Sequence[str] = ["编号", "金额", "日期", "时间", "词"]
    row: list[Value] = ["0013800138000", Money(Decimal("12.50")), date(2026, 3, 5), RECEIVED, '=HYPERLINK("x")']
    found = book(Heading("明细[一]"), Grid(head, [row], total=["合计", Money(Decimal("12.50")), None, None, None]))
    sheet = found.worksheets[0]
    assert (sheet.title, sheet.freeze_panes) == ("明细 一", "A2")
    cells = list(sheet.iter_rows())[1]
    assert [cell.data_type for cell in cells] == ["s", "n", "d", "d", "s"]
    assert cells[0].value == "0013800138000"
    assert (cells[1].value, cells[1].number_format) == (12.5, "#,##0.00")
    assert cells[3].value == datetime(2026, 3, 10, 22, 40)  # noqa: DTZ001 - sheets know no zones
    assert next(sheet.iter_rows(min_row=3, values_only=True))[:2] == ("合计", 12.5)


def test_a_book_says_what_it_is_and_gives_every_grid_a_sheet_of_its_own() -> None:
    found = book(Heading("明细"), Grid(["a"], [[1]]), Grid(["b"], [[2]]), Heading("说明"), Grid(["c"], []), Words("甲"))
    assert found.sheetnames == ["明细", "明细 2", "说明 2", "说明"]
    notes = [[value for value in row if value] for row in found["说明"].iter_rows(values_only=True)]
    assert notes[0] == ["投诉处理单", "星河里"]
    assert ["编号", "C-26-000017"] in notes


def test_templates_are_read_from_the_packages_and_nothing_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    template = typesetting.ROOT / "documents/templates/documents/paper.typ"
    content = data(Words(f'#read("{secret}")'))
    assert "geheim" not in read(typesetting.pdf(template, content, RECEIVED))
