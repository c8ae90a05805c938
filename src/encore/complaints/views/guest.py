"""The pages that guests reach without signing in: by the code of a room or a house, and by the token of their complaint."""

import uuid
from dataclasses import replace

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from encore.complaints import operations, queries
from encore.complaints.forms.guest import Intake
from encore.complaints.models import Complaint
from encore.complaints.views.complaint import told_of
from encore.contracts.queries import edition_of, in_force


@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a complaint from whoever holds the link. The same form sent twice is one complaint."""
    contract = get_object_or_404(in_force(), code=code)
    form = Intake(request.POST or None, initial={"form_key": uuid.uuid4().hex})
    if request.method != "POST" or not form.is_valid():
        response = render(
            request,
            "complaints/intake.html",
            {"contract": contract, "form": form},
            status=422 if form.is_bound else 200,
        )
        response["Cache-Control"] = "no-store"  # a copy would carry the key of a form that was sent already
        return response
    told = operations.Told(form.cleaned_data["text"], form.cleaned_data["form_key"], form.cleaned_data["room"])
    channel = queries.channel(edition_of(contract), "web")
    try:
        complaint = operations.receive(told, contract=contract, channel=channel, by=None, at=now())
    except (operations.AlreadyReceived, IntegrityError):
        complaint = Complaint.objects.get(form_key=told.form_key)
        if (complaint.contract_id, complaint.text, complaint.room) != (contract.pk, told.text, told.room):
            # Another complaint written into a form that was sent before: the next guest at a shared screen.
            told = replace(told, form_key=uuid.uuid4().hex)
            complaint = operations.receive(told, contract=contract, channel=channel, by=None, at=now())
    return redirect("complaints:tracking", complaint.token)


@require_safe
def tracking(request: HttpRequest, token: str) -> HttpResponse:
    """Where a complaint stands, for whoever holds its link."""
    complaint = get_object_or_404(Complaint.objects.select_related("contract__venue"), token=token)
    response = render(request, "complaints/tracking.html", told_of(complaint, now()))
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
