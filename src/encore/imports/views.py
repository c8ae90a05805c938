from typing import Any, Final

from django import forms as django_forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import access, rights
from encore.accounts.staff import StaffRequest, staff
from encore.imports import drafts, forms, queries, sheets, tables
from encore.imports.models import Batch, State
from encore.imports.register import Importer
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from encore.web.exports import answer
from encore.web.tables import listing

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN: Final = 100  # refused rows on the page; all of them are in the sheet


@staff
@require_safe
def batches(request: StaffRequest) -> HttpResponse:
    """What was brought in, and what can be."""
    rights.require("imports.take", request.user)
    rows = queries.visible_to(request.user).select_related("uploaded_by")
    page = listing(request, tables.batches(), rows)
    return answer(request, page, "imports/list.html", {"importers": queries.importers(request.user)}, now())


def _importer(request: StaffRequest) -> Importer:
    importer = Importer.kinds.get(request.GET.get("kind", ""))
    if importer is None or request.user.organisation.role not in importer.roles:
        raise Http404
    rights.require("imports.take", request.user)
    rights.require(importer.right, request.user)
    return importer


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: StaffRequest) -> HttpResponse:
    importer = _importer(request)
    form = forms.Sheet(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["sheet"]
        try:
            batch = drafts.upload(file.read(), file.name or "", importer, by=request.user, at=now())
            return redirect("imports:batch", batch.reference)
        except sheets.Unreadable as error:
            form.add_error("sheet", str(error))
    context = {"importer": importer, "form": form}
    return render(request, "imports/upload.html", context, status=422 if form.is_bound else 200)


@staff
@require_safe
def template(request: StaffRequest) -> HttpResponse:
    """An empty sheet to fill in."""
    importer = _importer(request)
    asked = [
        sheets.Asked(
            str(column.title),
            column.example,
            str(column.hint),
            column.is_required,
            column.choices(request.user.organisation) if column.choices else (),
        )
        for column in importer.columns
    ]
    content = sheets.template(str(importer.label), asked, _("How to fill it in"))
    return _sheet(content, f"{importer.kind}.xlsx")


def _sheet(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=_XLSX, headers=headers)


def _found(request: StaffRequest, reference: str) -> Batch:
    rows = queries.visible_to(request.user).select_related("owner", "uploaded_by__organisation")
    batch = by_reference(rows, reference)
    if batch is None or batch.kind not in Importer.kinds:
        raise Http404
    rights.require("imports.take", request.user)
    rights.require(Importer.kinds[batch.kind].right, request.user)
    return batch


@staff
@require_safe
def batch(request: StaffRequest, reference: str) -> HttpResponse:
    """Where a sheet stands; the part alone, for a page that waits."""
    found = _found(request, reference)
    if request.headers.get("HX-Request") == "true":
        response = render(request, "imports/_under_way.html", {"batch": found})
        if not found.is_under_way:
            response["HX-Refresh"] = "true"
        return response
    return _page(request, found)


@staff
@require_safe
def faulty(request: StaffRequest, reference: str) -> HttpResponse:
    """The sheet with what is wrong beside each row, to be mended and brought in again."""
    found = _found(request, reference)
    if not queries.has_source(found):
        raise Http404
    faults = {row: " ".join(words) for row, _cells, words in queries.faults(found)}
    content = sheets.marked(queries.content_of(found), faults, _("What is wrong"), found.header_row)
    access.note("exported", user=request.user, at=now(), reason="import", noun="import", noun_id=found.pk)
    return _sheet(content, f"{found.reference}.xlsx")


def _map(request: StaffRequest, found: Batch, form: Any) -> None:
    drafts.set_columns(found, dict(form.places), form.cleaned_data["year"])


def _take(request: StaffRequest, found: Batch, form: Any) -> None:
    drafts.begin(found, request.user)


def _take_back(request: StaffRequest, found: Batch, form: Any) -> None:
    rights.require("imports.take_back", request.user)
    drafts.begin_back(found, request.user, now())


def _discard(request: StaffRequest, found: Batch, form: Any) -> None:
    drafts.discard(found, now())


ACTS: Final = {"columns": _map, "take": _take, "take-back": _take_back, "discard": _discard}


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    found = _found(request, reference)
    if name not in ACTS:
        raise Http404
    if request.method != "POST":
        return redirect("imports:batch", reference)
    form: django_forms.Form = django_forms.Form(request.POST)
    if name == "columns":
        form = forms.Columns(request.POST, batch=found, importer=Importer.kinds[found.kind])
    if not form.is_valid():
        return _page(request, found, columns=form, status=422)
    try:
        ACTS[name](request, found, form)
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("imports:batch", reference)


def _page(
    request: HttpRequest,
    found: Batch,
    *,
    columns: django_forms.Form | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    importer = Importer.kinds[found.kind]
    context = {
        "batch": found,
        "importer": importer,
        "columns": columns or (forms.Columns(batch=found, importer=importer) if found.awaits_columns else None),
        "is_mapped": found.state == State.READ,
        "faults": list(queries.faults(found, _SHOWN)) if found.refused else [],
        "has_source": queries.has_source(found),
        "twin": queries.taken_before(found) if found.awaits_columns else None,
        "may_undo": found.can_be_taken_back and importer.goes_back,
        "refusal": refusal,
        "entries": history(key_of(found)),
        "at": now(),
    }
    response = render(request, "imports/batch.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response
