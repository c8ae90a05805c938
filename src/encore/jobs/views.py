from typing import Final

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from encore.accounts.rights import require
from encore.accounts.staff import StaffRequest, staff
from encore.jobs import parked
from encore.web import errors
from encore.web.paging import place, written
from encore.web.tables import MOST_COUNTED, PAGE


@staff
@require_safe
def waiting(request: StaffRequest) -> HttpResponse:
    """Jobs that wait for a decision, the latest first."""
    require("jobs.try_again", request.user)
    rows, at = parked.page(place(request.GET.get("after", ""))), now()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    context = {
        "rows": [(job, parked.label(job)) for job in rows[:PAGE]],
        "load": parked.load(at, MOST_COUNTED + 1),
        "more": written(last.ended_at, last.pk) if last and last.ended_at else "",
        "held_since": parked.held_since(),
        "at": at,
    }
    return render(request, "jobs/waiting.html", context)


@staff
@require_POST
def let_out(request: StaffRequest) -> HttpResponse:
    parked.let_out(by=request.user)
    return redirect("jobs:waiting")


_DECISIONS: Final = {"again": parked.try_again, "settle": parked.settle}


@staff
@require_POST
def decide(request: StaffRequest, job: int) -> HttpResponse:
    """`decision=again` puts the job back, `settle` lets it be; 409 where there is nothing left to decide."""
    act = _DECISIONS.get(request.POST.get("decision", ""))
    if act is None:
        raise BadRequest
    try:
        act(job, by=request.user, at=now())
    except parked.AlreadyDecided as refusal:
        return errors.refused(request, refusal)
    return redirect("jobs:waiting")
