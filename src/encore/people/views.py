from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import segno
from django import forms as django_forms
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import links, rights
from encore.accounts.models import Post, Role, User
from encore.accounts.staff import StaffRequest, staff
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from encore.people import forms, operations, queries
from encore.web import errors
from encore.web.tables import PAGE

# --- the invited ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password", "again")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Takes the name and the password that the holder of the link chooses."""
    person = links.holder(token, links.Purpose.JOIN, now())
    if person is None:
        return errors.page(
            request,
            404,
            title=_("This link is not good any more"),
            sentence=_("It works once, for seven days. Ask whoever invited you for a new one."),
        )
    form = forms.Joining(request.POST or None, person=person, initial={"username": _suggested(person)})
    if request.method != "POST" or not form.is_valid():
        context = {"person": person, "form": form}
        return render(request, "people/join.html", context, status=422 if form.is_bound else 200)
    chosen = form.cleaned_data
    operations.join(token, username=chosen["username"], password=chosen["password"], by=person, at=now())
    return redirect("account_login")


def _suggested(person: User) -> str:
    return person.username if person.has_joined else person.email.partition("@")[0] or person.phone.replace(" ", "")


# --- whoever manages --------------------------------------------------------------------------------------------------


def _require_manager(request: StaffRequest) -> None:
    rights.require("people.invite", request.user)


@staff
@require_safe
def staff_list(request: StaffRequest) -> HttpResponse:
    """The people of one's organisation, those in a post first."""
    _require_manager(request)
    asked = request.GET.get("after", "")
    beyond = int(asked) if asked.isdecimal() and len(asked) < 7 else 0
    rows = queries.staff(request.user, beyond)
    more = beyond + PAGE if len(rows) > PAGE else None
    return render(request, "people/list.html", {"people": rows[:PAGE], "more": more, "at": now()})


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    """Invites somebody and shows their link, this once."""
    _require_manager(request)
    form = forms.Newcomer(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "people/invite.html", {"form": form}, status=422 if form.is_bound else 200)
    newcomer = operations.Newcomer(**form.cleaned_data)
    return _link(request, operations.invite(newcomer, by=request.user, at=now()))


_LISTED: Final = "people.bring_in"  # the salt of a list that was looked through and waits for a yes


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: StaffRequest) -> HttpResponse:
    """A list of people: read first, with each row's faults beside it; done when whoever looked it through says so."""
    rights.require("people.bring_in", request.user)
    if "listed" in request.POST:
        return _brought_in(request)
    form = forms.StaffList(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "people/bring_in.html", {"form": form}, status=422 if form.is_bound else 200)
    rows = form.cleaned_data["sheet"]
    faulty = sum(bool(row.faults) for row in rows)
    fields = ("name", "post", "email", "phone")
    listed = [] if faulty else [{field: row.given.get(field, "") for field in fields} for row in rows]
    context = {
        "rows": rows,
        "faulty": faulty,
        "listed": signing.dumps([request.user.pk, listed], salt=_LISTED, compress=True),
        "posts": dict(Post.choices),
    }
    response = render(request, "people/listed.html", context, status=422 if faulty else 200)
    response["Cache-Control"] = "no-store"
    return response


def _brought_in(request: StaffRequest) -> HttpResponse:
    """Only what this person was shown, within the hour."""
    try:
        reader, listed = signing.loads(request.POST["listed"], salt=_LISTED, max_age=3600)
    except signing.BadSignature:
        raise Refusal(_("This list lay open for too long. Choose the file again.")) from None
    if reader != request.user.pk or not listed:
        raise Refusal(_("This list is not yours to bring in."))
    newcomers = [operations.Newcomer(**one) for one in listed]
    invited = operations.bring_in(newcomers, by=request.user, at=now())
    slips = [(one.person, address := _address(request, one), _picture(address)) for one in invited]
    response = render(request, "people/slips.html", {"slips": slips, "days": links.JOINING.days})
    response["Cache-Control"] = "no-store"
    return response


def _address(request: StaffRequest, invited: operations.Invited) -> str:
    return request.build_absolute_uri(reverse("people:join", args=[invited.token]))


def _picture(address: str) -> str:
    return segno.make(address, error="m").svg_data_uri(scale=6, border=2)


def _link(request: StaffRequest, invited: operations.Invited) -> HttpResponse:
    address = _address(request, invited)
    context = {
        "person": invited.person,
        "address": address,
        "picture": _picture(address),
        "days": links.JOINING.days,
    }
    response = render(request, "people/link.html", context)
    response["Cache-Control"] = "no-store"
    return response


ACTS: Final = {
    "appoint": forms.Appointment,
    "invite-again": django_forms.Form,
    "end-post": django_forms.Form,
}


def _found(request: StaffRequest, reference: str) -> User:
    found = by_reference(queries.visible_to(request.user), reference)
    if found is None:
        raise Http404
    return found


@staff
@require_safe
def person(request: StaffRequest, reference: str) -> HttpResponse:
    person = _found(request, reference)
    _require_manager(request)
    return _page(request, person)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Another post, its end, or another link: asked for on a page of its own, done by its button."""
    person = _found(request, reference)
    _require_manager(request)
    if name not in ACTS:
        raise Http404
    form = ACTS[name](request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return (
            render(request, "people/end.html", {"person": person})
            if name == "end-post"
            else redirect("people:person", reference)
        )
    if not form.is_valid():
        return _page(request, person, forms={name: form}, status=422)
    try:
        if name == "invite-again":
            return _link(request, operations.invite_again(person, by=request.user, at=now()))
        if name == "appoint":
            operations.appoint(person, post=form.cleaned_data["post"], by=request.user, at=now())
        else:
            operations.end_post(person, by=request.user, at=now())
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("people:person", reference)


def _page(
    request: StaffRequest,
    person: User,
    *,
    forms: Mapping[str, django_forms.Form] = MappingProxyType({}),
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "person": person,
        "appointment": forms.get("appoint") or ACTS["appoint"](initial={"post": person.post}),
        "refusal": refusal,
        "entries": history(key_of(person)),
        "posts": dict(Post.choices),
        "at": now(),
    }
    return render(request, "people/person.html", context, status=status)


# --- everybody in a post ----------------------------------------------------------------------------------------------


@staff
@require_safe
def sight(request: StaffRequest) -> HttpResponse:
    """Who sees what and who may do what, out of the same tables that enforce it. Printed, it is an annex."""
    context = {
        "roles": list(Role),
        "posts": [post for post in Post if post is not Post.GUEST],
        "things": [(rights.THINGS[thing], rights.SIGHT[thing]) for thing in rights.SIGHT],
        "labels": rights.SIGHT_LABELS,
        "acts": rights.table(),
        "names": rights.ACTS,
        "at": now(),
    }
    return render(request, "people/sight.html", context)
