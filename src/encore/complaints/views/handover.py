"""What one shift leaves to the next."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from encore.accounts.models import User
from encore.accounts.rights import require
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import drafts, operations, queries, workload
from encore.complaints.forms.desk import Note, TakingOver
from encore.complaints.views.tabs import tabs
from encore.contracts import queries as contracts
from encore.ledger.nouns import by_reference
from encore.ledger.refusal import Refusal
from encore.venues.models import Venue

_LATEST: Final = 7


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def handover(request: StaffRequest) -> HttpResponse:
    """What came in, what is due in the next shift, what is late. Posted, whoever is signed in takes it over."""
    require("complaints.hand_over", request.user)
    houses = workload.houses(request.user)
    asked = request.GET.get("house", "")
    house = next((one for one in houses if str(one) == asked), None) if asked else next(iter(houses), None)
    if asked and house is None:
        raise Http404
    if house is None:
        return render(
            request,
            "complaints/handover.html",
            {"houses": [], "house": None, "tabs": tabs(request.user, "handover"), "at": now()},
        )
    if request.method != "POST":
        return _page(request, houses, house)
    form = TakingOver(request.POST, people=_givers(request))
    if not form.is_valid():
        return _page(request, houses, house, form=form, status=422)
    try:
        operations.hand_over(house, **form.cleaned_data, by=request.user, at=now())
    except Refusal as refusal:
        return _page(request, houses, house, form=form, refusal=refusal, status=409)
    messages.success(request, _("You have taken the shift over."))
    return redirect(f"{reverse('complaints:handover')}?house={house}")


def _givers(request: StaffRequest) -> list[User]:
    return [one for one in workload.colleagues(request.user) if one.pk != request.user.pk]


def _page(
    request: StaffRequest,
    houses: list[Venue],
    house: Venue,
    *,
    form: TakingOver | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    user, at = request.user, now()
    editions = contracts.editions(user)
    watch = workload.watch(at, house, house.shifts.all())
    leaving = workload.leaving(user, watch, house, list(editions), at)
    shown = {card.complaint.pk for part in (leaving.came, leaving.due, leaving.late) for card in part.rows}
    taken = list(workload.handovers(user, house)[:_LATEST])
    context = {
        "houses": houses,
        "house": house,
        "watch": watch,
        "leaving": leaving,
        "editions": editions,
        "notes": workload.notes(user, shown, watch.since),
        "form": form or TakingOver(people=_givers(request)),
        "taken": taken,
        "is_taken": any(one.since == watch.since for one in taken),
        "refusal": refusal,
        "pairs": [(one.name, f"?house={one}", one == house) for one in houses],
        "tabs": tabs(user, "handover"),
        "at": at,
    }
    return render(request, "complaints/handover.html", context, status=status)


@staff
@require_POST
def note(request: StaffRequest) -> HttpResponse:
    """Leaves a word about a complaint for the next shift."""
    require("complaints.hand_over", request.user)
    complaint = by_reference(queries.visible_to(request.user), request.POST.get("complaint", ""))
    if complaint is None:
        raise Http404
    form = Note(request.POST)
    if form.is_valid():
        drafts.leave_note(complaint, form.cleaned_data["words"], request.user, now())
    else:
        messages.warning(request, _("Nothing was noted: write a few words, 500 characters at most."))
    houses = [str(one) for one in workload.houses(request.user)]
    house = request.POST.get("house", "")
    address = f"?house={house}" if house in houses else ""
    return redirect(f"{reverse('complaints:handover')}{address}#{complaint}")
