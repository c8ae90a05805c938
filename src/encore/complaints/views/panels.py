"""What is done in the panels of a complaint's page: its guest, its evidence, its level, its money, the people it is about."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from encore.accounts import access
from encore.accounts.rights import NotYours, Sight, require, sight
from encore.accounts.staff import StaffRequest, staff
from encore.channels.models import Message
from encore.complaints import operations
from encore.complaints.forms.fairness import Adding, Decision, Reveal, Telling
from encore.complaints.views.complaint import found, page
from encore.files.forms import FULL
from encore.files.queries import staff_holder
from encore.ledger.refusal import Refusal

_panel = require_http_methods(["GET", "HEAD", "POST"])


@staff
@_panel
def reveal(request: StaffRequest, reference: str) -> HttpResponse:
    """How the guest is reached, this once: who looked and why is noted."""
    complaint = found(request, reference)
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    if sight("complaint.contact", request.user) == Sight.WITHHELD:
        raise NotYours(_("The guest's contact stays with the venue."))
    require("customers.reveal", request.user)
    if complaint.contact is None:
        raise Http404
    form = Reveal(request.POST)
    if not form.is_valid():
        return page(request, complaint, forms_of={"reveal": form}, status=422)
    access.note(
        "revealed",
        user=request.user,
        at=now(),
        reason=form.cleaned_data["reason"],
        noun="customer",
        noun_id=complaint.contact.pk,
    )
    return page(request, complaint, is_revealed=True)


@staff
@_panel
def evidence(request: StaffRequest, reference: str) -> HttpResponse:
    """Adds photos, sound and film: 422 for what is not taken, 507 where the disk is full."""
    complaint = found(request, reference)
    form = adding(request)
    if request.method != "POST":
        return page(request, complaint, forms_of={"adding": form})
    if not form.is_valid():
        status = 507 if form.has_error("files", FULL) else 422
        return page(request, complaint, forms_of={"adding": form}, status=status)
    try:
        operations.add_evidence(complaint, evidence=form.cleaned_data["files"], by=request.user, at=now())
    except Refusal as refusal:
        return page(request, complaint, refusal=refusal, forms_of={"adding": form}, status=409)
    return redirect("complaints:complaint", reference)


def adding(request: StaffRequest) -> Adding:
    sent: Any = (request.POST, request.FILES) if request.method == "POST" else ()
    return Adding(*sent, holder=staff_holder(request.user), at=now())


@staff
@_panel
def level(request: StaffRequest, reference: str) -> HttpResponse:
    """The second person agrees to a lower level, or refuses it."""
    complaint = found(request, reference)
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    form = Decision(request.POST)
    if not form.is_valid():
        raise Http404
    asked = get_object_or_404(complaint.regradings, pk=form.cleaned_data["asked"])
    try:
        operations.decide_lower(asked, agrees=form.cleaned_data["agrees"] == "yes", by=request.user, at=now())
    except Refusal as refusal:
        return page(request, found(request, reference), refusal=refusal, status=409)
    return redirect("complaints:complaint", reference)


@staff
@_panel
def give(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    """The guest has got what they were offered; `laid_out`: somebody paid it themselves."""
    complaint = found(request, reference)
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    remedy = get_object_or_404(complaint.remedies, pk=number)
    try:
        operations.give(remedy, laid_out="laid_out" in request.POST, by=request.user, at=now())
    except Refusal as refusal:
        return page(request, found(request, reference), refusal=refusal, status=409)
    return redirect("complaints:complaint", reference)


@staff
@_panel
def tell(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    """Tells somebody whom it is about of the complaint, and later of what was found."""
    complaint = found(request, reference)
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    concern = get_object_or_404(complaint.concerns, pk=number)
    form = Telling(request.POST)
    if not form.is_valid():
        return page(request, complaint, forms_of={"telling": form}, status=422)
    act = operations.tell_finding if request.POST.get("about") == "finding" else operations.tell_concerned
    try:
        act(concern, words=form.cleaned_data["words"], by=request.user, at=now())
    except Refusal as refusal:
        return page(request, found(request, reference), refusal=refusal, unsent=form, status=409)
    return redirect("complaints:complaint", reference)


@staff
@_panel
def send_again(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    """What did not reach the guest goes out once more, by another channel."""
    complaint = found(request, reference)
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    message = get_object_or_404(Message, pk=number, noun="complaint", noun_id=complaint.pk)
    channel = request.POST.get("channel", "")
    try:
        operations.send_again(complaint, message=message, channel=channel, by=request.user, at=now())
    except Refusal as refusal:
        return page(request, found(request, reference), refusal=refusal, status=409)
    messages.success(request, _("It is on its way again."))
    return redirect("complaints:complaint", reference)
