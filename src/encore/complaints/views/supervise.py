"""How each person's complaints stand, what became of going through them, and the work of whoever is away."""

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from encore.accounts.models import Post, User
from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import operations, workload
from encore.complaints.forms.desk import HandingOn
from encore.complaints.models import Supervision
from encore.complaints.views.tabs import tabs
from encore.complaints.workload import Work
from encore.contracts import queries as contracts
from encore.ledger.refusal import Refusal
from encore.people.queries import visible_to


class Line(NamedTuple):
    person: User
    work: Work
    supervised: Supervision | None


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def supervise(request: StaffRequest) -> HttpResponse:
    """Each of one's own people with what they answer for. Posted, their work has been gone through with them."""
    require("complaints.supervise", request.user)
    if request.method == "POST":
        number = request.POST.get("person", "")
        people = visible_to(request.user).filter(is_active=True)
        person = get_object_or_404(people, pk=int(number) if number.isascii() and number.isdecimal() else 0)
        try:
            operations.supervise(person, by=request.user, at=now())
        except Refusal as refusal:
            return _page(request, refusal, 409)
        messages.success(
            request, _("Noted: you have gone through the complaints with %(name)s.") % {"name": person.name}
        )
        return redirect("complaints:supervise")
    return _page(request)


def _page(request: StaffRequest, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    user, at = request.user, now()
    houses = workload.houses(user)
    found = workload.work(
        user, list(contracts.editions(user)), at, workload.day_ends(at, houses[0] if houses else None)
    )
    people = workload.holders(user, found)
    supervised = workload.supervisions(people)
    lines = [Line(one, found.pop(one.pk, workload.NO_WORK), supervised.get(one.pk)) for one in people]
    nobody = found.pop(None, workload.NO_WORK)
    others = workload.summed(found.values())
    context = {
        "lines": lines,
        "nobody": nobody,
        "others": others,
        "refusal": refusal,
        "at": at,
        "tabs": tabs(user, "supervise"),
    }
    return render(request, "complaints/supervise.html", context, status=status)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def hand_on(request: StaffRequest) -> HttpResponse:
    """All open work of somebody who is away goes to others, in one act. Whoever is no manager gives on their own."""
    require("complaints.hand_on", request.user)
    found = workload.work(request.user, list(contracts.editions(request.user)), now(), now())
    people = workload.colleagues(request.user)
    holders = workload.holders(request.user, found)
    if request.user.post != Post.MANAGER:
        holders = [one for one in people if one.pk == request.user.pk]
    initial = {"person": request.GET.get("person", "") or (request.user.pk if len(holders) == 1 else "")}
    form = HandingOn(request.POST or None, people=people, holders=holders, initial=initial)
    refusal: Refusal | None = None
    if form.is_bound and form.is_valid():
        try:
            given = operations.hand_on(**form.cleaned_data, by=request.user, at=now())
        except Refusal as refused:
            refusal = refused
        else:
            told = ngettext("%(n)s complaint has been given on.", "%(n)s complaints have been given on.", len(given))
            messages.success(request, told % {"n": len(given)})
            return redirect("complaints:supervise" if may("complaints.supervise", request.user) else "complaints:queue")
    held = [(one, found.get(one.pk, workload.NO_WORK).left) for one in holders]
    context = {"form": form, "held": held, "refusal": refusal, "tabs": tabs(request.user, "hand-on")}
    status = 409 if refusal else 422 if form.is_bound else 200
    return render(request, "complaints/hand_on.html", context, status=status)
