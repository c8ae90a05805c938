import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.rights import require
from encore.accounts.staff import StaffRequest, staff
from encore.approvals import queries as approvals
from encore.books import forms
from encore.books import queries as books
from encore.books.operations import AlreadySubmitted, Claim, Item
from encore.ledger.nouns import by_reference
from encore.ledger.refusal import Refusal
from encore.workflows import operations, queries


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def new_cost(request: StaffRequest) -> HttpResponse:
    """Takes a reimbursement form, and asks those who approve it. The same form sent twice is one."""
    require("workflows.submit_cost", request.user)
    lines = books.open_lines(request.user.organisation_id, books.day_of(now()))
    initial = {"form_key": uuid.uuid4().hex, "about": request.GET.get("about", "")}
    form = forms.CostForm(request.POST or None, lines=lines, user=request.user, initial=initial)
    items = forms.ItemFormSet(request.POST or None, prefix="item")
    refusal: Refusal | None = None
    if earlier := books.submitted(request.user, request.POST.get("form_key", "")):
        return redirect("books:cost", str(earlier))
    if request.method == "POST" and form.is_valid() and items.is_valid():
        written = items.written()
        taken = books.taken_invoices(request.user.organisation_id, [one["invoice"] for one in written])
        items.refuse(taken)
        if not taken:
            try:
                cost = operations.submit_cost(_claim(form, written), by=request.user, at=now())
                return redirect("books:cost", str(cost))
            except AlreadySubmitted:
                return redirect("books:cost", str(books.submitted(request.user, form.cleaned_data["form_key"])))
            except Refusal as refused:
                refusal = refused
    context = {"form": form, "items": items, "lines": lines, "refusal": refusal}
    status = 409 if refusal else 422 if form.is_bound else 200
    response = render(request, "workflows/new_cost.html", context, status=status)
    response["Cache-Control"] = "no-store"  # a copy would carry the key of a form that was sent already
    return response


def _claim(form: forms.CostForm, written: list[dict[str, Any]]) -> Claim:
    said = form.cleaned_data
    return Claim(
        line=form.lines[said["line"]].line,
        purpose=said["purpose"],
        items=[Item(one["day"], one["what"], one["amount"], one["invoice"]) for one in written],
        form_key=said["form_key"],
        attachments=said["attachments"] or 0,
        about=said["about"],
        beneficiary=said["beneficiary"],
    )


@staff
@require_safe
def approval(request: StaffRequest, reference: str) -> HttpResponse:
    """Who approves a cost, and what this person can do about it now: a part of the cost's page."""
    cost = by_reference(books.costs_visible_to(request.user), reference)
    if cost is None or (found := queries.approval_of(cost)) is None:
        raise Http404
    if "HX-Request" not in request.headers:
        return redirect("approvals:approval", str(found))
    at = now()
    context = {
        "approval": found,
        "steps": found.steps.order_by("place", "pk").select_related("person", "decided_by"),
        "current": approvals.current(found),
        "is_turn": approvals.in_whose_name(found, request.user, at) is not None,
        "may_withdraw": found.is_open and found.requested_by_id == request.user.pk,
        "at": at,
    }
    return render(request, "workflows/_approval.html", context)
