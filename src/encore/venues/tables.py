"""The lists of a house: its rooms, its range, who had which room, and what was sold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.venues.models import Brand, Listing, Product, Room, RoomKind, RoomSession, SaleLine, Unit, Venue
from encore.web.dates import read_date
from encore.web.tables import Choice, Column, Days, R, Table


@dataclass(frozen=True)
class BusinessDays(Days):
    """A filter by days that a house has counted, whose column holds days and no moments."""

    def condition(self, asked: QueryDict) -> Q:
        first, last = (read_date(asked.get(name, "")) for name in self.names())
        found = Q(**{f"{self.field}__gte": first}) if first else Q()
        return found & Q(**{f"{self.field}__lte": last}) if last else found


@lru_cache(maxsize=4096)  # a list asks for fifty, and Django looks each of them up anew
def _address(name: str, reference: str) -> str:
    return reverse(name, args=[reference])


def rooms() -> Table[Room, Room]:
    return Table(
        name="rooms",
        caption=_("Rooms"),
        sort="code",
        columns=(
            Column("code", _("Room"), lambda row: row.code, link=_room, sort="code"),
            Column("name", pgettext_lazy("room", "Name"), lambda row: row.name),
            Column("kind", pgettext_lazy("room", "Kind"), lambda row: row.get_kind_display(), "badge", sort="kind"),
            Column("seats", _("Seats"), lambda row: row.seats, "number", sort="seats", total="seats"),
            Column("state", _("State"), lambda row: "" if row.is_active else _("closed down"), "badge"),
            Column("short_code", _("Code on the card"), lambda row: row.short_code, "reference", is_shown=False),
            Column("number", _("Number"), lambda row: row.reference, "reference", is_shown=False),
        ),
        filters=(
            Choice("kind", pgettext_lazy("room", "Kind"), RoomKind.choices, lambda kind: Q(kind=kind)),
            Choice(
                "state",
                _("State"),
                [("open", pgettext_lazy("room", "open")), ("closed", _("closed down"))],
                lambda state: Q(is_active=state == "open"),
            ),
        ),
        search=lambda words: Q(code__icontains=words) | Q(name__icontains=words),
        search_hint=_("room or name"),
    )


def _room(room: Room) -> str:
    return _address("venues:room", room.reference)


def listings(brands: Sequence[Brand]) -> Table[Listing, Listing]:
    """What a venue carries now."""
    return Table(
        name="range",
        caption=_("Range"),
        sort="product",
        columns=(
            Column("product", _("Product"), lambda row: row.product.name, link=_product_listed, sort="product__name"),
            Column("brand", _("Brand"), lambda row: row.product.brand.name, sort="product__brand__name"),
            Column("unit", _("Sold by the"), lambda row: row.product.get_unit_display(), "badge"),
            Column("price", _("Price"), lambda row: row.amount, "money", sort="amount"),
            Column("since", _("Listed since"), lambda row: row.listed_at, "moment", sort="listed_at"),
            Column("promoted", _("Promoted by"), lambda row: _promoting(row.product.brand), is_shown=False),
        ),
        filters=(
            Choice("brand", _("Brand"), _brands(brands), lambda brand: Q(product__brand=int(brand))),
            Choice("unit", _("Sold by the"), Unit.choices, lambda unit: Q(product__unit=unit)),
        ),
        search=lambda words: Q(product__name__icontains=words) | Q(product__brand__name__icontains=words),
        search_hint=_("product or brand"),
    )


def _promoting(brand: Brand) -> str:
    return brand.promoted_by.name if brand.promoted_by else ""


def _product_listed(listing: Listing) -> str:
    return _address("venues:product", listing.product.reference)


def _brands(brands: Sequence[Brand]) -> list[tuple[str, str]]:
    return [(str(brand.pk), brand.name) for brand in brands]


def sessions(venues: Sequence[Venue], rooms: Sequence[Room]) -> Table[RoomSession, RoomSession]:
    """Who had which room, the latest first."""
    return Table(
        name="room-sessions",
        caption=_("Room sessions"),
        sort="-opened",
        columns=(
            Column("number", _("Number"), lambda row: row.reference, link=_session),
            Column("day", _("Business day"), lambda row: row.day),
            Column("room", _("Room"), lambda row: row.room.label),
            *_venue(venues, lambda row: row.room.venue.name),
            Column("opened", _("Guests came"), lambda row: row.opened_at, "moment", sort="opened_at"),
            Column("closed", _("Guests left"), lambda row: row.closed_at, "moment", sort="closed_at"),
            Column("shift", _("Shift"), lambda row: row.shift.name if row.shift else ""),
            Column("guests", _("Number of guests"), lambda row: row.guests, "number", total="guests"),
        ),
        filters=(
            BusinessDays("day", _("Business day"), "day"),
            Choice("room", _("Room"), _rooms(rooms), lambda room: Q(room=int(room))),
            Choice(
                "state",
                _("State"),
                [("open", _("guests are there")), ("closed", _("guests have left"))],
                lambda state: Q(closed_at__isnull=state == "open"),
            ),
        ),
    )


def sales(venues: Sequence[Venue], rooms: Sequence[Room], products: Sequence[Product]) -> Table[SaleLine, SaleLine]:
    """The lines of all bills, the latest first."""
    return Table(
        name="sale-lines",
        caption=_("Sale lines"),
        sort="-sold",
        columns=(
            Column("sold", _("Sold"), lambda row: row.sold_at, "moment", sort="sold_at"),
            Column("day", _("Business day"), lambda row: row.day),
            *_venue(venues, lambda row: row.venue.name),
            Column("room", _("Room"), lambda row: row.room.label if row.room else ""),
            Column("product", _("Product"), lambda row: row.product.name, link=_product_sold),
            Column("brand", _("Brand"), lambda row: row.product.brand.name, is_shown=False),
            Column("unit", _("Sold by the"), lambda row: row.product.get_unit_display(), "badge"),
            Column("quantity", _("Quantity"), lambda row: row.quantity, "number", total="quantity"),
            Column("amount", _("Amount"), lambda row: row.amount, "money", sort="amount", total="amount"),
            Column("promoter", _("Promoter"), lambda row: row.promoter.name if row.promoter else ""),
            Column(
                "session",
                _("Room session"),
                lambda row: row.session.reference if row.session else "",
                link=lambda row: _session(row.session) if row.session else "",
                is_shown=False,
            ),
            Column("batch", _("Import"), lambda row: row.batch, is_shown=False),
        ),
        filters=(
            BusinessDays("day", _("Business day"), "day"),
            Choice("room", _("Room"), _rooms(rooms), lambda room: Q(room=int(room))),
            Choice(
                "product",
                _("Product"),
                [(str(one.pk), one.label) for one in products],
                lambda product: Q(product=int(product)),
            ),
        ),
    )


def _rooms(rooms: Sequence[Room]) -> list[tuple[str, str]]:
    return [(str(room.pk), room.label) for room in rooms]


def _venue(venues: Sequence[Venue], value: Callable[[R], str]) -> list[Column[R]]:
    """Where there is one only, nobody need be told."""
    return [Column("venue", _("Venue"), value)] if len(venues) > 1 else []


def _session(session: RoomSession) -> str:
    return _address("venues:session", session.reference)


def _product_sold(line: SaleLine) -> str:
    return _address("venues:product", line.product.reference)
