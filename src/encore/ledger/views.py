from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from encore.accounts.rights import may
from encore.accounts.staff import StaffRequest, staff
from encore.engine.moments import to_datetime
from encore.ledger import annulment, operations, queries
from encore.ledger.forms import Annulment
from encore.ledger.models import Event
from encore.ledger.nouns import Key, Page, pages
from encore.ledger.refusal import Refusal
from encore.ledger.terms import terms_of


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def annul(request: StaffRequest, entry: int) -> HttpResponse:
    """Annuls an entry, or asks the other party to, once it is shown what would follow; 409 with the reason for a refusal."""
    event, at = get_object_or_404(Event, pk=entry), now()
    key = Key(event.noun, event.noun_id)
    page = pages([key], request.user).get(key)
    if page is None:
        raise Http404
    form = Annulment(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, event, page, form, status=422 if form.is_bound else 200)
    act = operations.ask_annulment if "ask" in request.POST else operations.annul
    try:
        act(event, reason=form.cleaned_data["reason"], by=request.user, at=at)
    except Refusal as refusal:
        return _page(request, event, page, form, refusal=refusal, status=409)
    return redirect(page.url)


def _page(
    request: StaffRequest, event: Event, page: Page, form: Annulment, *, refusal: Refusal | None = None, status: int
) -> HttpResponse:
    at, key = now(), Key(event.noun, event.noun_id)
    changes = annulment.changes(event, at)
    in_force = {change.contract: terms_of(change.contract) for change in changes}
    editions = {contract: terms.edition for contract, terms in in_force.items() if terms}
    known = pages((change.key for change in changes), request.user)
    entry = next(one for one in queries.timeline(key, next(iter(editions.values()), None)) if one.id == event.pk)
    asked = annulment.asked_by_others(event, request.user.organisation_id)
    context: dict[str, Any] = {
        "entry": entry,
        "page": page,
        "form": form,
        "refusal": refusal,
        "at": at,
        "editions": editions,
        "changes": [(change, known.get(change.key), _side(change.before), _side(change.after)) for change in changes],
        "asked": asked is not None,
        "needs_another": asked is None and annulment.needs_another(event, request.user, changes),
        "may": may("ledger.annul", request.user),
    }
    return render(request, "ledger/annul.html", context, status=status)


def _side(side: annulment.Side | None) -> tuple[str, Any] | None:
    return None if side is None else (queries.state_label(side.state), to_datetime(side.due))
