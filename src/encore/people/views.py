from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import segno
from django import forms as django_forms
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime, now
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
from encore.people import forms, operations, queries, tables
from encore.people.models import Promoter
from encore.web import errors
from encore.web.exports import answer
from encore.web.tables import listing

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
    """The people of one's organisation, in the order of their names."""
    _require_manager(request)
    page = listing(request, tables.staff(), queries.visible_to(request.user))
    return answer(request, page, "people/list.html", {}, now())


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


def _admit(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.admit(person, born=given["born"], from_date=given["from_date"], by=request.user, at=now())


def _assign(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.assign(person, **given, by=request.user, at=now())


def _qualify(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.qualify(person, **given, by=request.user, at=now())


def _make_handler(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.make_handler(person, from_date=given["from_date"], by=request.user, at=now())


def _end_handler(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.end_handler(person, to_date=given["to_date"], by=request.user, at=now())


def _appoint(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.appoint(person, post=given["post"], by=request.user, at=now())


def _end_post(request: StaffRequest, person: User, given: Mapping[str, Any]) -> None:
    operations.end_post(person, by=request.user, at=now())


ACTS: Final[Mapping[str, tuple[type[django_forms.Form], Callable[..., None]]]] = {
    "appoint": (forms.Appointment, _appoint),
    "end-post": (django_forms.Form, _end_post),
    "admit": (forms.Admission, _admit),
    "assign": (forms.Assigning, _assign),
    "qualify": (forms.Qualifying, _qualify),
    "make-handler": (forms.FirstDay, _make_handler),
    "end-handler": (forms.LastDay, _end_handler),
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
    if name not in ACTS and name != "invite-again":
        raise Http404
    if request.method != "POST":
        return (
            render(request, "people/end.html", {"person": person})
            if name == "end-post"
            else redirect("people:person", reference)
        )
    try:
        if name == "invite-again":
            return _link(request, operations.invite_again(person, by=request.user, at=now()))
        shape, perform = ACTS[name]
        form = _form(name, shape, request, request.POST)
        if not form.is_valid():
            return _page(request, person, forms={name: form}, status=422)
        perform(request, person, form.cleaned_data)
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("people:person", reference)


def _form(
    name: str, shape: type[django_forms.Form], request: StaffRequest, given: QueryDict | None = None
) -> django_forms.Form:
    form = shape(given, prefix=None if name in ("appoint", "end-post") else name)
    if isinstance(form, forms.Assigning):
        form.offer(queries.venues_of(request.user))
    return form


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
        "appointment": forms.get("appoint") or ACTS["appoint"][0](initial={"post": person.post}),
        "act_forms": {name: forms.get(name) or _form(name, shape, request) for name, (shape, _act) in ACTS.items()},
        "may": partial(rights.may, by=request.user),
        "promoter": Promoter.objects.filter(person=person).first(),
        "assignments": person.assignments.select_related("venue").order_by("-from_date", "-pk"),
        "qualifications": person.qualifications.order_by("-from_date", "-pk"),
        "handling": person.handlings.filter(to_date=None).first(),
        "today": localtime(now()).date(),
        "refusal": refusal,
        "entries": history(key_of(person)),
        "posts": dict(Post.choices),
        "at": now(),
    }
    return render(request, "people/person.html", context, status=status)


# --- promoters --------------------------------------------------------------------------------------------------------


@staff
@require_safe
def promoters(request: StaffRequest) -> HttpResponse:
    """The agency's promoters, with where they are and until when they are healthy; for a venue, who is assigned to it."""
    at = now()
    if request.user.organisation.role == Role.AGENCY:
        page = listing(request, tables.promoters(localtime(at).date()), queries.promoters_of(request.user))
        return answer(request, page, "people/promoters.html", {"is_agency": True}, at)
    rows = queries.assignments_visible_to(request.user)
    return answer(
        request, listing(request, tables.assignments(), rows), "people/promoters.html", {"is_agency": False}, at
    )


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def assignment(request: StaffRequest, reference: str) -> HttpResponse:
    """A promoter's time at a venue, for both of them; without papers."""
    found = by_reference(queries.assignments_visible_to(request.user), reference)
    if found is None:
        raise Http404
    is_own = found.owner_id == request.user.organisation_id
    form, refusal, status = forms.LastDay(request.POST or None), None, 200
    if request.method == "POST":
        rights.require("people.end_assignment", request.user)
        status = 422
        if is_own and form.is_valid():
            try:
                operations.end_assignment(found, to_date=form.cleaned_data["to_date"], by=request.user, at=now())
                return redirect("people:assignment", reference)
            except Refusal as error:
                refusal, status = error, 409
    context = {
        "assignment": found,
        "is_own": is_own,
        "may_see_person": is_own and rights.may("people.invite", request.user),
        "may_end": is_own and rights.may("people.end_assignment", request.user),
        "form": form,
        "refusal": refusal,
        "entries": history(key_of(found)),
        "at": now(),
    }
    return render(request, "people/assignment.html", context, status=status)


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
