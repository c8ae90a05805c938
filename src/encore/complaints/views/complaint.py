"""The page of a complaint: what happened, what is promised, what to do now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.models import User
from encore.accounts.rights import may
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import course, queries
from encore.complaints.forms.acts import ActForm
from encore.complaints.models import Complaint
from encore.complaints.views.acts import ACTS, REASSESS, Act, Offer, is_turn, offers
from encore.contracts.queries import terms_of
from encore.engine import Edition
from encore.ledger.forms import Occurrence
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import clocks_of, timeline
from encore.ledger.refusal import Refusal


def told_of(complaint: Complaint, at: datetime, reader: User | None = None) -> dict[str, Any]:
    key, in_force = key_of(complaint), terms_of(complaint.contract)
    edition = in_force.edition
    entries = timeline(key, edition, reader)
    standing = [entry for entry in entries if entry.annulled is None]
    return {
        "complaint": complaint,
        "edition": edition,
        "terms": in_force,
        "entries": entries,
        "steps": course.steps(edition, standing),
        "clocks": list(clocks_of(key, complaint.contract_id)),
        "at": at,
    }


def found(request: StaffRequest, reference: str) -> Complaint:
    complaint = by_reference(queries.visible_to(request.user), reference)
    if complaint is None:
        raise Http404
    return complaint


@staff
@require_safe
def complaint(request: StaffRequest, reference: str) -> HttpResponse:
    """`?act=` opens the form of another act than the one that is due first."""
    return _page(request, found(request, reference), opened=request.GET.get("act", ""))


@dataclass(frozen=True)
class Filled:
    """The form of an act, and when the act happened where that was not just now."""

    act: Act
    form: ActForm
    occurrence: Occurrence


def _filled(act: Act, complaint: Complaint, user: User, edition: Edition, posted: Any = None) -> Filled:
    form = act.form(posted, complaint=complaint, user=user, edition=edition)
    occurrence = Occurrence(posted, at=now(), since=complaint.received_at, auto_id=f"{act.name}-%s")
    return Filled(act, form, occurrence)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Takes a step: 302 to the complaint, 422 for a form that lacks something, 409 with the reason for a refusal."""
    complaint = found(request, reference)
    act = ACTS.get(name)
    if act is None:
        raise Http404
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    if name == REASSESS.name and REASSESS.is_open(complaint):
        act = REASSESS
    filled = _filled(act, complaint, request.user, queries.edition(complaint), request.POST)
    is_filled = all([filled.form.is_valid(), filled.occurrence.is_valid()])
    if not is_filled and is_turn(complaint, act, terms_of(complaint.contract)):
        return _page(request, complaint, wrong=filled, status=422)
    try:
        if not is_filled or queries.is_void(timeline(key_of(complaint))):
            raise Refusal(_("It is no longer the turn of this step."))
        with filled.occurrence.reason_given():
            act.perform(complaint, **filled.form.cleaned_data, by=request.user, at=filled.occurrence.at)
    except Refusal as refusal:
        return _page(request, found(request, reference), refusal=refusal, unsent=filled.form, status=409)
    return redirect("complaints:complaint", reference)


def _page(
    request: StaffRequest,
    complaint: Complaint,
    *,
    opened: str = "",
    wrong: Filled | None = None,
    refusal: Refusal | None = None,
    unsent: ActForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """`opened`: the act whose form stands open. `wrong`: a form that came back with errors. `unsent`: one whose act was refused;
    its words stay.
    """
    told = told_of(complaint, now(), request.user)
    is_void = queries.is_void(told["entries"])
    offered = offers(complaint, told["clocks"], request.user, told["terms"])
    shown = None if is_void else _shown(offered.first, offered.others, opened, wrong)
    context = {
        **told,
        "may_annul": may("ledger.annul", request.user),
        "shown": wrong or (_filled(shown.act, complaint, request.user, told["edition"]) if shown else None),
        "due_at": shown.due_at if shown else None,
        "groups": {} if is_void else _grouped(offered.first, offered.others, shown),
        "theirs": [] if is_void else offered.theirs,
        "refusal": refusal,
        "unsent": unsent,
        "statements": queries.statements(complaint, request.user),
    }
    return render(request, "complaints/complaint.html", context, status=status)


def _shown(first: Offer | None, others: list[Offer], opened: str, wrong: Filled | None) -> Offer | None:
    name = wrong.act.name if wrong else opened
    return next((one for one in others if one.act.name == name), first)


def _grouped(first: Offer | None, others: list[Offer], shown: Offer | None) -> Mapping[str, list[Offer]]:
    """What else can be done, by its group."""
    groups: dict[str, list[Offer]] = {}
    for one in (*([first] if first else []), *others):
        if one is not shown:
            groups.setdefault(str(one.act.group), []).append(one)
    return groups
