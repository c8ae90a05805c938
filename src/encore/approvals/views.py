import uuid
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django import forms as django_forms
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.models import User
from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.approvals import drafts, forms, operations, queries, tables
from encore.approvals.models import Approval, Kind
from encore.ledger.nouns import NOUNS, Key, by_reference, pages
from encore.ledger.refusal import Refusal
from encore.web.exports import answer
from encore.web.tables import MOST_COUNTED, listing


def _here(request: StaffRequest, here: str, at: datetime) -> dict[str, Any]:
    """For the tabs that these pages share."""
    return {
        "here": here,
        "counts": queries.counts(request.user, at, MOST_COUNTED + 1),
        "may_ask": may("approvals.request", request.user),
        "may_set_tiers": may("approvals.set_tiers", request.user),
        "may_be_absent": may("approvals.set_absence", request.user),
        "at": at,
    }


@staff
@require_safe
def approvals(request: StaffRequest) -> HttpResponse:
    """What waits for this person; with `show`, what they asked for (`asked`) or have a copy of (`copies`)."""
    at, user, show = now(), request.user, request.GET.get("show", "waiting")
    match show:
        case "waiting":
            rows = queries.awaiting(user, at)
        case "asked":
            rows = queries.requested_by(user)
        case "copies":
            rows = queries.copied_to(user)
        case _:
            raise Http404
    page = listing(request, tables.approvals(user), rows)
    return answer(request, page, "approvals/list.html", _here(request, show, at), at)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: StaffRequest) -> HttpResponse:
    """Asks for something. The same form sent twice is one request."""
    require("approvals.request", request.user)
    at, user = now(), request.user
    initial = {"form_key": uuid.uuid4().hex, "about": request.GET.get("about", "")}
    form = forms.Asking(request.POST or None, initial=initial, colleagues=queries.colleagues(user), asker=user)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        told = dict(form.cleaned_data)
        about = told.pop("about")
        subject = _subject(about, user) if about else None
        if about and subject is None:
            form.add_error("about", _("There is nothing with this number."))
        else:
            try:
                made = operations.request(subject=subject, **told, by=user, at=at)
                return redirect("approvals:approval", made.reference)
            except operations.AlreadyAsked:
                return redirect("approvals:approval", str(Approval.objects.get(form_key=told["form_key"])))
            except Refusal as error:
                refusal = error
    context = {"form": form, "refusal": refusal, **_here(request, "ask", at)}
    return render(request, "approvals/ask.html", context, status=409 if refusal else 422 if form.is_bound else 200)


def _subject(reference: str, user: User) -> Model | None:
    """What people call so, whichever kind of thing it is; as far as they may see it."""
    for noun in NOUNS.values():
        row = by_reference(noun.visible_to(user), reference.upper())
        if isinstance(row, Model) and noun.key != "approval":
            return row
    return None


def _found(request: StaffRequest, reference: str) -> Approval:
    found = by_reference(queries.visible_to(request.user), reference)
    if found is None:
        raise Http404
    return found


@staff
@require_safe
def approval(request: StaffRequest, reference: str) -> HttpResponse:
    return _page(request, _found(request, reference))


ACTS: Final = ("approve", "refuse", "delegate", "add", "withdraw")


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Decides, hands on, adds somebody or withdraws: 422 for a form that lacks something, 409 with the reason for a refusal."""
    approval = _found(request, reference)
    if name not in ACTS:
        raise Http404
    if request.method != "POST":
        return redirect("approvals:approval", reference)
    form = _form(name, approval, request.user, request.POST)
    if not form.is_valid():
        return _page(request, approval, forms={name: form}, status=422)
    try:
        _perform(name, approval, form.cleaned_data, request.user, now())
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, unsent=form, status=409)
    return redirect("approvals:approval", reference)


def _perform(name: str, approval: Approval, told: Mapping[str, Any], by: User, at: datetime) -> None:
    match name:
        case "approve":
            operations.approve(approval, step=told["step"], words=told["words"], by=by, at=at)
        case "refuse":
            operations.refuse(approval, step=told["step"], words=told["words"], by=by, at=at)
        case "delegate":
            operations.delegate(approval, step=told["step"], to=told["to"], by=by, at=at)
        case "add":
            is_before = told["when"] == "before"
            operations.add(approval, step=told["step"], to=told["to"], is_before=is_before, by=by, at=at)
        case "withdraw":
            operations.withdraw(approval, by=by, at=at)


def _form(name: str, approval: Approval, user: User, posted: Any = None) -> django_forms.Form:
    step = queries.current(approval)
    options: dict[str, Any] = {"initial": {"step": step.pk if step else ""}, "auto_id": f"{name}-%s"}
    if name in ("delegate", "add"):
        kind = forms.Adding if name == "add" else forms.HandingOn
        colleagues = queries.colleagues(user, but={user.pk, *approval.barred})
        if name == "add":
            options["initial"]["when"] = "before"
        return kind(posted, colleagues=colleagues, **options)
    if name == "withdraw":
        return django_forms.Form(posted)
    return (forms.Refusing if name == "refuse" else forms.Approving)(posted, **options)


def _page(
    request: StaffRequest,
    approval: Approval,
    *,
    forms: Mapping[str, django_forms.Form] = MappingProxyType({}),
    refusal: Refusal | None = None,
    unsent: django_forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """`forms`: those that came back with errors. `unsent`: one whose act was refused; its words stay."""
    at, user = now(), request.user
    drafts.mark_looked_at(approval, user, at)
    key = Key(approval.noun, approval.noun_id or 0)
    name = queries.in_whose_name(approval, user, at) if may("approvals.approve", user) else None
    acts = [one for one in ACTS if name is not None and one != "withdraw"]
    context = {
        "approval": approval,
        "row": tables.Row(approval, pages([key], user).get(key)),
        "steps": approval.steps.order_by("place", "pk").select_related(
            "person", "added_by", "handed_on_by", "decided_by", "acting_for"
        ),
        "current": queries.current(approval),
        "copies": approval.copies.order_by("pk").select_related("person"),
        "forms": {one: forms.get(one) or _form(one, approval, user) for one in acts},
        "faulty": set(forms),
        "acting_for": name if name != user else None,
        "may_withdraw": approval.is_open and approval.requested_by_id == user.pk,
        "is_barred": approval.is_open and user.pk in approval.barred,
        "refusal": refusal,
        "unsent": unsent,
        "at": at,
    }
    return render(request, "approvals/approval.html", context, status=status)


# --- who decides ------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def tiers(request: StaffRequest) -> HttpResponse:
    """Who decides about which amounts, kind by kind; a post sets one kind."""
    require("approvals.set_tiers", request.user)
    asked, status = request.POST.get("kind", ""), 200
    made = {kind: forms.Tiers(prefix=kind.value, initial=_initial(request.user, kind)) for kind in Kind}
    if request.method == "POST":
        if asked not in made:
            raise Http404
        chosen = Kind(asked)
        form = made[chosen] = forms.Tiers(request.POST, prefix=asked)
        if form.is_valid():
            rows = [(one.cleaned_data.get("below"), one.posts) for one in form.forms if one.is_used]
            drafts.set_tiers(asked, rows, by=request.user)
            return redirect(f"{request.path}#{asked}")
        status = 422
    context = {"by_kind": list(made.items()), **_here(request, "tiers", now())}
    return render(request, "approvals/tiers.html", context, status=status)


def _initial(user: User, kind: Kind) -> list[dict[str, Any]]:
    return [
        {"below": below, "first": posts[0], "second": posts[1] if len(posts) > 1 else ""}
        for below, posts in queries.tiers(user.organisation_id, kind)
    ]


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def absence(request: StaffRequest) -> HttpResponse:
    """Who decides while this person is away. A post adds a time, or ends one (`end`)."""
    require("approvals.set_absence", request.user)
    at, user = now(), request.user
    if (ended := request.POST.get("end", "")).isdecimal() and len(ended) < 19:
        drafts.end_absence(int(ended), by=user)
        return redirect("approvals:absence")
    able = queries.colleagues(user, but={user.pk})
    form = forms.AbsenceForm(request.POST or None, colleagues=able)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        drafts.set_absence(told["deputy"], told["from_day"], told["to_day"], by=user)
        return redirect("approvals:absence")
    day = localtime(at).date()
    context = {"form": form, "absences": queries.absences(user, day), **_here(request, "absence", at)}
    return render(request, "approvals/absence.html", context, status=422 if form.is_bound else 200)
