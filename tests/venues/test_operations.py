from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from encore.accounts.models import User
from encore.accounts.rights import NotYours
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from encore.money import Money
from encore.venues import operations, queries
from encore.venues.models import SIGNS, Listing, Room, RoomSession, Venue
from encore.venues.operations import House, NewRoom, Stay, Ware
from tests.cast import HOUR
from tests.venues.conftest import EVENING, OPENED, ware


def told(row: Venue | Room | RoomSession) -> list[str]:
    return [entry.type for entry in history(key_of(row))]


# --- the house --------------------------------------------------------------------------------------------------------


def test_a_venue_is_opened_by_who_runs_venues(house: Venue, zhou: User, he: User) -> None:
    assert (house.owner, house.day_ends, told(house)) == (zhou.organisation, time(6), ["venue.opened"])
    with pytest.raises(NotYours):
        operations.open_venue(House("另一家"), by=he, at=OPENED)


def test_an_organisation_has_one_venue_of_a_name(house: Venue, zhou: User) -> None:
    with pytest.raises(operations.CannotOpenVenue):
        operations.open_venue(House("星河里"), by=zhou, at=OPENED)
    other = operations.open_venue(House("星河里二店"), by=zhou, at=OPENED)
    with pytest.raises(operations.CannotOpenVenue):
        operations.change_venue(other, House("星河里"), by=zhou, at=OPENED)


def test_nobody_changes_the_house_of_others(house: Venue, room: Room, beer: Listing, other_manager: User) -> None:
    for act in (
        lambda: operations.change_venue(house, House("我的"), by=other_manager, at=EVENING),
        lambda: operations.set_hours(house, [0], None, by=other_manager, at=EVENING),
        lambda: operations.set_shift(house, "晚班", time(18), time(23), by=other_manager, at=EVENING),
        lambda: operations.add_rooms(house, [NewRoom("A02")], by=other_manager, at=EVENING),
        lambda: operations.close_room(room, by=other_manager, at=EVENING),
        lambda: operations.renew_room(room, by=other_manager, at=EVENING),
        lambda: operations.list_product(house, ware("别的"), by=other_manager, at=EVENING),
        lambda: operations.change_price(beer, Money(Decimal(1)), by=other_manager, at=EVENING),
        lambda: operations.delist_product(beer, by=other_manager, at=EVENING),
        lambda: operations.open_session(room, guests=None, by=other_manager, at=EVENING),
    ):
        with pytest.raises(NotYours):
            act()
    room.refresh_from_db()
    beer.refresh_from_db()
    assert (room.is_active, beer.delisted_at, RoomSession.objects.count()) == (True, None, 0)


def test_hours_are_set_for_the_days_that_are_named(house: Venue, zhou: User) -> None:
    operations.set_hours(house, range(7), (time(18), time(2)), by=zhou, at=OPENED)
    operations.set_hours(house, [0, 1], None, by=zhou, at=OPENED)
    operations.set_hours(house, [5], (time(12), time(2)), by=zhou, at=OPENED)
    hours = {row.weekday: (row.opens.hour, row.closes.hour) for row in house.hours.all()}
    assert hours == {2: (18, 2), 3: (18, 2), 4: (18, 2), 5: (12, 2), 6: (18, 2)}


def test_hours_and_shifts_that_the_law_forbids_are_refused_in_a_sentence(
    house: Venue, zhou: User, english: None
) -> None:
    with pytest.raises(operations.CannotSetHours, match="closed by law from 02:00 to 08:00"):
        operations.set_hours(house, [5], (time(18), time(3)), by=zhou, at=OPENED)
    with pytest.raises(operations.CannotSetShift, match="closed by law from 02:00 to 08:00"):
        operations.set_shift(house, "通宵", time(22), time(6), by=zhou, at=OPENED)
    assert not house.hours.exists()
    assert not house.shifts.exists()


def test_a_shift_is_set_anew_by_its_name_and_given_up_once(house: Venue, zhou: User) -> None:
    shift = operations.set_shift(house, "晚班", time(18), time(23), by=zhou, at=OPENED)
    again = operations.set_shift(house, "晚班", time(19), time(1), by=zhou, at=OPENED)
    assert (again.pk, again.starts) == (shift.pk, time(19))
    operations.drop_shift(shift, by=zhou, at=OPENED)
    with pytest.raises(operations.CannotDropShift):
        operations.drop_shift(shift, by=zhou, at=OPENED)


# --- rooms ------------------------------------------------------------------------------------------------------------


def test_rooms_that_are_there_stay_as_they_are(house: Venue, room: Room, zhou: User) -> None:
    added = operations.add_rooms(house, [NewRoom("A01", "另一名"), NewRoom("A02")], by=zhou, at=EVENING)
    assert [one.code for one in added] == ["A02"]
    assert Room.objects.get(code="A01").name == "小红帽厅"
    with pytest.raises(operations.CannotAddRooms):
        operations.add_rooms(house, [NewRoom("A01")], by=zhou, at=EVENING)


def test_a_rooms_token_and_code_lead_to_it_alone(house: Venue, zhou: User) -> None:
    rooms = operations.add_rooms(house, [NewRoom(f"A{number:02}") for number in range(1, 41)], by=zhou, at=OPENED)
    assert len({room.token for room in rooms}) == len({room.short_code for room in rooms}) == 40
    for room in rooms:
        assert len(room.token) == 22  # 128 bits
        assert len(room.short_code) == 6
        assert set(room.short_code) <= set(SIGNS)
        assert queries.room_by_token(room.token) == room
        assert queries.room_by_code(room.short_code) == room
    assert not set("0O1IL") & set(SIGNS)


def test_a_code_is_read_as_people_type_it(room: Room) -> None:
    Room.objects.filter(pk=room.pk).update(short_code="AB3K7P")
    for typed in ("AB3K7P", "ab3k7p", " ab3 k7p ", "AB3-K7P", "ＡＢ３Ｋ７Ｐ"):
        assert queries.room_by_code(typed) == room
    for typed in ("", "AB3K7", "AB3K70", "AB3K7PX", "' OR 1=1", "房间"):
        assert queries.room_by_code(typed) is None


def test_a_room_is_found_with_its_house_and_owner_in_one_query(
    room: Room, zhou: User, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = queries.room_by_token(room.token)
        assert found is not None
        assert found.venue.owner == zhou.organisation


def test_a_room_that_is_closed_down_is_found_by_nobody(room: Room, zhou: User) -> None:
    operations.close_room(room, by=zhou, at=EVENING)
    assert (queries.room_by_token(room.token), queries.room_by_code(room.short_code)) == (None, None)
    with pytest.raises(operations.CannotCloseRoom):
        operations.close_room(room, by=zhou, at=EVENING)
    operations.reopen_room(room, by=zhou, at=EVENING)
    assert queries.room_by_token(room.token) == room
    with pytest.raises(operations.CannotReopenRoom):
        operations.reopen_room(room, by=zhou, at=EVENING)
    assert told(room) == ["room.opened", "room.closed_down", "room.opened"]


def test_a_new_picture_makes_the_old_one_lead_nowhere(room: Room, zhou: User) -> None:
    renewed = operations.renew_room(room, by=zhou, at=EVENING)
    assert queries.room_by_token(room.token) is None
    assert queries.room_by_code(room.short_code) is None
    assert queries.room_by_token(renewed.token) == renewed


# --- the range --------------------------------------------------------------------------------------------------------


def test_another_price_is_another_listing_and_the_old_one_stays_on_record(
    house: Venue, beer: Listing, zhou: User
) -> None:
    operations.change_price(beer, Money(Decimal("42.00")), by=zhou, at=EVENING)
    old, new = Listing.objects.order_by("pk")
    assert (old.price, old.listed_at, old.delisted_at) == (Money(Decimal("38.00")), OPENED, EVENING)
    assert (new.price, new.delisted_at) == (Money(Decimal("42.00")), None)
    assert list(queries.listed(house)) == [new]
    prices = [entry.data["amount"] for entry in history(key_of(beer.product))]
    assert prices == ["38.00", "42.00"]


def test_a_product_is_in_the_range_once(house: Venue, beer: Listing, zhou: User) -> None:
    with pytest.raises(operations.AlreadyListed):
        operations.list_product(house, ware(), by=zhou, at=EVENING)
    with pytest.raises(operations.CannotListProduct):
        operations.list_product(house, ware(brand="别的牌子"), by=zhou, at=EVENING)
    operations.delist_product(beer, by=zhou, at=EVENING)
    assert not queries.listed(house).exists()
    with pytest.raises(operations.CannotDelistProduct):
        operations.delist_product(beer, by=zhou, at=EVENING)
    assert operations.list_product(house, ware(), by=zhou, at=EVENING).product == beer.product


def test_a_brand_is_promoted_by_an_agency_with_a_contract(
    house: Venue, zhou: User, he: User, other_manager: User
) -> None:
    beer = ware()
    mine = Ware(beer.brand, beer.name, beer.unit, beer.price, he.organisation)
    assert operations.list_product(house, mine, by=zhou, at=OPENED).product.brand.promoted_by == he.organisation
    foreign = Ware("另一牌", "另一种", beer.unit, beer.price, other_manager.organisation)
    with pytest.raises(operations.CannotListProduct):
        operations.list_product(house, foreign, by=zhou, at=OPENED)


def test_a_price_is_not_below_zero(house: Venue, zhou: User) -> None:
    with pytest.raises(operations.CannotListProduct):
        operations.list_product(house, ware(price="-1.00"), by=zhou, at=OPENED)


# --- who has which room -----------------------------------------------------------------------------------------------


def test_guests_have_a_room_from_when_to_when(house: Venue, room: Room, lin: User, zhou: User) -> None:
    shift = operations.set_shift(house, "晚班", time(18), time(23), by=zhou, at=OPENED)
    late = EVENING + 9 * HOUR
    session = operations.open_session(room, guests=5, by=lin, at=EVENING)
    assert (session.shift, str(session.day), session.guests) == (shift, "2026-03-10", 5)
    assert queries.session_of(room, EVENING + HOUR) == session
    operations.close_session(session, by=lin, at=late)
    assert queries.session_of(room, late) is None
    assert queries.session_of(room, EVENING - HOUR) is None
    assert told(session) == ["session.opened", "session.closed"]
    with pytest.raises(operations.CannotCloseSession):
        operations.close_session(session, by=lin, at=late)


def test_a_session_after_midnight_belongs_to_the_night(room: Room, lin: User) -> None:
    session = operations.open_session(room, guests=None, by=lin, at=EVENING + 5 * HOUR)
    assert str(session.day) == "2026-03-10"


def test_a_room_is_given_to_one_party_at_a_time(room: Room, lin: User, zhou: User) -> None:
    operations.open_session(room, guests=5, by=lin, at=EVENING)
    with pytest.raises(operations.AlreadyOpen):
        operations.open_session(room, guests=2, by=lin, at=EVENING + HOUR)
    with pytest.raises(operations.CannotCloseRoom):
        operations.close_room(room, by=zhou, at=EVENING + HOUR)
    assert RoomSession.objects.count() == 1


def test_the_database_itself_keeps_a_second_party_out(room: Room, lin: User) -> None:
    session = operations.open_session(room, guests=5, by=lin, at=EVENING)
    session.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        session.save(force_insert=True)


def test_a_room_that_is_closed_down_is_given_to_nobody(room: Room, lin: User, zhou: User) -> None:
    operations.close_room(room, by=zhou, at=EVENING)
    with pytest.raises(operations.CannotOpenSession):
        operations.open_session(room, guests=2, by=lin, at=EVENING)


def test_sessions_from_other_records_come_in_all_or_none(room: Room, lin: User) -> None:
    first = Stay(room, EVENING, EVENING + 2 * HOUR, 4)
    then = Stay(room, EVENING + 2 * HOUR, EVENING + 3 * HOUR)
    overlapping = Stay(room, EVENING + HOUR, EVENING + 4 * HOUR)
    with pytest.raises(operations.AlreadyOpen):
        operations.bring_in_sessions([first, overlapping], by=lin, at=EVENING + 5 * HOUR)
    assert not RoomSession.objects.exists()
    operations.bring_in_sessions([first, then], by=lin, at=EVENING + 5 * HOUR)
    assert RoomSession.objects.filter(closed_at__isnull=False).count() == 2
    backwards = Stay(room, EVENING + 5 * HOUR, EVENING + 4 * HOUR + timedelta(minutes=1))
    with pytest.raises(operations.CannotOpenSession):
        operations.bring_in_sessions([backwards], by=lin, at=EVENING + 6 * HOUR)
