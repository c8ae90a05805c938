from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from encore.accounts import access
from encore.accounts.staff import StaffRequest, staff
from encore.documents.making import Made, make
from encore.documents.register import DOCUMENTS, Document, Reader, of_noun
from encore.ledger.nouns import NOUNS, Noun, by_reference

# A viewer of PDFs has its own few styles; nothing else of ours runs in there.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"


@staff
@require_safe
def register(request: StaffRequest) -> HttpResponse:
    """The register of papers: which there are, of what."""
    kinds = [(NOUNS[noun].label, of_noun(noun, request.user)) for noun in _nouns()]
    return render(request, "documents/register.html", {"kinds": [one for one in kinds if one[1]]})


def _nouns() -> list[str]:
    return sorted({one.noun for one in DOCUMENTS.values()} & NOUNS.keys())


@staff
@require_safe
def of_row(request: StaffRequest, noun: str, reference: str) -> HttpResponse:
    """The papers that this person may have of one thing."""
    kind, row = _found(request, noun, reference)
    documents = of_noun(noun, request.user)
    if not documents:
        raise Http404
    context = {"kind": kind, "row": row, "documents": documents, "page": reverse(kind.url_name, args=[reference])}
    return render(request, "documents/of_row.html", context)


@staff
@require_safe
def paper(request: StaffRequest, noun: str, reference: str, document: str, form: str) -> HttpResponse:
    """The paper itself. Whoever takes it along is noted."""
    kind, row = _found(request, noun, reference)
    found = next((one for one in of_noun(noun, request.user) if one.key == document), None)
    if found is None or form not in found.forms:
        raise Http404
    made = _made(request, kind, row, found, form)
    inline = form == "pdf" and "save" not in request.GET
    headers = {
        "Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{made.name}"',
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(made.content, content_type=made.type, headers=headers)


def _made(request: StaffRequest, kind: Noun, row: Model, document: Document, form: str) -> Made:
    at = now()
    url = request.build_absolute_uri(reverse(kind.url_name, args=[str(row)]))
    made = make(
        document, row, form=form, url=url, reader=Reader(request.user, at, request.build_absolute_uri("/").rstrip("/"))
    )
    if request.method == "GET":
        access.note("exported", user=request.user, at=at, reason=document.key, noun=kind.key, noun_id=row.pk)
    return made


def _found(request: StaffRequest, noun: str, reference: str) -> tuple[Noun, Model]:
    kind = NOUNS.get(noun)
    row = by_reference(kind.visible_to(request.user), reference) if kind else None
    if kind is None or row is None:
        raise Http404
    return kind, row
