"""A paper as a workbook: each of its grids a sheet, and one sheet that says what it is."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from encore.documents.paper import Facts, Grid, Heading, Paper, Value, Words, written
from encore.money import Money
from encore.web.exports import cell

_LONGEST_NAME: Final = 31
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def xlsx(paper: Paper, data: dict[str, Any]) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - takes longer to load than most pages to answer

    book = Workbook(write_only=True)
    taken: set[str] = {data["words"]["notes"]}
    for name, grid in _grids(paper):
        _write(book.create_sheet(_free(name or data["words"]["sheet"], taken)), grid)
    notes = book.create_sheet(data["words"]["notes"])
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 24, 72
    for row in _said(paper, data):
        notes.append([cell(notes, value) for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _grids(paper: Paper) -> Iterator[tuple[str, Grid]]:
    """Each with the heading that it stands under."""
    name = ""
    for block in paper.blocks:
        if isinstance(block, Heading):
            name = str(block.text)
        elif isinstance(block, Grid):
            yield name, block


def _free(name: str, taken: set[str]) -> str:
    plain = name.translate(_FORBIDDEN).strip("' ") or "1"
    for number in range(1, len(taken) + 2):
        ending = f" {number}" if number > 1 else ""
        found = plain[: _LONGEST_NAME - len(ending)] + ending
        if found.lower() not in {one.lower() for one in taken}:
            break
    taken.add(found)
    return found


def _write(sheet: Any, grid: Grid) -> None:
    sheet.freeze_panes = "A2"
    widths = list(grid.widths) or [1] * len(grid.head)
    for place, width in enumerate(widths):
        sheet.column_dimensions[chr(ord("A") + place)].width = max(10, 110 * width // sum(widths))
    sheet.append([cell(sheet, str(one)) for one in grid.head])
    for row in grid.rows:
        sheet.append([cell(sheet, _value(value)) for value in row])
    if grid.total:
        sheet.append([cell(sheet, _value(value)) for value in grid.total])


def _value(value: Value) -> Any:
    return value.amount if isinstance(value, Money) else value


def _said(paper: Paper, data: dict[str, Any]) -> Iterator[list[str]]:
    words = data["words"]
    yield [str(paper.title), paper.organisation]
    yield [words["number"], data["number"]]
    yield [words["printed"], data["printed"]]
    yield [data["url"]]
    for block in paper.blocks:
        match block:
            case Heading(text=text) | Words(text=text):
                yield [str(text)]
            case Facts(pairs=pairs):
                yield from ([str(name), written(value)] for name, value in pairs)
