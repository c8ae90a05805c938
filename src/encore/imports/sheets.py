"""Sheets as files: XLSX and CSV in the ways that Excel, WPS and tills write them, and back with what is wrong beside each row."""

import csv
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from lzma import LZMAError
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

Cell = str | int | float | bool | datetime | date | time | None
Line = tuple[int, list[Cell]]
"""A row with its number, as the sheet counts."""

MOST_BYTES: Final = 25_000_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 80
_MOST_UNPACKED: Final = 400_000_000  # what a small file may grow to
_MOST_AT_ONCE: Final = 80_000_000  # of it, what has to be held whole, such as the words that rows share
_MOST_SHEET: Final = 20_000  # rows of a sheet that goes back as it came
_CHUNK: Final = 1 << 20
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_LONGEST_MERGED: Final = 120  # bytes of one such mark
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


class Unreadable(Exception):
    """A file that is no sheet, or more than can be taken. Its text is for people."""


def lines(content: bytes) -> Iterator[Line]:
    """The rows of the first sheet that can be seen, blank ones left out; what is merged downwards stands in each of its rows.

    `Unreadable` at once or on the way.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(
            _("This file is too large: at most %(most)s MB. Divide it.") % {"most": MOST_BYTES // 1_000_000}
        )
    found = _of_book(content) if content[:2] == b"PK" else _of_text(content)
    for count, (number, cells) in enumerate(found):
        if count >= MOST_ROWS:
            raise Unreadable(_("At most %(most)s rows go into one sheet. Divide it.") % {"most": MOST_ROWS})
        if any(cell is not None and cell != "" for cell in cells):
            yield number, cells


# --- XLSX -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Merged:
    column: int  # from 0
    first: int
    last: int


def _of_book(content: bytes) -> Iterator[Line]:
    from openpyxl import load_workbook  # noqa: PLC0415 - takes longer to load than most pages to answer

    try:
        with ZipFile(io.BytesIO(content)) as packed:
            if _unpacked(packed) > _MOST_UNPACKED or _unpacked(packed, but="xl/worksheets/") > _MOST_AT_ONCE:
                raise Unreadable(_("This file would unpack into too much. Copy its rows into a new one."))
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), book.worksheets[0])
            merged = _merged(packed, sheet._worksheet_path)  # noqa: SLF001 - nothing else tells it
            sheet.reset_dimensions()  # some programs write them wrong, and rows would be lost
            yield from _filled(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), merged)
    except _DAMAGED as error:
        raise Unreadable(
            _("This is no XLSX file, or a damaged one. Open it in Excel or WPS and save it again.")
        ) from error


# What a damaged, a locked or a made-up file makes its readers raise: none of them says so in one way.
_DAMAGED: Final = (
    BadZipFile, ParseError, zlib.error, LZMAError, OSError, EOFError, LookupError, ValueError, TypeError, AttributeError,
    RuntimeError,
)  # fmt: skip


def _unpacked(packed: ZipFile, but: str = "/") -> int:
    """Bytes that it grows to, without what begins so. Reading stops where a part is longer than it says."""
    return sum(part.file_size for part in packed.infolist() if not part.filename.startswith(but))


def _merged(packed: ZipFile, path: str) -> list[_Merged]:
    """What is merged over several rows. The marks stand after all rows, where a reader of rows does not look."""
    from openpyxl.utils import column_index_from_string  # noqa: PLC0415

    found: dict[tuple[bytes, ...], _Merged] = {}
    rest = b""
    with packed.open(path.removeprefix("/")) as part:
        while block := part.read(_CHUNK):
            rest += block
            for match in _MERGED.finditer(rest):
                first, last = int(match[2]), int(match[4])
                if last > first:
                    found[match.groups()] = _Merged(column_index_from_string(match[1].decode()) - 1, first, last)
            rest = rest[-_LONGEST_MERGED:]
    return sorted(found.values(), key=lambda one: one.first)


def _filled(rows: Iterable[Sequence[Any]], merged: list[_Merged]) -> Iterator[Line]:
    waiting = list(reversed(merged))
    open_ones: list[tuple[_Merged, Cell]] = []
    for number, row in enumerate(rows, 1):
        cells: list[Cell] = list(row)
        while cells and cells[-1] is None:
            cells.pop()
        if open_ones:
            open_ones = [(one, value) for one, value in open_ones if one.last >= number]
            for one, value in open_ones:
                cells += [None] * (one.column + 1 - len(cells))
                cells[one.column] = value
        while waiting and waiting[-1].first <= number:
            one = waiting.pop()
            open_ones.append((one, cells[one.column] if one.column < len(cells) else None))
        yield number, cells


# --- CSV --------------------------------------------------------------------------------------------------------------


def decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with its mark, or else GB18030, which Excel in China writes."""
    if content[:4] == _OLD_EXCEL:
        raise Unreadable(_("This is an .xls file of an old Excel. Save it as .xlsx and choose that."))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable(_("This is neither an XLSX nor a CSV file, or a damaged one."))


def _of_text(content: bytes) -> Iterator[Line]:
    text = decoded(content)
    head = text[:4096].partition("\n")[0]
    delimiter = max("\t;,", key=head.count) if head else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        while True:
            number = rows.line_num + 1
            cells = next(rows, None)
            if cells is None:
                return
            yield number, [cell.strip() or None for cell in cells[:MOST_COLUMNS]]
    except csv.Error as error:
        raise Unreadable(_("Row %(row)s of this CSV file cannot be read.") % {"row": rows.line_num}) from error


# --- back -------------------------------------------------------------------------------------------------------------


def marked(content: bytes, faults: Mapping[int, str], title: str, header: int) -> bytes:
    """The sheet once more, with a further column that says what is wrong, and what is wrong in the colour of a marker.

    XLSX comes back as it was, up to some thousand rows; what is longer, only with the rows that have to be mended.
    """
    from openpyxl import Workbook, load_workbook  # noqa: PLC0415
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415

    marker, bold = PatternFill("solid", fgColor="FFF2CC"), Font(bold=True)
    rows = list(lines(content))
    is_whole = len(rows) <= _MOST_SHEET
    if is_whole and _is_small_book(content):
        book = load_workbook(io.BytesIO(content))
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), book.worksheets[0])
        numbers = {number: number for number, _cells in rows}
        column = sheet.max_column + 1
    else:
        book = Workbook()
        sheet = book.active
        column = max((len(cells) for _number, cells in rows), default=0) + 1
        numbers = {}
        kept = [(n, cells) for n, cells in rows if is_whole or n == header or n in faults]
        for place, (number, cells) in enumerate(kept, 1):
            numbers[number] = place
            for index, value in enumerate(cells, 1):
                if value is not None:
                    _write(sheet, place, index, value)
    if header in numbers:
        _write(sheet, numbers[header], column, title)
        sheet.cell(numbers[header], column).font = bold
    for number, words in faults.items():
        if number in numbers:
            _write(sheet, numbers[number], column, words)
            sheet.cell(numbers[number], column).fill = marker
    sheet.column_dimensions[sheet.cell(1, column).column_letter].width = 60
    return _saved(book)


def _is_small_book(content: bytes) -> bool:
    """Whether it can be held whole, with all its sheets."""
    if content[:2] != b"PK":
        return False
    with ZipFile(io.BytesIO(content)) as packed:
        return _unpacked(packed) <= _MOST_AT_ONCE


def template(title: str, columns: Sequence["Asked"], guide: str) -> bytes:
    """An empty sheet to fill in: titles, an example row, lists to choose from, and a second sheet that explains each column."""
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    sheet.title = title[:31]
    explained = book.create_sheet(guide[:31])
    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    for place, column in enumerate(columns, 1):
        _write(sheet, 1, place, column.title)
        sheet.cell(1, place).font = Font(bold=True)
        _write(sheet, 2, place, column.example)
        sheet.cell(2, place).font = Font(italic=True, color="808080")
        sheet.cell(2, place).fill = PatternFill("solid", fgColor="F2F2F2")
        letter = sheet.cell(1, place).column_letter
        sheet.column_dimensions[letter].width = 18
        for row in range(2, 2002):
            sheet.cell(row, place).number_format = "@"  # text: no number loses its first or its last digits
        if column.choices:
            for row, choice in enumerate(column.choices, 1):
                _write(lists, row, place, choice)
            source = f"lists!${letter}$1:${letter}${len(column.choices)}"
            valid = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
            sheet.add_data_validation(valid)
            valid.add(f"{letter}2:{letter}2001")
    sheet.freeze_panes = "A2"
    for row, words in enumerate(
        (
            [_("Column"), _("Must be filled in"), _("What goes there")],
            *([one.title, _("yes") if one.is_required else _("no"), one.hint] for one in columns),
        ),
        1,
    ):
        for place, word in enumerate(words, 1):
            _write(explained, row, place, word)
    _write(explained, len(columns) + 3, 1, _("The grey row is an example. It is passed over; write from there on."))
    for letter, width in (("A", 18), ("B", 12), ("C", 80)):
        explained.column_dimensions[letter].width = width
    return _saved(book)


@dataclass(frozen=True)
class Asked:
    """A column of a template."""

    title: str
    example: str
    hint: str
    is_required: bool
    choices: Sequence[str] = ()


def _write(sheet: Any, row: int, column: int, value: Cell) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = _UNWRITABLE.sub("", value)[:32_767]
        cell.data_type = "s"  # text that begins with = is no formula
    else:
        cell.value = value


def _saved(book: Any) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
