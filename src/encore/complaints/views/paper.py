"""Forms on paper: had numbered and printed beforehand, and which of them have been entered since."""

from collections.abc import Sequence
from typing import NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from encore.accounts import access
from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import operations, queries
from encore.complaints.documents import paper_forms
from encore.complaints.forms.registering import PaperOrder
from encore.complaints.models import PaperForms, numbered
from encore.complaints.views.registering import chosen
from encore.complaints.views.tabs import tabs
from encore.documents.making import data_of
from encore.documents.register import Reader
from encore.documents.typesetting import ROOT, pdf
from encore.ledger.nouns import by_reference
from encore.ledger.refusal import Refusal

_SHOWN = 12
_TEMPLATE = ROOT / "complaints/templates/complaints/paper_forms.typ"


class Printed(NamedTuple):
    """A range that was printed, and which of its numbers nobody has entered yet."""

    forms: PaperForms
    first: str
    last: str
    unused: Sequence[str]


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def forms(request: StaffRequest) -> HttpResponse:
    """What was printed, what of it is still out, and the form that has more numbered; `?forms=` gives one range as a PDF."""
    if request.method != "POST" and "forms" in request.GET:
        return _as_pdf(request, request.GET["forms"])
    contract, own = chosen(request)
    form = PaperOrder(request.POST or None)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.reserve_paper(contract, number=form.cleaned_data["number"], by=request.user, at=now())
            return redirect(f"{reverse('complaints:paper')}?forms={made.reference}")
        except Refusal as error:
            refusal = error
    rows = list(queries.paper_forms(request.user).filter(contract=contract)[:_SHOWN])
    entered = queries.papers_entered(contract.venue_id)
    context = {
        "tabs": tabs(request.user, "paper"),
        "contract": contract,
        "contracts": own,
        "houses": [(one.venue.name, f"?contract={one}", one == contract) for one in own],
        "form": form,
        "printed": [_printed(one, entered) for one in rows],
        "may_reserve": may("complaints.reserve_paper", request.user),
        "may_enter": may("complaints.receive", request.user),
        "refusal": refusal,
        "at": now(),
    }
    status = 409 if refusal else 422 if form.is_bound and form.errors else 200
    return render(request, "complaints/paper.html", context, status=status)


def _printed(forms: PaperForms, entered: set[str]) -> Printed:
    unused = [text for text in map(numbered, forms.numbers) if text not in entered]
    return Printed(forms, numbered(forms.first), numbered(forms.last), unused)


def _as_pdf(request: StaffRequest, reference: str) -> HttpResponse:
    """Two on a sheet of A4, or one on A5 by `?size=a5`."""
    forms = by_reference(queries.paper_forms(request.user), reference)
    if forms is None:
        raise Http404
    require("complaints.reserve_paper", request.user)
    at = now()
    size = "a5" if request.GET.get("size") == "a5" else "a4"
    reader = Reader(request.user, at, request.build_absolute_uri("/").rstrip("/"))
    data = data_of(paper_forms(forms, reader, size), number=forms.reference, url=reader.site, reader=reader)
    access.note("exported", user=request.user, at=at, reason="paper-forms", noun="contract", noun_id=forms.contract_id)
    headers = {
        "Content-Disposition": f'inline; filename="{forms.reference}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(pdf(_TEMPLATE, data, at), content_type="application/pdf", headers=headers)
