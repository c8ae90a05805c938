from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import segno
from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import rights
from encore.accounts.rights import Sight, may, sight
from encore.accounts.staff import StaffRequest, staff
from encore.ledger.nouns import R, by_reference, key_of
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from encore.venues import drafts, forms, operations, queries, tables
from encore.venues.models import Listing, OpeningHours, Product, Room, RoomSession, Venue
from encore.web.exports import answer
from encore.web.tables import listing

_NO_FORMS: Final[Mapping[str, Any]] = MappingProxyType({})
MOST_LINES: Final = 200  # of a session, on its page


def _found(rows: QuerySet[R], reference: str) -> R:
    row = by_reference(rows, reference)
    if row is None:
        raise Http404
    return row


def _venue(request: StaffRequest, reference: str) -> Venue:
    return _found(queries.visible_to(request.user), reference)


def _is_own(request: StaffRequest, venue: Venue) -> bool:
    return venue.owner_id == request.user.organisation_id


# --- guests -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Where the code on a room's card is typed, by whoever cannot scan the picture; it leads where the picture leads."""
    form = forms.CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        room = queries.room_by_code(form.cleaned_data["code"])
        if room is not None:
            return redirect("complaints:intake", room.token)
        form.add_error("code", _("No room has this code. It has six signs, and stands beside the picture."))
    return render(request, "venues/enter.html", {"form": form}, status=422 if form.is_bound else 200)


# --- the house --------------------------------------------------------------------------------------------------------


@staff
@require_safe
def venues(request: StaffRequest) -> HttpResponse:
    """The venues that this person may see; where there is one, its page."""
    found = list(queries.visible_to(request.user).order_by("name"))
    if len(found) == 1:
        return redirect("venues:venue", found[0].reference)
    return render(request, "venues/venues.html", {"venues": found, "may_open": may("venues.open_venue", request.user)})


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def open_venue(request: StaffRequest) -> HttpResponse:
    rights.require("venues.open_venue", request.user)
    form = forms.HouseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = operations.open_venue(form.house(), by=request.user, at=now())
        except Refusal as refusal:
            return render(request, "venues/house.html", {"form": form, "refusal": refusal}, status=409)
        return redirect("venues:add-rooms", opened.reference)
    return render(request, "venues/house.html", {"form": form}, status=422 if form.is_bound else 200)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: StaffRequest, reference: str) -> HttpResponse:
    venue = _venue(request, reference)
    rights.require("venues.change_venue", request.user)
    present = {name: getattr(venue, name) for name in ("name", "address", "day_ends", "zone")}
    form = forms.HouseForm(request.POST or None, initial=present)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_venue(venue, form.house(), by=request.user, at=now())
            return redirect("venues:venue", reference)
        except Refusal as refused:
            refusal = refused
    status = 409 if refusal else 422 if form.is_bound else 200
    return render(request, "venues/house.html", {"form": form, "venue": venue, "refusal": refusal}, status=status)


@staff
@require_safe
def venue(request: StaffRequest, reference: str) -> HttpResponse:
    """A venue with its rooms."""
    venue = _venue(request, reference)
    every = queries.rooms_visible_to(request.user).filter(venue=venue)
    page = listing(request, tables.rooms(), every)
    return answer(request, page, "venues/venue.html", _about(request, venue, "rooms"), now())


def _about(request: StaffRequest, venue: Venue, present: str) -> dict[str, Any]:
    return {
        "venue": venue,
        "present": present,
        "is_own": _is_own(request, venue),
        "is_told_counts": sight("sale", request.user) == Sight.COUNTS,
        "may": lambda act: may(f"venues.{act}", request.user) and _is_own(request, venue),
    }


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def add_rooms(request: StaffRequest, reference: str) -> HttpResponse:
    venue = _venue(request, reference)
    rights.require("venues.add_rooms", request.user)
    form = forms.RoomsForm(request.POST or None)
    refusal = None
    if request.method == "POST" and form.is_valid():
        wanted = form.new()
        try:
            added = operations.add_rooms(venue, wanted, by=request.user, at=now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _told_added(len(added), len(wanted) - len(added)))
            return redirect("venues:venue", reference)
    context = {**_about(request, venue, "rooms"), "form": form, "refusal": refusal}
    return render(request, "venues/add_rooms.html", context, status=409 if refusal else 422 if form.is_bound else 200)


def _told_added(added: int, known: int) -> str:
    told = ngettext("%(n)s room was added.", "%(n)s rooms were added.", added) % {"n": added}
    if known:
        there = ngettext("%(n)s was there already.", "%(n)s were there already.", known) % {"n": known}
        told = f"{told} {there}"
    return told


# --- hours and shifts -------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: StaffRequest, reference: str) -> HttpResponse:
    """When the house is open, and its shifts."""
    venue = _venue(request, reference)
    if request.method != "POST":
        return _hours_page(request, venue)
    rights.require("venues.set_hours", request.user)
    form = forms.HoursForm(request.POST)
    if not form.is_valid():
        return _hours_page(request, venue, {"hours": form}, status=422)
    operations.set_hours(venue, form.days(), form.hours(), by=request.user, at=now())
    return redirect("venues:hours", reference)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def shifts(request: StaffRequest, reference: str) -> HttpResponse:
    """Sets a shift, or gives one up: `drop` is its number."""
    venue = _venue(request, reference)
    if request.method != "POST":
        return redirect("venues:hours", reference)
    if "drop" in request.POST:
        rights.require("venues.drop_shift", request.user)
        operations.drop_shift(_numbered(venue.shifts.all(), request.POST["drop"]), by=request.user, at=now())
        return redirect("venues:hours", reference)
    rights.require("venues.set_shift", request.user)
    form = forms.ShiftForm(request.POST)
    if not form.is_valid():
        return _hours_page(request, venue, {"shift": form}, status=422)
    said = form.cleaned_data
    operations.set_shift(venue, said["name"], said["starts"], said["ends"], by=request.user, at=now())
    return redirect("venues:hours", reference)


def _numbered(rows: QuerySet[R], number: str) -> R:
    found = (
        rows.filter(pk=int(number)).first() if number.isascii() and number.isdecimal() and len(number) < 19 else None
    )
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Weekday:
    name: Any
    hours: OpeningHours | None


def _hours_page(
    request: StaffRequest, venue: Venue, forms_given: Mapping[str, Any] = _NO_FORMS, status: int = 200
) -> HttpResponse:
    by_weekday = {row.weekday: row for row in venue.hours.all()}
    context = {
        **_about(request, venue, "hours"),
        "week": [Weekday(name, by_weekday.get(int(number))) for number, name in forms.WEEKDAYS],
        "shifts": list(venue.shifts.filter(is_active=True).order_by("starts", "pk")),
        "hours_form": forms_given.get("hours")
        or forms.HoursForm(initial={"weekdays": [n for n, _name in forms.WEEKDAYS]}),
        "shift_form": forms_given.get("shift") or forms.ShiftForm(),
    }
    return render(request, "venues/hours.html", context, status=status)


# --- the range --------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def offered(request: StaffRequest, reference: str) -> HttpResponse:
    """What a venue carries, and the form by which it carries more."""
    venue = _venue(request, reference)
    if request.method != "POST":
        return _range_page(request, venue, forms.WareForm(agencies=queries.agencies(request.user)))
    rights.require("venues.list_product", request.user)
    form = forms.WareForm(request.POST, agencies=queries.agencies(request.user))
    if not form.is_valid():
        return _range_page(request, venue, form, status=422)
    try:
        operations.list_product(venue, form.ware(), by=request.user, at=now())
    except Refusal as refusal:
        return _range_page(request, venue, form, refusal, status=409)
    return redirect("venues:range", reference)


def _range_page(
    request: StaffRequest, venue: Venue, form: forms.WareForm, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    table = tables.listings(list(queries.brands(venue.owner_id)))
    page = listing(request, table, queries.listed(venue))
    context = {**_about(request, venue, "range"), "form": form, "refusal": refusal}
    response = answer(request, page, "venues/range.html", context, now())
    response.status_code = status
    return response


@staff
@require_safe
def product(request: StaffRequest, reference: str) -> HttpResponse:
    return _product_page(request, _found(queries.products_visible_to(request.user), reference))


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def price(request: StaffRequest, reference: str) -> HttpResponse:
    """Another price where it is listed, or none: `listing` is the number, `delist` takes it out of the range."""
    product = _found(queries.products_visible_to(request.user), reference)
    if request.method != "POST":
        return redirect("venues:product", reference)
    rows = product.listings.filter(delisted_at=None).select_related("venue", "product")
    present = _numbered(rows, request.POST.get("listing", ""))
    form = forms.PriceForm(request.POST)
    try:
        if "delist" in request.POST:
            operations.delist_product(present, by=request.user, at=now())
        elif form.is_valid():
            operations.change_price(present, form.cleaned_data["price"], by=request.user, at=now())
        else:
            return _product_page(request, product, form=form, of=present, status=422)
    except Refusal as refusal:
        return _product_page(request, product, refusal=refusal, status=409)
    return redirect("venues:product", reference)


def _product_page(
    request: StaffRequest,
    product: Product,
    *,
    form: forms.PriceForm | None = None,
    of: Listing | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = list(product.listings.select_related("venue").order_by("-listed_at", "-pk"))
    is_own = product.owner_id == request.user.organisation_id

    def asked(row: Listing) -> forms.PriceForm:
        return form if form and row == of else forms.PriceForm(initial={"price": row.amount}, auto_id=f"id_%s_{row.pk}")

    context = {
        "product": product,
        "present": [(row, asked(row)) for row in rows if row.delisted_at is None],
        "prices": rows,
        "may_change": is_own and may("venues.change_price", request.user),
        "refusal": refusal,
        "at": now(),
    }
    return render(request, "venues/product.html", context, status=status)


# --- a room -----------------------------------------------------------------------------------------------------------


@staff
@require_safe
def room(request: StaffRequest, reference: str) -> HttpResponse:
    return _room_page(request, _found(queries.rooms_visible_to(request.user), reference))


@dataclass(frozen=True)
class Act:
    """What can be done to a room: its button, what it is called, and what follows from it."""

    name: str
    label: Any
    follows: Any
    perform: Callable[..., Room]
    is_open: Callable[[Room], bool]


ACTS: Final = {
    act.name: act
    for act in (
        Act(
            "close-down",
            gettext_lazy("Close the room down"),
            gettext_lazy(
                "Guests do not get it any more, and the picture on its card leads nowhere. It can be reopened."
            ),
            operations.close_room,
            lambda room: room.is_active,
        ),
        Act(
            "reopen",
            gettext_lazy("Reopen the room"),
            gettext_lazy("Guests get it again, and the picture on its card leads to its page again."),
            operations.reopen_room,
            lambda room: not room.is_active,
        ),
        Act(
            "renew",
            gettext_lazy("Make a new picture and code"),
            gettext_lazy("The cards that were printed before lead nowhere from now on: print this room's card anew."),
            operations.renew_room,
            lambda room: True,
        ),
    )
}


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def room_act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Closes a room down, reopens it, renews its picture, or says what it is like."""
    room = _found(queries.rooms_visible_to(request.user), reference)
    if name != "describe" and name not in ACTS:
        raise Http404
    if request.method != "POST":
        return redirect("venues:room", reference)
    if name == "describe":
        rights.require("venues.add_rooms", request.user)
        form = forms.RoomForm(request.POST)
        if not form.is_valid():
            return _room_page(request, room, form=form, status=422)
        drafts.describe(room, **form.cleaned_data)
        return redirect("venues:room", reference)
    try:
        ACTS[name].perform(room, by=request.user, at=now())
    except Refusal as refusal:
        return _room_page(request, room, refusal=refusal, status=409)
    return redirect("venues:room", reference)


def _room_page(
    request: StaffRequest,
    room: Room,
    *,
    form: forms.RoomForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    address = request.build_absolute_uri(reverse("complaints:intake", args=[room.token]))
    sessions = queries.sessions_visible_to(request.user).filter(room=room).order_by("-opened_at")
    context = {
        **_about(request, room.venue, "rooms"),
        "room": room,
        "form": form or forms.RoomForm(initial={"name": room.name, "kind": room.kind, "seats": room.seats}),
        "acts": [act for act in ACTS.values() if act.is_open(room)],
        "address": address,
        "picture": segno.make(address, error="m").svg_data_uri(scale=6, border=4),
        "entrance": request.build_absolute_uri(reverse("venues:enter")),
        "sessions": list(sessions[:8]) if _is_own(request, room.venue) else [],
        "entries": history(key_of(room)),
        "refusal": refusal,
        "at": now(),
    }
    return render(request, "venues/room.html", context, status=status)


# --- the floor --------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def floor(request: StaffRequest, reference: str) -> HttpResponse:
    """Who has which room now. On a phone in the corridor: one tap gives a room to guests, one takes it back."""
    venue = _venue(request, reference)
    if not _is_own(request, venue):
        raise Http404  # who had which room is the venue's own
    if request.method != "POST":
        return _floor_page(request, venue)
    room = _numbered(venue.rooms.all(), request.POST.get("open", ""))
    form = forms.GuestsForm(request.POST)
    if not form.is_valid():
        return _floor_page(request, venue, form=form, of=room, status=422)
    try:
        operations.open_session(room, guests=form.cleaned_data["guests"], by=request.user, at=now())
    except Refusal as refusal:
        return _floor_page(request, venue, refusal=refusal, status=409)
    return redirect("venues:floor", reference)


def _floor_page(
    request: StaffRequest,
    venue: Venue,
    *,
    form: forms.GuestsForm | None = None,
    of: Room | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    at, standings = now(), queries.on_the_floor(venue)
    context = {
        **_about(request, venue, "floor"),
        "standings": standings,
        "taken": sum(one.session is not None for one in standings),
        "guests": sum(one.session.guests or 0 for one in standings if one.session),
        "day": queries.business_day(at, venue),
        "shift": queries.shift_of(at, venue),
        "form": form,
        "of": of,
        "blank": forms.GuestsForm,
        "refusal": refusal,
        "at": at,
    }
    return render(request, "venues/floor.html", context, status=status)


@staff
@require_safe
def sessions(request: StaffRequest) -> HttpResponse:
    """Who had which room, in all venues of this organisation."""
    if sight("room_session", request.user) != Sight.OWN:
        raise Http404
    own, rooms = _own(request)
    page = listing(request, tables.sessions(own, rooms), queries.sessions_visible_to(request.user))
    return answer(request, page, "venues/sessions.html", _of_first(request, own, "sessions"), now())


def _own(request: StaffRequest) -> tuple[list[Venue], list[Room]]:
    own = list(Venue.objects.filter(owner=request.user.organisation_id).select_related("owner").order_by("name"))
    return own, list(Room.objects.filter(venue__in=own).order_by("code"))


def _of_first(request: StaffRequest, own: list[Venue], present: str) -> dict[str, Any]:
    return _about(request, own[0], present) if own else {"venue": None, "present": present}


@staff
@require_safe
def session(request: StaffRequest, reference: str) -> HttpResponse:
    return _session_page(request, _found(queries.sessions_visible_to(request.user), reference))


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def close_session(request: StaffRequest, reference: str) -> HttpResponse:
    """Takes the room back, and leads to the floor, where the next guests wait."""
    session = _found(queries.sessions_visible_to(request.user), reference)
    if request.method != "POST":
        return redirect("venues:session", reference)
    try:
        operations.close_session(session, by=request.user, at=now())
    except Refusal as refusal:
        return _session_page(request, session, refusal=refusal, status=409)
    return redirect("venues:floor", session.room.venue.reference)


def _session_page(
    request: StaffRequest, session: RoomSession, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    lines = queries.sales_visible_to(request.user).filter(session=session)
    context = {
        "session": session,
        "may_close": session.is_open and may("venues.close_session", request.user),
        "lines": list(lines.order_by("sold_at", "pk")[:MOST_LINES]),
        "total": lines.aggregate(total=Sum("amount"))["total"] or 0,
        "entries": history(key_of(session)),
        "refusal": refusal,
        "at": now(),
    }
    return render(request, "venues/session.html", context, status=status)


# --- what was sold ----------------------------------------------------------------------------------------------------


@staff
@require_safe
def sales(request: StaffRequest) -> HttpResponse:
    """The lines of all bills of one's own venues; for an agency how many of them its promoters sold."""
    match sight("sale", request.user):
        case Sight.OWN:
            return _own_sales(request)
        case Sight.COUNTS:
            context = {"months": queries.sold_by_promoters(request.user), "least": queries.LEAST}
            return render(request, "venues/sold.html", context)
    raise Http404


def _own_sales(request: StaffRequest) -> HttpResponse:
    own, rooms = _own(request)
    products = list(
        queries.products_visible_to(request.user).filter(owner=request.user.organisation_id).order_by("name")
    )
    page = listing(request, tables.sales(own, rooms, products), queries.sales_visible_to(request.user))
    context = {**_of_first(request, own, "sales"), "may_import": bool(own) and may("imports.take", request.user)}
    return answer(request, page, "venues/sales.html", context, now())
