import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet

from encore.accounts.models import Organisation, User
from encore.ledger.nouns import NOUNS
from encore.search.register import Searched
from encore.venues.models import SIGNS, Brand, Listing, Product, Room, RoomSession, SaleLine, Shift, Venue

_DAY: Final = timedelta(days=1)
LEAST: Final = 5  # below this a number would say something of single guests


# --- days and shifts --------------------------------------------------------------------------------------------------


def beginning(day: date, venue: Venue) -> datetime:
    """When a business day begins; it ends when the next one does."""
    return datetime.combine(day, venue.day_ends, ZoneInfo(venue.zone)).astimezone(UTC)


def business_day(at: datetime, venue: Venue) -> date:
    """The day that a moment belongs to in this house: at five in the morning it is still yesterday. For grouping and greeting only."""
    day = at.astimezone(ZoneInfo(venue.zone)).date() + _DAY
    while at < beginning(day, venue):
        day -= _DAY
    return day


def shift_of(at: datetime, venue: Venue) -> Shift | None:
    """The shift that runs then; of several, the one that began last."""
    return running(venue.shifts.all(), at, venue)


def running(shifts: Iterable[Shift], at: datetime, venue: Venue) -> Shift | None:
    """As `shift_of`, for shifts that have been looked up already."""
    local = at.astimezone(ZoneInfo(venue.zone)).time()

    def since(shift: Shift) -> int:
        """Minutes since it began."""
        minutes = (local.hour - shift.starts.hour) * 60 + local.minute - shift.starts.minute
        return minutes % (24 * 60)

    found = [shift for shift in shifts if shift.is_active and shift.covers(local)]
    return min(found, key=lambda shift: (since(shift), shift.pk), default=None)


# --- whose they are ---------------------------------------------------------------------------------------------------


def _shared(user: User, path: str) -> Q:
    """What belongs to this person's organisation, or to the venue of a contract that it is a party to."""
    contracts = NOUNS["contract"].visible_to(user).order_by().values("venue")
    return Q(**{path: user.organisation_id}) | Q(**{f"{path}__in": contracts})


def visible_to(user: User) -> QuerySet[Venue]:
    return Venue.objects.filter(_shared(user, "owner")).select_related("owner")


def rooms_visible_to(user: User) -> QuerySet[Room]:
    return Room.objects.filter(_shared(user, "venue__owner")).select_related("venue__owner")


def rooms_searched(owner: int | None = None) -> QuerySet[Room]:
    """All rooms, or those of one organisation, those of one house with the same `venue`, which is asked for once."""
    rooms = Room.objects.prefetch_related(Prefetch("venue", Venue.objects.all()))
    return rooms if owner is None else rooms.filter(venue__owner=owner)


def room_searched(room: Room) -> Searched:
    return Searched([room.reference], room.venue.told, names=[*filter(None, (room.code, room.name))], at=room.added_at)


def products_visible_to(user: User) -> QuerySet[Product]:
    return Product.objects.filter(_shared(user, "owner")).select_related("brand__promoted_by", "owner")


def sessions_visible_to(user: User) -> QuerySet[RoomSession]:
    """Who had which room when is the venue's own."""
    return RoomSession.objects.filter(owner=user.organisation_id).select_related("room__venue", "shift")


def sales_visible_to(user: User) -> QuerySet[SaleLine]:
    """So is what they paid."""
    lines = SaleLine.objects.filter(owner=user.organisation_id)
    return lines.select_related("room", "product__brand", "promoter", "venue", "session")


# --- rooms ------------------------------------------------------------------------------------------------------------


def room_by_token(token: str) -> Room | None:
    """The room whose picture was scanned, with its venue and that venue's organisation; None for one that is closed down."""
    return _open_rooms().filter(token=token).first()


def room_by_code(code: str) -> Room | None:
    """The room whose code was typed off a card: small letters, blanks and full-width signs do not matter."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign not in " -·")
    return _open_rooms().filter(short_code=plain).first() if plain and set(plain) <= set(SIGNS) else None


def _open_rooms() -> QuerySet[Room]:
    return Room.objects.filter(is_active=True).select_related("venue__owner")


@dataclass(frozen=True)
class Standing:
    """A room and, where guests have it now, their session."""

    room: Room
    session: RoomSession | None


def on_the_floor(venue: Venue) -> list[Standing]:
    """The rooms of a venue that can be taken, in the order of their codes."""
    sessions = RoomSession.objects.filter(room__venue=venue, closed_at=None).select_related("shift")
    present = {session.room_id: session for session in sessions}
    rooms = Room.objects.filter(venue=venue, is_active=True).order_by("code")
    return [Standing(room, present.get(room.pk)) for room in rooms]


def session_of(room: Room, at: datetime) -> RoomSession | None:
    """Who had the room at that moment; on the boundary, those who came."""
    began = RoomSession.objects.filter(room=room, opened_at__lte=at).order_by("-opened_at").first()
    return began if began and (began.closed_at is None or at < began.closed_at) else None


def sessions_between(room: Room, first: datetime, last: datetime | None) -> QuerySet[RoomSession]:
    """The sessions of a room that overlap that time; `last` None is the open end."""
    found = RoomSession.objects.filter(Q(closed_at=None) | Q(closed_at__gt=first), room=room)
    return found if last is None else found.filter(opened_at__lt=last)


# --- the range --------------------------------------------------------------------------------------------------------


def listed(venue: Venue) -> QuerySet[Listing]:
    """What a venue carries now, at which price."""
    rows = Listing.objects.filter(venue=venue, delisted_at=None)
    return rows.select_related("product__brand__promoted_by")


def brands(owner: int) -> QuerySet[Brand]:
    return Brand.objects.filter(owner=owner).select_related("promoted_by").order_by("name")


def agencies(user: User) -> QuerySet[Organisation]:
    """The agencies with which this person's organisation has a contract: their promoters may promote a brand."""
    contracts = NOUNS["contract"].visible_to(user).order_by()
    return Organisation.objects.filter(pk__in=contracts.values("agency")).exclude(pk=user.organisation_id)


# --- what another party is told ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sold:
    """What the promoters of an agency sold in a month, as far as it may be told: never of fewer than five lines."""

    month: date
    promoter: str
    lines: int | None


def sold_by_promoters(user: User) -> list[Sold]:
    """By month and promoter, for the agency that employs them, the latest month first."""
    venues = NOUNS["contract"].visible_to(user).order_by().values("venue")
    lines = SaleLine.objects.filter(promoter__organisation=user.organisation_id, owner__in=venues)
    rows = (
        lines.values_list("day__year", "day__month", "promoter__name")
        .annotate(number=Count("pk"))
        .order_by("-day__year", "-day__month", "promoter__name", "promoter")[:500]
    )
    return [Sold(date(year, month, 1), name, number if number >= LEAST else None) for year, month, name, number in rows]
