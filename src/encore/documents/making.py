"""A registered document of one row, in one of its forms."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import segno
from django.db.models import Model
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from encore.documents import office, sheets, typesetting
from encore.documents.paper import Block, Facts, Grid, Heading, Paper, Words, written
from encore.documents.register import Document, Reader
from encore.web import language

TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Made:
    content: bytes
    type: str
    name: str


def make(document: Document, row: Model, *, form: str, url: str, reader: Reader) -> Made:
    """`url`: where people read about the row; the picture on the paper leads there. In the reader's language."""
    paper = document.build(row, reader)
    data = data_of(paper, number=str(row), url=url, reader=reader)
    match form:
        case "pdf":
            content = typesetting.pdf(document.template, data, reader.at)
        case "docx":
            content = office.docx(data)
        case "xlsx":
            content = sheets.xlsx(paper, data)
        case _:
            raise ValueError(form)
    return Made(content, TYPES[form], f"{document.key}-{row}.{form}")


def data_of(paper: Paper, *, number: str, url: str, reader: Reader) -> dict[str, Any]:
    """All that a template shows: texts and numbers, in the reader's language."""
    at = localtime(reader.at)
    lang, _dash, script = language.tag().partition("-")
    return {
        "title": str(paper.title),
        "organisation": paper.organisation,
        "number": number,
        "url": url,
        "qr": _picture(url),
        "lang": lang,
        "region": {"Hans": "cn", "Hant": "tw"}.get(script, "gb"),
        "year": at.year, "month": at.month, "day": at.day, "hour": at.hour, "minute": at.minute, "second": at.second,
        "printed": f"{at:%Y-%m-%d %H:%M}　{reader.user.name}",
        "words": _words(),
        "blocks": [_block(block) for block in paper.blocks],
        "signatures": [str(one) for one in paper.signatures],
        "seals": [str(one) for one in paper.seals],
        "form": paper.form,
    }  # fmt: skip


def _words() -> dict[str, str]:
    return {
        "number": pgettext("paper", "No."),
        "printed": _("Printed"),
        "page": _("page {page} of {pages}"),
        "binding": pgettext("paper", "binding line"),
        "day": pgettext("paper", "Date: ____-__-__"),
        "seal": pgettext("paper", "(seal)"),
        "colon": pgettext("paper", ":"),
        "in_words": _("In words"),
        "notes": _("Notes"),
        "sheet": pgettext("paper", "Sheet"),
    }


def _picture(url: str) -> str:
    drawn = BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", border=4)
    return drawn.getvalue().decode()


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text=text):
            return {"kind": "heading", "text": str(text)}
        case Words(text=text, is_framed=is_framed):
            return {"kind": "words", "text": str(text), "is_framed": is_framed}
        case Facts(pairs=pairs):
            return {"kind": "facts", "pairs": [[str(name), written(value)] for name, value in pairs]}
        case Grid():
            number = len(block.head)
            return {
                "kind": "grid",
                "head": [str(one) for one in block.head],
                "rows": [[written(value) for value in row] for row in block.rows],
                "widths": list(block.widths) or [1] * number,
                "sides": list(block.sides) or ["left"] * number,
                "total": [written(value) if value is not None else "" for value in block.total],
                "none": str(block.none) or _("None."),
            }
