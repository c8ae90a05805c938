from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import access, rights
from encore.accounts.models import Organisation, Role
from encore.accounts.personal import Whose, kept_of
from encore.accounts.rights import Sight, sight
from encore.accounts.staff import StaffRequest, staff
from encore.customers import forms, operations, queries, tables
from encore.customers.models import Contact, PrivacyRequest, Purpose
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from encore.web.exports import answer, cell
from encore.web.tables import listing

# --- guests -----------------------------------------------------------------------------------------------------------


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of guests, why, and for how long: out of the register that keeps, hands over and erases it."""
    venues = list(Organisation.objects.filter(role=Role.VENUE).order_by("pk")[:2])
    context = {"kept": kept_of(Whose.GUEST), "venue": venues[0] if len(venues) == 1 else None}
    return render(request, "customers/privacy.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest, token: str) -> HttpResponse:
    """A guest's own page: what is kept, a button to take each consent back, and what else they may ask for."""
    contact = get_object_or_404(queries.living(Contact.objects.select_related("owner")), token=token)
    refusal, status = None, 200
    if request.method == "POST":
        try:
            if _asked_by_guest(request, contact):
                return _private(redirect("customers:own", token))
            status = 422
        except Refusal as error:
            refusal, status = error, 409
    context = {
        "contact": contact,
        "reached": queries.masked(contact),
        "consents": queries.consent_rows(contact),
        "open": list(contact.requests.filter(answered_at=None)),
        "asking": forms.OwnAsking(),
        "refusal": refusal,
        "at": now(),
    }
    return _private(render(request, "customers/own.html", context, status=status))


def _asked_by_guest(request: HttpRequest, contact: Contact) -> bool:
    withdrawal, asking = forms.Withdrawal(request.POST), forms.OwnAsking(request.POST)
    if withdrawal.is_valid():
        operations.withdraw(contact, purpose=withdrawal.cleaned_data["purpose"], channel="web", by=None, at=now())
    elif asking.is_valid():
        operations.receive_request(contact, kind=asking.cleaned_data["kind"], channel="web", by=None, at=now())
    else:
        return False
    return True


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


# --- the venue --------------------------------------------------------------------------------------------------------


@staff
@require_safe
def guests(request: StaffRequest) -> HttpResponse:
    """The venue's guests, masked; whoever sees no row of them sees how many there are."""
    if sight("customer", request.user) == Sight.COUNTS:
        context = {"counted": queries.counted(queries.venues_of(request.user)), "fewest": queries.FEWEST}
        return render(request, "customers/counts.html", context)
    rights.require("customers.register", request.user)
    page = listing(request, tables.guests(request.user), queries.living(queries.visible_to(request.user)))
    return answer(request, page, "customers/list.html", {"open": queries.open_requests(request.user).count()}, now())


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: StaffRequest) -> HttpResponse:
    rights.require("customers.register", request.user)
    form = forms.Guest(request.POST or None)
    words = _words()
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "words": words}
        return render(request, "customers/register.html", context, status=422 if form.is_bound else 200)
    given = form.cleaned_data
    consent = operations.Consented(given["purposes"], words, given["channel"])
    contact = operations.register(form.known, consent=consent, by=request.user, at=now())
    return redirect("customers:customer", contact.reference)


def _words() -> str:
    """What a guest is told before they consent, in the language of whoever reads it out."""
    return _(
        "We keep how you can be reached, encrypted, only for the purposes that you name, and for at most %(months)s months "
        "after we last heard of you. You can take each consent back at any time, see your data and have them erased. You are "
        "served just the same without giving anything."
    ) % {"months": queries.KEPT.days // 365 * 12}


def _found(request: StaffRequest, reference: str) -> Contact:
    contact = by_reference(queries.visible_to(request.user).select_related("owner", "merged_into"), reference)
    if contact is None:
        raise Http404
    rights.require("customers.register", request.user)
    return contact


@staff
@require_safe
def customer(request: StaffRequest, reference: str) -> HttpResponse:
    return _page(request, _found(request, reference))


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: StaffRequest, reference: str) -> HttpResponse:
    """The whole of it, this once; who looked and why is noted."""
    contact = _found(request, reference)
    rights.require("customers.reveal", request.user)
    if request.method != "POST":
        return redirect("customers:customer", reference)
    form = forms.Reveal(request.POST)
    if not form.is_valid():
        return _page(request, contact, forms_of={"reveal": form}, status=422)
    reason = form.cleaned_data["reason"]
    access.note("revealed", user=request.user, at=now(), reason=reason, noun="customer", noun_id=contact.pk)
    return _private(_page(request, contact, is_revealed=True))


@staff
@require_safe
def copy(request: StaffRequest, reference: str, kind: str) -> HttpResponse:
    """All that is kept of a guest, to be handed to them: as a sheet or as JSON."""
    contact = _found(request, reference)
    rights.require("customers.reveal", request.user)
    writer = {"xlsx": _as_sheet, "json": _as_json}.get(kind)
    if writer is None:
        raise Http404
    access.note("handed_over", user=request.user, at=now(), reason=kind, noun="customer", noun_id=contact.pk)
    response = writer(contact)
    response["Content-Disposition"] = f'attachment; filename="{contact.reference}.{kind}"'
    return _private(response)


def _told(contact: Contact) -> list[tuple[str, str]]:
    rows = [(label, value) for _field, label, values in queries.held(contact) for value in values]
    for consent in queries.consent_rows(contact):
        until = f" – {localtime(consent.withdrawn_at):%Y-%m-%d %H:%M}" if consent.withdrawn_at else ""
        purpose = _("consent: %(purpose)s") % {"purpose": consent.get_purpose_display()}
        rows.append((purpose, f"{localtime(consent.given_at):%Y-%m-%d %H:%M}{until} · {consent.text.words}"))
    return rows


def _as_json(contact: Contact) -> HttpResponse:
    rows = [{"field": label, "value": value} for label, value in _told(contact)]
    return JsonResponse({"reference": contact.reference, "held": rows}, json_dumps_params={"ensure_ascii": False})


def _as_sheet(contact: Contact) -> HttpResponse:
    from openpyxl import Workbook  # noqa: PLC0415 - takes longer to load than most pages to answer

    book = Workbook()
    sheet = book.active
    sheet.title = contact.reference
    for row in ((_("What"), _("Value")), *_told(contact)):
        sheet.append([cell(sheet, value) for value in row])
    sheet.freeze_panes = "A2"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 80
    content = BytesIO()
    book.save(content)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(content.getvalue(), content_type=kind)


def _withdraw(request: StaffRequest, contact: Contact, given: Mapping[str, Any]) -> Contact:
    return operations.withdraw(contact, purpose=given["purpose"], channel="onsite", by=request.user, at=now())


def _erase(request: StaffRequest, contact: Contact, given: Mapping[str, Any]) -> Contact:
    return operations.erase(contact, reason=given["reason"], by=request.user, at=now())


def _merge(request: StaffRequest, contact: Contact, given: Mapping[str, Any]) -> Contact:
    first = queries.same_phone(contact).filter(pk__lt=contact.pk).first()
    if first is None:
        raise operations.CannotMerge(_("Only rows with the same telephone number are put together."))
    return operations.merge(contact, into=first, by=request.user, at=now())


def _ask(request: StaffRequest, contact: Contact, given: Mapping[str, Any]) -> Contact:
    operations.receive_request(contact, kind=given["kind"], channel=given["channel"], by=request.user, at=now())
    return contact


ACTS: Final[Mapping[str, tuple[type[django_forms.Form], Callable[..., Contact]]]] = {
    "withdraw": (forms.Withdrawal, _withdraw),
    "erase": (forms.Erasure, _erase),
    "merge": (django_forms.Form, _merge),
    "ask": (forms.Asking, _ask),
}


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    contact = _found(request, reference)
    if name not in ACTS:
        raise Http404
    if request.method != "POST":
        return redirect("customers:customer", reference)
    shape, perform = ACTS[name]
    form = shape(request.POST)
    if not form.is_valid():
        return _page(request, contact, forms_of={name: form}, status=422)
    try:
        contact = perform(request, contact, form.cleaned_data)
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("customers:customer", contact.reference)


def _page(
    request: StaffRequest,
    contact: Contact,
    *,
    forms_of: Mapping[str, django_forms.Form] = MappingProxyType({}),
    refusal: Refusal | None = None,
    is_revealed: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "contact": contact,
        "is_revealed": is_revealed,
        "reached": queries.masked(contact),
        "consents": queries.consent_rows(contact),
        "purposes": dict(Purpose.choices),
        "requests": contact.requests.select_related("answered_by").order_by("pk"),
        "others": list(queries.same_phone(contact)),
        "reveal": forms_of.get("reveal") or forms.Reveal(),
        "erasure": forms_of.get("erase") or forms.Erasure(),
        "asking": forms_of.get("ask") or forms.Asking(),
        "answering": forms.Answer(),
        "may_reveal": rights.may("customers.reveal", request.user),
        "may_erase": rights.may("customers.erase", request.user),
        "refusal": refusal,
        "entries": history(key_of(contact)),
        "at": now(),
    }
    return render(request, "customers/customer.html", context, status=status)


# --- the desk for requests ---------------------------------------------------------------------------------------------


@staff
@require_safe
def requests(request: StaffRequest) -> HttpResponse:
    """What guests ask about their data and nobody has answered yet, the oldest first."""
    rights.require("customers.answer_request", request.user)
    return _desk(request)


def _desk(request: StaffRequest, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    context = {
        "open": list(queries.open_requests(request.user)[:200]),
        "answered": queries.answered_requests(request.user, 50),
        "answering": forms.Answer(),
        "refusal": refusal,
        "at": now(),
    }
    return render(request, "customers/requests.html", context, status=status)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def answer_request(request: StaffRequest, reference: str, number: int) -> HttpResponse:
    contact = _found(request, reference)
    rights.require("customers.answer_request", request.user)
    if request.method != "POST":
        return redirect("customers:customer", reference)
    asked = get_object_or_404(PrivacyRequest.objects.select_related("contact"), contact=contact, pk=number)
    form = forms.Answer(request.POST)
    if not form.is_valid():
        return _desk(request, status=422)
    try:
        operations.answer_request(asked, outcome=form.cleaned_data["outcome"], by=request.user, at=now())
    except Refusal as refusal:
        return _desk(request, refusal, 409)
    messages.success(request, _("The request is answered."))
    return redirect("customers:requests")
