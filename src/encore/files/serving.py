"""How bytes leave the house: never as a page of ours, and never as anything that a browser would run."""

import os
import re
from collections.abc import Iterator
from typing import IO, Final

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from encore.files import store
from encore.files.models import File

_PIECE: Final = 256 << 10
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"


def download(request: HttpRequest, file: File) -> HttpResponseBase:
    """The bytes as they came, to be kept and not to be shown."""
    return _guarded(request, _whole(file), file, is_inline=False, kept_for=0)


def picture(request: HttpRequest, rendition: File, *, kept_for: int) -> HttpResponseBase:
    """A picture of our own making: the only thing that is shown inside a page. `kept_for`: seconds in the browser."""
    assert rendition.rendition
    return _guarded(request, _whole(rendition), rendition, is_inline=True, kept_for=kept_for)


def part(request: HttpRequest, file: File) -> HttpResponseBase:
    """As much as a player asks for: 206 for a range, 416 for one that lies beyond the end."""
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or not any(match.groups()) or request.headers.get("If-Range", _tag(file)) != _tag(file):
        response = _whole(file)
    else:
        first, last = _span(match[1], match[2], file.size)
        if first > last:
            beyond = HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
            return _guarded(request, beyond, file, is_inline=False, kept_for=0)
        response = StreamingHttpResponse(_pieces(store.opened(file.sha256), first, last + 1), status=206)
        response["Content-Range"] = f"bytes {first}-{last}/{file.size}"
        response["Content-Length"] = str(last + 1 - first)
    response["Accept-Ranges"] = "bytes"
    return _guarded(request, response, file, is_inline=False, kept_for=0)


def begins(request: HttpRequest) -> bool:
    """Whether a player asks for the beginning: what it asks for after that belongs to the same look."""
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    return match is None or match[1] in ("", "0")


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)


def _whole(file: File) -> StreamingHttpResponse:
    opened = store.opened(file.sha256)
    response = FileResponse(opened)
    response["Content-Length"] = str(os.fstat(opened.fileno()).st_size)
    return response


def _pieces(file: IO[bytes], first: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = end - first
        while left and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece


def _tag(file: File) -> str:
    return f'"{file.sha256}"'


def _guarded(
    request: HttpRequest, response: HttpResponseBase, file: File, *, is_inline: bool, kept_for: int
) -> HttpResponseBase:
    # Not to be compressed on the way: that would take the length away, and lie about ranges.
    request.META.pop("HTTP_ACCEPT_ENCODING", None)
    name = file.name if not file.rendition else f"{file.reference}.webp"
    response["Content-Type"] = file.type if is_inline or file.sort != "document" else "application/octet-stream"
    response["Content-Disposition"] = content_disposition_header(not is_inline, name) or "attachment"
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = f"private, max-age={kept_for}" if kept_for else "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    response["ETag"] = _tag(file)
    return response
