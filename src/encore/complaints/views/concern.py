"""The page of somebody whom a complaint is about: what they are told, what they say, and what came of it. Never who complained."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.complaints import operations, queries
from encore.complaints.forms.fairness import OwnWords
from encore.complaints.models import Concern
from encore.ledger.nouns import by_reference
from encore.ledger.refusal import Refusal


@staff
@require_safe
def concerns(request: StaffRequest) -> HttpResponse:
    """The complaints that are about oneself."""
    rows = queries.concerns_visible_to(request.user).filter(told_at__isnull=False).order_by("-told_at", "-pk")
    return render(request, "complaints/concerns.html", {"concerns": list(rows[:200]), "at": now()})


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def concern(request: StaffRequest, reference: str) -> HttpResponse:
    """Takes the statement, or later the appeal: whichever it is the time for."""
    found = by_reference(queries.concerns_visible_to(request.user), reference)
    if found is None or found.told_at is None:
        raise Http404
    if request.method != "POST":
        return _page(request, found, OwnWords())
    form = OwnWords(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    act = operations.appeal if request.POST.get("says") == "appeal" else operations.state
    try:
        act(found, words=form.cleaned_data["words"], by=request.user, at=now())
    except Refusal as refusal:
        return _page(request, found, form, refusal=refusal, status=409)
    return redirect("complaints:concern", reference)


def _page(
    request: StaffRequest, concern: Concern, form: OwnWords, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    edition = queries.edition(concern.complaint)
    context = {
        "concern": concern,
        "edition": edition,
        "category": concern.complaint.category,
        "said": queries.said_with(concern),
        "form": form if concern.awaits_statement or concern.awaits_appeal or refusal else None,
        "refusal": refusal,
        "at": now(),
    }
    return render(request, "complaints/concern.html", context, status=status)
