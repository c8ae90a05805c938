"""A list as a page, as a sheet or as JSON: whichever the address asks for."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from encore.accounts import access
from encore.accounts.staff import StaffRequest
from encore.web import errors, language
from encore.web.tables import MOST_COUNTED, Listing, M, R, Value, cookie

MOST_EXPORTED: Final = 20_000
_CHUNK: Final = 500
_YEAR: Final = 365 * 24 * 3600
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What XML cannot hold.
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_UNTITLED: Final = re.compile(r"[\[\]:*?/\\]")  # what the name of a sheet cannot hold
_LONGEST: Final = 32_767  # characters that a cell of a sheet can hold


def answer(
    request: StaffRequest, page: Listing[M, R], template: str, context: dict[str, Any], at: datetime
) -> HttpResponse:
    match request.GET.get("as", ""):
        case "":
            response = render(request, template, {"page": page, "at": at, **context})
            if "cols" in request.GET:
                response.set_cookie(cookie(page.table.name), page.chosen, max_age=_YEAR, samesite="Lax", httponly=True)
            return response
        case "json":
            return JsonResponse(_as_json(page), json_dumps_params={"ensure_ascii": False})
        case "xlsx":
            return _as_sheet(request, page, at)
    raise Http404


def _as_json(page: Listing[M, R]) -> dict[str, Any]:
    return {
        "rows": [{column.key: _plain(column.value(row)) for column in page.columns} for row in page.rows],
        "number": min(page.number, MOST_COUNTED),
        "is_all": page.number <= MOST_COUNTED,
        "next": f"{page.following}&as=json" if page.following else None,
    }


def _plain(value: Value) -> str | int | None:
    """Amounts as text, so that no reader rounds them; moments with their zone."""
    match value:
        case datetime():
            return localtime(value).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case str() | int() | None:
            return value
    return str(value)  # a text that is translated only when it is read


def _as_sheet(request: StaffRequest, page: Listing[M, R], at: datetime) -> HttpResponse:
    """All rows, not only a page of them. Who took them along is noted."""
    from openpyxl import Workbook  # noqa: PLC0415 - takes longer to load than most pages to answer

    if page.narrowed.order_by()[: MOST_EXPORTED + 1].count() > MOST_EXPORTED:
        sentence = _("A sheet holds at most %(most)s rows. Search or filter until there are fewer.")
        return errors.page(request, 413, sentence=sentence % {"most": language.number(MOST_EXPORTED)})
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_UNTITLED.sub(" ", str(page.table.caption))[:31])
    sheet.freeze_panes = "A2"

    for place, column in enumerate(page.columns):
        sheet.column_dimensions[chr(ord("A") + place)].width = 40 if column.kind == "excerpt" else 20
    sheet.append([cell(sheet, str(column.title)) for column in page.columns])
    for row in _every(page):
        sheet.append([cell(sheet, column.value(row)) for column in page.columns])
    content = BytesIO()
    book.save(content)
    access.note("exported", user=request.user, at=at, reason=page.table.name)
    name = f"{page.table.name}-{localtime(at):%Y%m%d-%H%M}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content.getvalue(), content_type=_XLSX, headers=headers)


def cell(sheet: Any, value: Value) -> Any:
    """Days as days, numbers as numbers, and text as text: also what begins with `=`, and digits that begin with 0."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    made = WriteOnlyCell(sheet)
    match value:
        case datetime():
            made.value, made.number_format = localtime(value).replace(tzinfo=None), "yyyy-mm-dd hh:mm"
        case date():
            made.value, made.number_format = value, "yyyy-mm-dd"
        case Decimal():
            made.value, made.number_format = value, "#,##0.00"
        case int() | None:
            made.value = value
        case _:
            made.value = _UNWRITABLE.sub("", str(value))[:_LONGEST]
            made.data_type = "s"  # text that begins with = is no formula
    return made


def _every(page: Listing[M, R]) -> Iterator[R]:
    rows = page.narrowed.order_by(*page.order.by())
    chunk: list[M] = []
    for row in rows.iterator(_CHUNK):
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield from page.table.load(chunk)
            chunk = []
    yield from page.table.load(chunk)
