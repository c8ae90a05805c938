import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django import forms as django_forms
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.models import User
from encore.accounts.rights import may
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import operations, queries, tables
from encore.complaints.forms import Assessment, Intake, Nothing, Plan, Result
from encore.complaints.models import Complaint
from encore.contracts.queries import edition_of, editions, in_force
from encore.ledger.forms import Occurrence
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import clocks_of, timeline
from encore.ledger.refusal import Refusal
from encore.web.exports import answer
from encore.web.tables import listing

# --- guests ------------------------------------------------------------------------------------------------------------


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
    response = render(request, "complaints/tracking.html", _told_of(complaint, now()))
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _told_of(complaint: Complaint, at: datetime, reader: User | None = None) -> dict[str, Any]:
    key, edition = key_of(complaint), queries.edition(complaint)
    entries = timeline(key, edition, reader)
    standing = [entry for entry in entries if entry.annulled is None]
    return {
        "complaint": complaint,
        "edition": edition,
        "entries": entries,
        "steps": queries.steps(edition, standing),
        "clocks": list(clocks_of(key, complaint.contract_id)),
        "at": at,
    }


# --- staff -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """A step that a page offers: its button, what must be filled in, and what it does."""

    name: str
    label: str | Promise
    form: type[django_forms.Form]
    perform: Callable[..., Complaint]
    is_next: Callable[[Complaint], bool]


ACTS: Final = {
    act.name: act
    for act in (
        Act("verify", _("The facts are verified"), Nothing, operations.verify, lambda c: c.awaits_verification),
        Act("assess", _("Classify and assess"), Assessment, operations.assess, lambda c: c.awaits_assessment),
        Act("plan", _("Settle the plan"), Plan, operations.plan, lambda c: c.awaits_plan),
        Act("start", _("Execution starts"), Nothing, operations.start, lambda c: c.awaits_start),
        Act("resolve", _("Execution is finished"), Nothing, operations.resolve, lambda c: c.awaits_resolution),
        Act("send-result", _("Send the result"), Result, operations.send_result, lambda c: c.awaits_result),
        Act(
            "follow-up",
            _("The guest was asked how it is now"),
            Nothing,
            operations.follow_up,
            lambda c: c.awaits_archiving,
        ),
        Act("archive", _("Archive"), Nothing, operations.archive, lambda c: c.awaits_archiving),
    )
}


@staff
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """What burns next."""
    table = tables.burning(request.user, editions(request.user))
    page = listing(request, table, queries.burning(request.user))
    return answer(request, page, "complaints/queue.html", {"order": "due"}, now())


@staff
@require_safe
def every(request: StaffRequest) -> HttpResponse:
    """All complaints, the latest first."""
    page = listing(request, tables.every(editions(request.user)), queries.visible_to(request.user))
    return answer(request, page, "complaints/queue.html", {"order": "received"}, now())


def _found(request: StaffRequest, reference: str) -> Complaint:
    complaint = by_reference(queries.visible_to(request.user), reference)
    if complaint is None:
        raise Http404
    return complaint


@staff
@require_safe
def complaint(request: StaffRequest, reference: str) -> HttpResponse:
    return _page(request, _found(request, reference))


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Takes a step: 302 to the complaint, 422 for a form that lacks something, 409 with the reason for a refusal."""
    complaint = _found(request, reference)
    act = ACTS.get(name)
    if act is None:
        raise Http404
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    form, occurrence = _form(act, complaint, request.POST), _occurrence(act, complaint, request.POST)
    is_filled = all([form.is_valid(), occurrence.is_valid()])
    if not is_filled and act.is_next(complaint):
        return _page(request, complaint, forms={name: (form, occurrence)}, status=422)
    try:
        if not is_filled or queries.is_void(timeline(key_of(complaint))):
            raise Refusal(_("It is no longer the turn of this step."))
        with occurrence.reason_given():
            act.perform(complaint, **form.cleaned_data, by=request.user, at=occurrence.at)
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, unsent=form, status=409)
    return redirect("complaints:complaint", reference)


def _form(act: Act, complaint: Complaint, posted: Any = None) -> django_forms.Form:
    if act.form is Assessment:
        return Assessment(posted, edition=queries.edition(complaint))
    return act.form(posted, initial={"plan": complaint.plan, "result": complaint.result})


def _occurrence(act: Act, complaint: Complaint, posted: Any = None) -> Occurrence:
    return Occurrence(posted, at=now(), since=complaint.received_at, auto_id=f"{act.name}-%s")


def _page(
    request: StaffRequest,
    complaint: Complaint,
    *,
    forms: Mapping[str, tuple[django_forms.Form, Occurrence]] = MappingProxyType({}),
    refusal: Refusal | None = None,
    unsent: django_forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """`forms`: those that came back with errors, by their act. `unsent`: one whose act was refused; its words stay."""
    told = _told_of(complaint, now(), request.user)
    offered = [act for act in ACTS.values() if act.is_next(complaint)] if not queries.is_void(told["entries"]) else []
    context = {
        **told,
        "may_annul": may("ledger.annul", request.user),
        "acts": [
            (act, *forms.get(act.name, (_form(act, complaint), _occurrence(act, complaint))))
            for act in offered
            if _is_for(request.user, act)
        ],
        "others": [act.label for act in offered if not _is_for(request.user, act)],
        "refusal": refusal,
        "unsent": unsent,
    }
    return render(request, "complaints/complaint.html", context, status=status)


def _is_for(user: User, act: Act) -> bool:
    return may(f"complaints.{act.perform.__name__}", user)
