import json
import re
from collections.abc import Sequence
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.http import content_disposition_header
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from encore.accounts.rights import may
from encore.accounts.staff import StaffRequest, staff
from encore.files import bundle, drafts, operations, queries, serving, store, tables
from encore.files.forms import FULL, Addition, Holding, Taking
from encore.files.models import PURPOSES, File, Upload
from encore.files.sniffing import MEGABYTE, NotTaken, Sort
from encore.ledger.nouns import NOUNS, by_reference, key_of, pages
from encore.ledger.refusal import Refusal
from encore.web.exports import answer
from encore.web.tables import listing

_LOOKS: Final = 200  # lines of custody on a page
_HOUR: Final = 3600


# --- pages --------------------------------------------------------------------------------------------------------------


@staff
@require_safe
def every(request: StaffRequest) -> HttpResponse:
    page = listing(request, tables.every(request.user), queries.visible_to(request.user))
    return answer(request, page, "files/files.html", {}, now())


def _found(request: StaffRequest, reference: str) -> File:
    file = by_reference(queries.visible_to(request.user), reference)
    if file is None:
        raise Http404
    return file


@staff
@require_safe
def file(request: StaffRequest, reference: str) -> HttpResponse:
    """A file with its custody: what it is, who saw it, who holds it."""
    return _file_page(request, _found(request, reference))


def _file_page(
    request: StaffRequest,
    file: File,
    *,
    taking: Taking | None = None,
    holding: Holding | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "file": file,
        "purpose": PURPOSES[file.purpose].label,
        "of": pages([file.row], request.user).get(file.row),
        "view": queries.rendition(file, "view"),
        "custody": queries.custody(file, _LOOKS),
        "most": _LOOKS,
        "taking": taking or Taking(),
        "holding": holding or Holding(),
        "may_hold": may("files.hold", request.user),
        "own_hold": next(
            (one for one in file.holds.all() if one.is_open and one.owner == request.user.organisation), None
        ),
        "refusal": refusal,
        "bytes": filesizeformat,
        "at": now(),
    }
    return render(request, "files/file.html", context, status=status)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def of(request: StaffRequest, noun: str, reference: str) -> HttpResponse:
    """The files of a row, and the form that adds some: 422 for what is not taken, 507 where the disk is full."""
    row = _row(request, noun, reference)
    if request.method != "POST":
        return _row_page(request, noun, row)
    at = now()
    form = Addition(request.POST, request.FILES, holder=queries.staff_holder(request.user), at=at)
    if not form.is_valid():
        return _row_page(request, noun, row, form=form, status=507 if form.has_error("files", FULL) else 422)
    try:
        operations.add(
            form.cleaned_data["files"], row=row, purpose=form.cleaned_data["purpose"], by=request.user, at=at
        )
    except Refusal as refusal:
        return _row_page(request, noun, row, form=form, refusal=refusal, status=409)
    return redirect("files:of", noun, reference)


def _row(request: StaffRequest, noun: str, reference: str) -> Model:
    row = queries.subject(noun, reference, request.user)
    if row is None:
        raise Http404
    return row


def _row_page(
    request: StaffRequest,
    noun: str,
    row: Model,
    *,
    form: Addition | None = None,
    taking: Taking | None = None,
    holding: Holding | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    at = now()
    files = list(queries.of(row, request.user))
    context = {
        "noun": noun,
        "label": NOUNS[noun].label,
        "row": pages([key_of(row)], request.user)[key_of(row)],
        "files": [(file, PURPOSES[file.purpose].label, queries.rendition(file, "thumbnail")) for file in files],
        "some_left": any(not file.is_erased for file in files),
        "form": form or Addition(holder=queries.staff_holder(request.user), at=at, initial={"purpose": "evidence"}),
        "taking": taking or Taking(auto_id="taking-%s"),
        "holding": holding or Holding(auto_id="holding-%s"),
        "may_add": may("files.add", request.user),
        "may_hold": may("files.hold", request.user),
        "refusal": refusal,
        "bytes": filesizeformat,
        "at": at,
    }
    return render(request, "files/of.html", context, status=status)


# --- acts ---------------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: StaffRequest, reference: str) -> HttpResponse:
    file = _found(request, reference)
    if request.method != "POST":
        return redirect("files:file", reference)
    form = Holding(request.POST)
    if not form.is_valid():
        return _file_page(request, file, holding=form, status=422)
    try:
        operations.hold([file], reason=form.cleaned_data["reason"], by=request.user, at=now())
    except Refusal as refusal:
        return _file_page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("files:file", reference)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: StaffRequest, reference: str) -> HttpResponse:
    file = _found(request, reference)
    if request.method != "POST":
        return redirect("files:file", reference)
    try:
        operations.release([file], by=request.user, at=now())
    except Refusal as refusal:
        return _file_page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("files:file", reference)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def hold_all(request: StaffRequest, noun: str, reference: str) -> HttpResponse:
    row = _row(request, noun, reference)
    if request.method != "POST":
        return redirect("files:of", noun, reference)
    form = Holding(request.POST, auto_id="holding-%s")
    if not form.is_valid():
        return _row_page(request, noun, row, holding=form, status=422)
    try:
        files = list(queries.of(row, request.user))
        operations.hold(files, reason=form.cleaned_data["reason"], by=request.user, at=now())
    except Refusal as refusal:
        return _row_page(request, noun, row, refusal=refusal, status=409)
    messages.success(request, _("All of these are kept until you release them."))
    return redirect("files:of", noun, reference)


# --- bytes --------------------------------------------------------------------------------------------------------------


def _looked(request: StaffRequest, files: Sequence[File], act: str, reason: str = "") -> None:
    drafts.looked(files, act, by=request.user, at=now(), reason=reason)


def _rendition(file: File, name: str) -> File:
    found = queries.rendition(file, name)
    if found is None or file.is_erased:
        raise Http404
    return found


@staff
@require_safe
def view(request: StaffRequest, reference: str) -> HttpResponseBase:
    """The picture made anew. A look that is noted."""
    file = _found(request, reference)
    response = serving.picture(request, _rendition(file, "view"), kept_for=0)
    _looked(request, [file], "file.seen")
    return response


@staff
@require_safe
def thumbnail(request: StaffRequest, reference: str) -> HttpResponseBase:
    """A small picture for lists, asked for once an hour."""
    file = _found(request, reference)
    response = serving.picture(request, _rendition(file, "thumbnail"), kept_for=_HOUR)
    _looked(request, [file], "file.previewed")
    return response


@staff
@require_safe
def play(request: StaffRequest, reference: str) -> HttpResponseBase:
    """A recording or a video, in the parts that a player asks for."""
    file = _found(request, reference)
    if file.is_erased or file.sort not in (Sort.SOUND, Sort.FILM):
        raise Http404
    response = serving.part(request, file)
    if serving.begins(request):
        _looked(request, [file], "file.played")
    return response


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def download(request: StaffRequest, reference: str) -> HttpResponseBase:
    """The original as it came, to whoever says why."""
    file = _found(request, reference)
    if request.method != "POST":
        return redirect("files:file", reference)
    form = Taking(request.POST)
    if not form.is_valid():
        return _file_page(request, file, taking=form, status=422)
    if file.is_erased:
        raise Http404
    response = serving.download(request, file)
    _looked(request, [file], "file.exported", form.cleaned_data["reason"])
    return response


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: StaffRequest, noun: str, reference: str) -> HttpResponseBase:
    """All files of a row as an archive, with their hashes and their custody."""
    row = _row(request, noun, reference)
    if request.method != "POST":
        return redirect("files:of", noun, reference)
    form = Taking(request.POST, auto_id="taking-%s")
    if not form.is_valid():
        return _row_page(request, noun, row, taking=form, status=422)
    files, at = list(queries.of(row, request.user)), now()
    _looked(request, [file for file in files if not file.is_erased], "file.exported", form.cleaned_data["reason"])
    pieces = bundle.archive(reference, files, list(queries.looks(files)), at)
    request.META.pop("HTTP_ACCEPT_ENCODING", None)  # pictures do not become smaller
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, f"{reference}.zip") or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def guest(request: HttpRequest, key: str) -> HttpResponseBase:
    """One picture or recording on a guest's own page, by a key that is good for half an hour."""
    opened = queries.by_guest_key(key)
    if opened is None or opened[0].is_erased:
        raise Http404
    file, name = opened
    if name:
        response = serving.picture(request, _rendition(file, name), kept_for=0)
    elif file.sort in (Sort.SOUND, Sort.FILM):
        response = serving.part(request, file)
    else:
        response = serving.download(request, file)
    if serving.begins(request):
        act = "file.previewed" if name == "thumbnail" else "file.seen" if name else "file.played"
        drafts.looked([file], act, by=None, at=now(), reason="guest")
    return response


# --- coming in piece by piece -------------------------------------------------------------------------------------------
#
# What a browser does: POST to begin, PATCH with `Upload-Offset` for each piece, HEAD to ask how far it is after the line was
# gone, POST to end it. Every answer but 2xx has its reason as `error`, in the reader's language.

_MOST_PIECE: Final = 16 * MEGABYTE
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """`{name, size, sha256?}` → 201 with the address of the upload; 507 where the disk is full."""
    holder = _holder(request)
    try:
        told = json.loads(request.body)
        name, size, sha256 = str(told["name"]), int(told["size"]), str(told.get("sha256", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest from error
    if sha256 and not _HASH.fullmatch(sha256):
        raise BadRequest
    try:
        upload = drafts.begin(name=name, size=size, sha256=sha256, holder=holder, at=now())
    except queries.TooMany as refusal:
        return _said(refusal, 429)
    except store.TooLarge as refusal:
        return _said(refusal, 413)
    except NotTaken as refusal:
        return _said(refusal, 422)
    except store.NoRoom as refusal:
        return _said(refusal, 507)
    address = request.build_absolute_uri(f"{request.path}{upload.token}/")
    return _told(upload, 0, 201, {"Location": address})


@require_http_methods(["GET", "HEAD", "PATCH", "POST", "DELETE"])
def upload(request: HttpRequest, token: str) -> HttpResponse:
    row = get_object_or_404(Upload, token=token, holder=_holder(request))
    try:
        if request.method == "DELETE":
            drafts.drop(row)
            return HttpResponse(status=204)
        if request.method == "POST":
            row = drafts.complete(row, now())
            return _told(row, row.size, 200)
        if request.method == "PATCH":
            return _told(row, _appended(request, row), 200)
        return _told(row, row.size if row.completed_at else store.offset(row.token), 200)
    except store.Elsewhere as elsewhere:
        return _told(row, elsewhere.offset, 409, error=_("This piece does not follow the last one."))
    except store.Damaged:
        where = store.offset(row.token)
        return _told(row, where, 460, error=_("This piece was damaged on its way. It is sent once more."))
    except store.Missing:
        return _said(_("This upload has been cleared away. Choose the file once more."), 410)
    except store.NoRoom as refusal:
        return _said(refusal, 507)
    except drafts.NotWhole as refusal:
        return _told(row, store.offset(row.token), 409, error=str(refusal))
    except NotTaken as refusal:
        return _said(refusal, 422)


def _appended(request: HttpRequest, row: Upload) -> int:
    where, sha256 = request.headers.get("Upload-Offset", ""), request.headers.get("Upload-Checksum", "")
    length = request.headers.get("Content-Length", "")
    if not where.isdecimal() or len(where) > 18 or not length.isdecimal() or (sha256 and not _HASH.fullmatch(sha256)):
        raise BadRequest
    if row.completed_at:
        raise store.Elsewhere(row.size)
    if int(length) > _MOST_PIECE:
        raise store.too_large(row.name, _MOST_PIECE)
    return store.append(row.token, request, at=int(where), most=row.size, sha256=sha256)


def _holder(request: HttpRequest) -> str:
    """Who sends: the ticket of a page of ours says it. That of a person is good only as long as they are signed in."""
    holder = queries.holder_of(request.headers.get("Upload-Ticket", ""))
    if holder is None or (holder.startswith("user:") and holder != f"user:{request.user.pk}"):
        raise Http404
    return holder


def _told(
    row: Upload, offset: int, status: int, headers: dict[str, str] | None = None, error: str = ""
) -> JsonResponse:
    told: dict[str, Any] = {"token": row.token, "name": row.name, "size": row.size, "offset": offset}
    told |= {"complete": row.completed_at is not None} | ({"error": error} if error else {})
    response = JsonResponse(told, status=status, headers=headers)
    response["Upload-Offset"] = str(offset)
    response["Upload-Length"] = str(row.size)
    response["Cache-Control"] = "no-store"
    return response


def _said(refusal: object, status: int) -> JsonResponse:
    return JsonResponse({"error": str(refusal)}, status=status)
