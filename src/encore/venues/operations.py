"""What is done about a house: its rooms, hours, shifts and range, and who has which room."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, Role, User
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.money import Money
from encore.search.index import index
from encore.venues import queries
from encore.venues.models import (
    Brand,
    Listing,
    OpeningHours,
    Product,
    Room,
    RoomKind,
    RoomSession,
    Shift,
    Venue,
    is_against_the_law,
    new_short_code,
    new_token,
)


class CannotOpenVenue(Refusal):
    pass


class CannotAddRooms(Refusal):
    pass


class CannotSetHours(Refusal):
    pass


class CannotSetShift(Refusal):
    pass


class CannotDropShift(Refusal):
    pass


class CannotCloseRoom(Refusal):
    pass


class CannotReopenRoom(Refusal):
    pass


class CannotListProduct(Refusal):
    pass


class AlreadyListed(Refusal):
    pass


class CannotDelistProduct(Refusal):
    pass


class CannotOpenSession(Refusal):
    pass


class AlreadyOpen(Refusal):
    """Guests have the room already."""


class CannotCloseSession(Refusal):
    pass


AGAINST_THE_LAW = _(
    "Karaoke houses are closed by law from 02:00 to 08:00 (娱乐场所管理条例, article 28). Choose other times."
)


def _minutes(at: time) -> int:
    """As events tell a time of the day: minutes after midnight."""
    return at.hour * 60 + at.minute


def _held(venue: Venue) -> Venue:
    """Locked, so that of two who change the same house one comes after the other."""
    return Venue.objects.select_for_update().get(pk=venue.pk)


# --- the house --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class House:
    """What a venue is called, where it is, and when its business day ends."""

    name: str
    address: str = ""
    zone: str = "Asia/Shanghai"
    day_ends: time = time(6)


@operation
def open_venue(house: House, *, by: User, at: datetime) -> Venue:
    """A house of the organisation of whoever opens it."""
    owner = Organisation.objects.select_for_update().get(pk=by.organisation_id)
    if owner.role != Role.VENUE:
        raise CannotOpenVenue(_("Only an organisation that runs venues can open one."))
    if Venue.objects.filter(owner=owner, name=house.name).exists():
        raise CannotOpenVenue(_("There is a venue of this name already."))
    venue = Venue.objects.create(
        owner=owner, name=house.name, address=house.address, zone=house.zone, day_ends=house.day_ends, opened_at=at
    )

    record("venue.opened", subject=venue, actor=by, occurred_at=at, day_ends=_minutes(house.day_ends))
    return venue


@operation
def change_venue(venue: Venue, house: House, *, by: User, at: datetime) -> Venue:
    """Another name, address or end of the day. What was counted to a business day stays there."""
    venue = _held(venue)
    if Venue.objects.filter(owner=venue.owner_id, name=house.name).exclude(pk=venue.pk).exists():
        raise CannotOpenVenue(_("There is a venue of this name already."))

    venue.name, venue.address, venue.zone, venue.day_ends = house.name, house.address, house.zone, house.day_ends
    venue.save(update_fields=["name", "address", "zone", "day_ends"])

    record("venue.changed", subject=venue, actor=by, occurred_at=at, day_ends=_minutes(house.day_ends))
    return venue


@operation
def set_hours(
    venue: Venue, weekdays: Collection[int], hours: tuple[time, time] | None, *, by: User, at: datetime
) -> None:
    """When it opens and closes on these days of the week, Monday being 0; `None` where it stays closed."""
    venue = _held(venue)
    if hours is not None and is_against_the_law(*hours):
        raise CannotSetHours(AGAINST_THE_LAW)

    OpeningHours.objects.filter(venue=venue, weekday__in=weekdays).delete()
    for weekday in sorted(weekdays):
        told: dict[str, Any] = {}
        if hours is not None:
            opens, closes = hours
            OpeningHours.objects.create(venue=venue, weekday=weekday, opens=opens, closes=closes)
            told = {"opens": _minutes(opens), "closes": _minutes(closes)}
        record("hours.set", subject=venue, actor=by, occurred_at=at, weekday=weekday, **told)


@operation
def set_shift(venue: Venue, name: str, starts: time, ends: time, *, by: User, at: datetime) -> Shift:
    """A shift by that name, or other times for the one that there is."""
    venue = _held(venue)
    if is_against_the_law(starts, ends):
        raise CannotSetShift(AGAINST_THE_LAW)
    shift, _is_new = Shift.objects.update_or_create(
        venue=venue, name=name, defaults={"starts": starts, "ends": ends, "is_active": True}
    )

    record(
        "shift.set",
        subject=venue,
        actor=by,
        occurred_at=at,
        shift=shift.pk,
        starts=_minutes(starts),
        ends=_minutes(ends),
    )
    return shift


@operation
def drop_shift(shift: Shift, *, by: User, at: datetime) -> None:
    """Nobody works in it any more."""
    venue = _held(shift.venue)
    shift = Shift.objects.get(pk=shift.pk)
    if not shift.is_active:
        raise CannotDropShift(_("This shift has already been given up."))

    shift.is_active = False
    shift.save(update_fields=["is_active"])

    record("shift.dropped", subject=venue, actor=by, occurred_at=at, shift=shift.pk)


# --- rooms ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewRoom:
    """`code` is what stands on its door."""

    code: str
    name: str = ""
    kind: str = RoomKind.MEDIUM
    seats: int | None = None


@operation
def add_rooms(venue: Venue, rooms: Sequence[NewRoom], *, by: User, at: datetime) -> list[Room]:
    """Those of them that are not there yet; the others stay as they are."""
    venue = _held(venue)
    codes = [room.code for room in rooms]
    known = set(Room.objects.filter(venue=venue, code__in=codes).values_list("code", flat=True))
    wanted = {room.code: room for room in reversed(rooms) if room.code not in known}
    if not wanted:
        raise CannotAddRooms(_("All of these rooms are there already."))

    added = []
    for one in reversed(wanted.values()):
        room = Room(venue=venue, code=one.code, name=one.name, kind=one.kind, seats=one.seats, added_at=at)
        room.short_code = _unused_short_code()
        room.save()
        added.append(room)
        record("room.opened", subject=room, refs=[venue], actor=by, occurred_at=at)
    index(*added)
    return added


def _unused_short_code() -> str:
    while Room.objects.filter(short_code=(code := new_short_code())).exists():
        pass
    return code


@operation
def close_room(room: Room, *, by: User, at: datetime) -> Room:
    """Guests do not get it any more, and its picture leads nowhere."""
    room = Room.objects.select_for_update(of=("self",)).select_related("venue").get(pk=room.pk)
    if not room.is_active:
        raise CannotCloseRoom(_("This room has already been closed down."))
    if RoomSession.objects.filter(room=room, closed_at=None).exists():
        raise CannotCloseRoom(_("Guests are in this room. Close their session first."))

    room.is_active = False
    room.save(update_fields=["is_active"])

    record("room.closed_down", subject=room, refs=[room.venue], actor=by, occurred_at=at)
    return room


@operation
def reopen_room(room: Room, *, by: User, at: datetime) -> Room:
    room = Room.objects.select_for_update(of=("self",)).select_related("venue").get(pk=room.pk)
    if room.is_active:
        raise CannotReopenRoom(_("This room is open."))

    room.is_active = True
    room.save(update_fields=["is_active"])

    record("room.opened", subject=room, refs=[room.venue], actor=by, occurred_at=at)
    return room


@operation
def renew_room(room: Room, *, by: User, at: datetime) -> Room:
    """A new picture and code, where somebody makes mischief with the old ones: those lead nowhere from now on."""
    room = Room.objects.select_for_update(of=("self",)).select_related("venue").get(pk=room.pk)

    room.token, room.short_code = new_token(), _unused_short_code()
    room.save(update_fields=["token", "short_code"])

    record("room.renewed", subject=room, refs=[room.venue], actor=by, occurred_at=at)
    return room


# --- the range --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ware:
    """What is to be sold. `promoted_by`: the agency whose promoters promote its brand."""

    brand: str
    name: str
    unit: str
    price: Money
    promoted_by: Organisation | None = None


@operation
def list_product(venue: Venue, ware: Ware, *, by: User, at: datetime) -> Listing:
    """Takes a product into the range, or gives it another price. Brand and product are made where they are new."""
    venue = _held(venue)
    if ware.price.amount < 0:
        raise CannotListProduct(_("A price is not below zero."))
    if ware.promoted_by is not None and not queries.agencies(by).filter(pk=ware.promoted_by.pk).exists():
        raise CannotListProduct(_("Brands are promoted by an agency with which there is a contract."))
    brand, _is_new = Brand.objects.get_or_create(owner_id=venue.owner_id, name=ware.brand)
    if ware.promoted_by is not None and brand.promoted_by_id != ware.promoted_by.pk:
        brand.promoted_by = ware.promoted_by
        brand.save(update_fields=["promoted_by"])
    product, _is_new = Product.objects.get_or_create(
        owner_id=venue.owner_id, name=ware.name, unit=ware.unit, defaults={"brand": brand, "added_at": at}
    )
    if product.brand_id != brand.pk:
        raise CannotListProduct(_("There is a product of this name and unit already, of another brand."))
    return _listed(venue, product, ware.price, by, at)


@operation
def change_price(listing: Listing, price: Money, *, by: User, at: datetime) -> Listing:
    """From now on. What it cost before stays on record."""
    if price.amount < 0:
        raise CannotListProduct(_("A price is not below zero."))
    return _listed(_held(listing.venue), listing.product, price, by, at)


def _listed(venue: Venue, product: Product, price: Money, by: User, at: datetime) -> Listing:
    present = Listing.objects.filter(venue=venue, product=product, delisted_at=None).first()
    if present is not None and present.price == price:
        raise AlreadyListed(_("It is in the range already, at this price."))
    if present is not None:
        present.delisted_at = at
        present.save(update_fields=["delisted_at"])
    listing = Listing.objects.create(
        venue=venue, product=product, amount=price.amount, currency=price.currency, listed_at=at
    )

    record(
        "product.listed",
        subject=product,
        refs=[venue],
        actor=by,
        occurred_at=at,
        amount=str(price),
        currency=price.currency,
    )
    return listing


@operation
def delist_product(listing: Listing, *, by: User, at: datetime) -> None:
    """Takes it out of the range of that venue."""
    venue = _held(listing.venue)
    listing = Listing.objects.select_related("product").get(pk=listing.pk)
    if listing.delisted_at is not None:
        raise CannotDelistProduct(_("This is no longer in the range."))

    listing.delisted_at = at
    listing.save(update_fields=["delisted_at"])

    record("product.delisted", subject=listing.product, refs=[venue], actor=by, occurred_at=at)


# --- who has which room -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stay:
    """A session as the books of the house have it, from beginning to end."""

    room: Room
    opened_at: datetime
    closed_at: datetime | None = None
    guests: int | None = None


@operation
def open_session(room: Room, *, guests: int | None, by: User, at: datetime) -> RoomSession:
    """开台. One session a room at a time: of two who press the button, the second is told."""
    return _entered(Stay(room, at, None, guests), by)


@operation
def bring_in_sessions(stays: Iterable[Stay], *, by: User, at: datetime) -> list[RoomSession]:
    """Sessions from the house's other records, all or none."""
    return [_entered(stay, by) for stay in stays]


def _entered(stay: Stay, by: User) -> RoomSession:
    """The room's row is locked: of two who give it away at once, the second is refused."""
    room = Room.objects.select_for_update(of=("self",)).select_related("venue").get(pk=stay.room.pk)
    if not room.is_active:
        raise CannotOpenSession(_("This room has been closed down."))
    if stay.closed_at is not None and stay.closed_at < stay.opened_at:
        raise CannotOpenSession(_("A session ends after it has begun."))
    if queries.sessions_between(room, stay.opened_at, stay.closed_at).exists():
        raise AlreadyOpen(_("Guests have this room already."))
    session = RoomSession.objects.create(
        owner_id=room.venue.owner_id,
        room=room,
        shift=queries.shift_of(stay.opened_at, room.venue),
        day=queries.business_day(stay.opened_at, room.venue),
        guests=stay.guests,
        opened_at=stay.opened_at,
        closed_at=stay.closed_at,
    )

    told: dict[str, Any] = {} if stay.guests is None else {"guests": stay.guests}
    record("session.opened", subject=session, actor=by, occurred_at=stay.opened_at, room=f"room:{room.pk}", **told)
    if stay.closed_at is not None:
        record("session.closed", subject=session, actor=by, occurred_at=stay.closed_at)
    return session


@operation
def close_session(session: RoomSession, *, by: User, at: datetime) -> RoomSession:
    """The guests have left."""
    session = RoomSession.objects.select_for_update().get(pk=session.pk)
    if not session.is_open:
        raise CannotCloseSession(_("This session has already been closed."))

    session.closed_at = at
    session.save(update_fields=["closed_at"])

    record("session.closed", subject=session, actor=by, occurred_at=at)
    return session
