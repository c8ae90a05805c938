"""What people of the house were told: taken in at the desk, or solved on the spot."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import segno
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.models import Post, User
from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import operations, queries
from encore.complaints.forms.registering import Complaining, Receipt, Registration, Solving
from encore.complaints.models import Complaint, Remedy
from encore.complaints.operations import READ_OUT, AlreadyReceived, Arrived
from encore.complaints.views.tabs import tabs
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of, in_force_of
from encore.files.forms import FULL
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import clocks_of
from encore.ledger.refusal import Refusal
from encore.venues.models import Room

LINK_SHOWN: Final = timedelta(hours=1)  # after it was written down: whoever holds the link speaks as the guest


def chosen(request: StaffRequest) -> tuple[Contract, list[Contract]]:
    """The contract that is meant, `?contract=` where there are several, and all that could be. 404 where there is none."""
    own = in_force_of(request.user)
    asked = request.GET.get("contract")
    found = next((one for one in own if str(one) == asked), None) if asked else next(iter(own), None)
    if found is None:
        raise Http404
    return found, own


def rooms_of(contract: Contract) -> list[Room]:
    return list(Room.objects.filter(venue__owner=contract.venue_id, is_active=True).order_by("code"))


def filled(request: StaffRequest, form: type[Complaining], contract: Contract, at: datetime, **initial: str) -> Any:
    """The form as it was posted, or an empty one with a key of its own."""
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return form(
        *posted,
        contract=contract,
        user=request.user,
        at=at,
        rooms=rooms_of(contract),
        initial={"form_key": uuid.uuid4().hex, **initial},
    )


def receipt_of(request: StaffRequest, contract: Contract, at: datetime, *, is_on_paper: bool = False) -> Receipt:
    assert contract.effective_at is not None
    posted = request.POST if request.method == "POST" else None
    return Receipt(posted, at=at, since=contract.effective_at, is_on_paper=is_on_paper, auto_id="receipt-%s")


def page(
    request: StaffRequest,
    template: str,
    form: Complaining,
    contracts: Sequence[Contract],
    at: datetime,
    refusal: Refusal | None = None,
    **more: Any,
) -> HttpResponse:
    """422 for a form that lacks something, 507 where there is no room for a file, 409 for a refusal."""
    here = request.path
    context = {
        "form": form,
        "contract": form.contract,
        "contracts": contracts,
        "houses": [(one.venue.name, f"{here}?contract={one}", one == form.contract) for one in contracts],
        "read_out": READ_OUT,
        "tabs": tabs(request.user, "register"),
        "is_promoter": request.user.post == Post.PROMOTER,
        "refusal": refusal,
        "at": at,
        **more,
    }
    status = 409 if refusal else 200
    if form.is_bound and form.errors:
        status = 507 if form.has_error("files", FULL) else 422
    elif not refusal and any(getattr(one, "errors", None) for one in more.values()):
        status = 422
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"  # a copy would carry the key of a form that was sent already
    return response


def known(form: Complaining, user: User) -> Complaint | None:
    """What this very form was sent as before: once more is the same complaint, unless something else was written into it."""
    rows = queries.visible_to(user).filter(form_key=form.cleaned_data["form_key"])
    return rows.filter(text=form.cleaned_data["text"]).first()


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: StaffRequest) -> HttpResponse:
    """By telephone, text message, e-mail, WeChat, at the desk, from an authority, off paper."""
    require("complaints.receive", request.user)
    if request.user.post == Post.PROMOTER:
        return redirect("complaints:hand-up")
    contract, own = chosen(request)
    at = now()
    form: Registration = filled(request, Registration, contract, at, paper_number=request.GET.get("paper", ""))
    is_filled = form.is_valid() if form.is_bound else False
    receipt = receipt_of(request, contract, at, is_on_paper=bool(is_filled and form.cleaned_data["paper_number"]))
    is_filled = (receipt.is_valid() and is_filled) if form.is_bound else False
    if is_filled and form.cleaned_data["paper_number"] and not receipt.cleaned_data.get("occurred_at"):
        receipt.add_error("occurred_at", _("The form on paper says when the guest told it: write that time."))
        is_filled = False
    if not is_filled or (known(form, request.user) is None and form.look_for_twins(receipt.at)):
        return page(request, "complaints/register.html", form, own, at, receipt=receipt)
    try:
        with receipt.reason_given():
            complaint = operations.receive(
                form.as_told,
                contract=contract,
                channel=form.cleaned_data["channel"],
                by=request.user,
                at=receipt.at,
                recorded_at=at,
                reached=form.reached(form.cleaned_data["channel"]),
                evidence=form.cleaned_data["files"],
            )
    except AlreadyReceived as refusal:
        before = known(form, request.user)
        if before is None:
            return page(request, "complaints/register.html", form, own, at, refusal, receipt=receipt)
        complaint = before
    except Refusal as refusal:
        return page(request, "complaints/register.html", form, own, at, refusal, receipt=receipt)
    return redirect(f"{reverse('complaints:received', args=[complaint.reference])}?by=register")


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def solve(request: StaffRequest) -> HttpResponse:
    """Thirty seconds on the floor: what happened, what was given, whether the guest is content."""
    require("complaints.solve", request.user)
    contract, own = chosen(request)
    at = now()
    form: Solving = filled(request, Solving, contract, at)
    limit: dict[str, Any] = {"limit": _limit(request.user)}
    if not form.is_bound or not form.is_valid():
        return page(request, "complaints/onspot.html", form, own, at, **limit)
    arrived: Arrived = form.arrived
    try:
        complaint = operations.solve(
            arrived, form.solution, contract=contract, by=request.user, at=at, evidence=form.cleaned_data["files"]
        )
    except AlreadyReceived as refusal:
        before = known(form, request.user)
        if before is None:
            return page(request, "complaints/onspot.html", form, own, at, refusal, **limit)
        complaint = before
    except Refusal as refusal:
        return page(request, "complaints/onspot.html", form, own, at, refusal, **limit)
    return redirect(f"{reverse('complaints:received', args=[complaint.reference])}?by=solve")


def _limit(user: User) -> str:
    limit = queries.own_limit(user)
    if not limit:
        return _("Money is not yours to give: an amount is an offer that waits for approval.")
    return _("Up to ¥%(limit)s on your own; more is an offer that waits for approval.") % {"limit": f"{limit:,.0f}"}


@staff
@require_safe
def received(request: StaffRequest, reference: str) -> HttpResponse:
    """What to tell the guest of a complaint that was just taken in: its number, its page, the promises."""
    complaint = by_reference(queries.visible_to(request.user), reference)
    if complaint is None:
        raise Http404
    at = now()
    is_shown = complaint.recorded_at is not None and at - complaint.recorded_at < LINK_SHOWN
    link = request.build_absolute_uri(reverse("complaints:tracking", args=[complaint.token])) if is_shown else ""
    context: Mapping[str, Any] = {
        "complaint": complaint,
        "edition": edition_of(complaint.contract),
        "clocks": [clock for clock in clocks_of(key_of(complaint), complaint.contract_id) if not clock.is_ended],
        "link": link,
        "picture": segno.make(link, error="m", micro=False).png_data_uri(scale=5, border=4) if link else "",
        "waiting": list(complaint.remedies.filter(state=Remedy.State.ASKED)),
        "may_acknowledge": complaint.awaits_acknowledgement and may("complaints.acknowledge", request.user),
        "is_promoter": request.user.post == Post.PROMOTER,
        "form_name": request.GET.get("by", ""),
        "at": at,
    }
    response = render(request, "complaints/received.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
