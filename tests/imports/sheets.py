"""Sheets as tests make them."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook


def book(*rows: Sequence[object], merged: Sequence[str] = (), more: Sequence[str] = ()) -> bytes:
    made = Workbook()
    sheet: Any = made.active
    for row in rows:
        sheet.append(list(row))
    for place in merged:
        sheet.merge_cells(place)
    for name in more:
        made.create_sheet(name)
    content = BytesIO()
    made.save(content)
    return content.getvalue()


def cells(content: bytes) -> list[list[object]]:
    return [list(row) for row in load_workbook(BytesIO(content)).worksheets[0].iter_rows(values_only=True)]
