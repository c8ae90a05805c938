"""A paper as a DOCX that people write on: its template is made here, once a process, with Chinese typefaces in it."""

from functools import cache
from io import BytesIO
from typing import Any, Final

_SONG: Final = "宋体"
_HEI: Final = "黑体"
_LATIN: Final = "Times New Roman"


def docx(data: dict[str, Any]) -> bytes:
    from docxtpl import DocxTemplate  # noqa: PLC0415

    blocks = [{**block, "lines": block["text"].split("\n")} if "text" in block else block for block in data["blocks"]]
    template = DocxTemplate(BytesIO(_template()))
    template.render({**data, "blocks": blocks}, autoescape=True)
    properties = template.docx.core_properties
    properties.title, properties.author = data["title"], data["organisation"]
    content = BytesIO()
    template.save(content)
    return content.getvalue()


@cache
def _template() -> bytes:
    from docx import Document  # noqa: PLC0415
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    made = Document()
    page = made.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin, page.right_margin, page.top_margin, page.bottom_margin = Cm(2.5), Cm(1.8), Cm(2.4), Cm(2)
    _face(made.styles["Normal"], _SONG, Pt(10.5))

    page.header.paragraphs[0].text = "{{ organisation }}\t\t{{ title }} {{ number }}"
    foot = page.footer.paragraphs[0]
    foot.text = "{{ words.printed }} {{ printed }}\t\t"
    for piece in ("PAGE", "/", "NUMPAGES"):
        _field(foot, piece) if piece.isalpha() else foot.add_run(f" {piece} ")

    def say(text: str, *, size: float = 10.5, hei: bool = False, middle: bool = False) -> None:
        paragraph = made.add_paragraph()
        run = paragraph.add_run(text)
        _face(run, _HEI if hei else _SONG, Pt(size))
        run.bold = hei or None
        if middle:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER

    say("{{ title }}", size=18, hei=True, middle=True)
    say("{{ words.number }} {{ number }}", size=9, middle=True)
    say("{%p for block in blocks %}")
    say('{%p if block.kind == "heading" %}')
    say("{{ block.text }}", size=11.5, hei=True)
    say("{%p endif %}")
    say('{%p if block.kind == "words" %}')
    say("{%p for line in block.lines %}")
    say("{{ line }}")
    say("{%p endfor %}")
    say("{%p endif %}")
    say('{%p if block.kind == "facts" %}')
    _table(
        made, [["{%tr for name, value in block.pairs %}"], ["{{ name }}", "{{ value }}"], ["{%tr endfor %}"]], columns=2
    )
    say("{%p endif %}")
    say('{%p if block.kind == "grid" %}')
    _table(
        made,
        [
            ["{%tc for one in block.head %}", "{{ one }}", "{%tc endfor %}"],
            ["{%tr for row in block.rows %}"],
            ["{%tc for value in row %}", "{{ value }}", "{%tc endfor %}"],
            ["{%tr endfor %}"],
            ["{%tr if block.total %}"],
            ["{%tc for value in block.total %}", "{{ value }}", "{%tc endfor %}"],
            ["{%tr endif %}"],
        ],
        columns=3,
    )
    say("{%p endif %}")
    say("{%p endfor %}")
    say("{%p for one in signatures %}")
    say("{{ one }}{{ words.colon }} ____________________    {{ words.day }}")
    say("{%p endfor %}")
    say("{%p for one in seals %}")
    say("{{ one }} {{ words.seal }}")
    say("{%p endfor %}")
    content = BytesIO()
    made.save(content)
    return content.getvalue()


def _table(made: Any, rows: list[list[str]], *, columns: int) -> None:
    table = made.add_table(rows=len(rows), cols=columns)
    table.style = "Table Grid"
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=False):
            cell.text = text


def _face(where: Any, chinese: str, size: Any) -> None:
    """Word takes the typeface of Chinese characters from an attribute of its own."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    where.font.name, where.font.size = _LATIN, size
    element = where.element if hasattr(where, "element") else where._element  # noqa: SLF001
    element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), chinese)


def _field(paragraph: Any, name: str) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    for kind, text in (("begin", ""), ("", name), ("end", "")):
        run = paragraph.add_run()
        piece = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            piece.set(qn("w:fldCharType"), kind)
        else:
            piece.text = text
        run._r.append(piece)  # noqa: SLF001
