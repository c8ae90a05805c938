"""A made-up house: its rooms, range and shifts, and what was sold in them over the past weeks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from encore.accounts.models import Organisation, Post, User
from encore.ledger.late import entered_late
from encore.money import Money
from encore.venues import queries
from encore.venues.models import Listing, Room, RoomKind, RoomSession, SaleLine, Unit, Venue
from encore.venues.operations import (
    House,
    NewRoom,
    Stay,
    Ware,
    add_rooms,
    bring_in_sessions,
    list_product,
    open_venue,
    set_hours,
    set_shift,
)

_SINCE: Final = timedelta(days=50)
_NIGHTS: Final = 21
_ROOMS: Final = (
    *(NewRoom(f"A{number:02}", "", RoomKind.SMALL, 6) for number in (1, 2, 3, 5, 6, 8, 10, 12)),
    *(NewRoom(f"B{number:02}", "", RoomKind.MEDIUM, 10) for number in (1, 3, 5, 8, 11)),
    *(NewRoom(f"V{number}", "", RoomKind.VIP, 16) for number in (1, 3, 6, 8)),
    NewRoom("大包666", "", RoomKind.LARGE, 20),
    NewRoom("大包888", "", RoomKind.LARGE, 20),
    NewRoom("小红帽厅", "儿童乐园主题", RoomKind.PARTY, 30),
)
_SHIFTS: Final = (("早班", time(12), time(18)), ("晚班", time(18), time(23)), ("夜班", time(23), time(2)))
# Brand and product, unit, price, and how often it is ordered among the others; and whether promoters promote the brand.
_WARES: Final = (
    ("澜溪精酿", "澜溪精酿 330ml", Unit.BOTTLE, "38.00", 8, True),
    ("澜溪精酿", "澜溪精酿 330ml", Unit.DOZEN, "398.00", 5, True),
    ("北岸拉格", "北岸拉格 500ml", Unit.CAN, "22.00", 9, True),
    ("北岸拉格", "北岸拉格 500ml", Unit.DOZEN, "228.00", 7, True),
    ("青峦果酒", "青峦青梅酒 700ml", Unit.BOTTLE, "168.00", 3, True),
    ("青峦果酒", "青峦桃子酒 700ml", Unit.BOTTLE, "158.00", 2, True),
    ("麦隐白啤", "麦隐白啤 1L", Unit.JUG, "88.00", 4, False),
    ("麦隐白啤", "麦隐白啤 330ml", Unit.BOTTLE, "32.00", 4, False),
    ("赤霞气泡酒", "赤霞气泡酒 750ml", Unit.BOTTLE, "298.00", 2, True),
    ("赤霞气泡酒", "赤霞欢聚套餐", Unit.SET, "888.00", 1, True),
    ("本店", "水果拼盘", Unit.SET, "128.00", 6, False),
    ("本店", "柠檬苏打水", Unit.GLASS, "18.00", 5, False),
)


@entered_late("demonstration")
def furnish(owner: Organisation, until: datetime) -> Venue:
    """Opens the house, and lets guests come and drink up to `until`. The same every time."""
    chance = Random(20_260)  # noqa: S311 - a demonstration is no secret
    manager = User.objects.filter(organisation=owner, post=Post.MANAGER).order_by("pk").first()
    assert manager is not None
    since = until - _SINCE
    house = House(owner.name, "滨江市听涛区星河路 18 号 3 楼")
    venue = open_venue(house, by=manager, at=since)
    rooms = add_rooms(venue, _ROOMS, by=manager, at=since)
    set_hours(venue, [0, 1, 2, 3, 6], (time(12), time(1)), by=manager, at=since)
    set_hours(venue, [4, 5], (time(12), time(2)), by=manager, at=since)
    for name, starts, ends in _SHIFTS:
        set_shift(venue, name, starts, ends, by=manager, at=since)
    agency = queries.agencies(manager).order_by("pk").first()
    for brand, product, unit, price, _often, is_promoted in _WARES:
        ware = Ware(brand, product, unit, Money(Decimal(price)), agency if is_promoted else None)
        list_product(venue, ware, by=manager, at=since)
    stays = sorted(_stays(chance, venue, rooms, until), key=lambda stay: stay.opened_at)
    _sell(chance, venue, bring_in_sessions(stays, by=manager, at=until), until)
    return venue


def _stays(chance: Random, venue: Venue, rooms: Sequence[Room], until: datetime) -> Iterator[Stay]:
    """Some rooms once in the afternoon, most of them in the evening, all of them at weekends."""
    hours = {row.weekday: row for row in venue.hours.all()}
    last = queries.business_day(until, venue)
    for ago in range(_NIGHTS, -1, -1):
        day = last - timedelta(days=ago)
        opens = queries.beginning(day, venue) + timedelta(hours=hours[day.weekday()].opens.hour - venue.day_ends.hour)
        closes = opens + timedelta(hours=(hours[day.weekday()].closes.hour - hours[day.weekday()].opens.hour) % 24)
        fullness = 0.9 if day.weekday() in (4, 5) else 0.55
        for room in rooms:
            begin = opens + timedelta(minutes=chance.uniform(60, 240))
            if chance.random() < fullness / 3:
                yield from _stay(chance, room, begin, begin + timedelta(minutes=chance.uniform(90, 200)), until)
            begin = opens + timedelta(minutes=chance.uniform(450, 560))
            if chance.random() < fullness:
                end = min(closes, begin + timedelta(minutes=chance.uniform(110, 260)))
                yield from _stay(chance, room, begin, end, until)


def _stay(chance: Random, room: Room, begin: datetime, end: datetime, until: datetime) -> Iterator[Stay]:
    guests = max(1, round(chance.triangular(2, room.seats or 8, 5)))
    if begin < until:
        yield Stay(room, begin, end if end <= until else None, guests)


def _sell(chance: Random, venue: Venue, sessions: Sequence[RoomSession], until: datetime) -> None:
    """The bills of these sessions, as a till's sheet would have brought them."""
    prices = {(row.product.name, row.product.unit): row for row in queries.listed(venue)}
    wares = [(prices[name, unit], often) for _brand, name, unit, _price, often, _is_promoted in _WARES]
    promoters = list(User.objects.filter(post=Post.PROMOTER, is_active=True).order_by("pk"))
    lines = [line for session in sessions for line in _bill(chance, venue, session, wares, promoters, until)]
    for number, line in enumerate(lines):
        line.line_key = f"demonstration-{number}"
    SaleLine.objects.bulk_create(lines, batch_size=1_000)


def _bill(
    chance: Random,
    venue: Venue,
    session: RoomSession,
    wares: Sequence[tuple[Listing, int]],
    promoters: Sequence[User],
    until: datetime,
) -> Iterator[SaleLine]:
    listings, often = zip(*wares, strict=True)
    end = session.closed_at or until
    for _ in range(chance.randint(2, 7)):
        listing: Listing = chance.choices(listings, often)[0]
        is_small = listing.amount < 100
        quantity = chance.randint(2, 6) if is_small else 1
        is_promoted = listing.product.brand.promoted_by_id is not None
        yield SaleLine(
            owner_id=venue.owner_id,
            venue=venue,
            day=session.day,
            sold_at=session.opened_at + (end - session.opened_at) * chance.uniform(0.02, 0.8),
            room=session.room,
            session=session,
            product=listing.product,
            promoter=chance.choice(promoters) if promoters and is_promoted and chance.random() < 0.6 else None,
            quantity=quantity,
            amount=(listing.price * quantity).amount,
        )
