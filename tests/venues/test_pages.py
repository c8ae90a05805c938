import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pypdf import PdfReader

from encore.accounts.models import Post, User
from encore.documents.register import Reader
from encore.venues import documents, queries
from encore.venues.models import Listing, Room, RoomSession, SaleLine, Shift, Venue
from encore.venues.operations import NewRoom, add_rooms, open_session
from tests.cast import person, signed_in
from tests.venues.conftest import EVENING, OPENED

Queries = Callable[[int], AbstractContextManager[Any]]


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou)


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer
    return str(answer.content.decode())


# --- from nothing to a house ------------------------------------------------------------------------------------------


def test_a_manager_opens_a_house_and_adds_its_rooms(desk: Client, zhou: User) -> None:
    assert "No venue yet." in body(desk.get("/venues/"))
    said = {"name": "星河里", "address": "听涛区 18 号", "day_ends": "6点", "zone": "Asia/Shanghai"}
    answer = desk.post("/venues/open/", said)
    house = Venue.objects.get()
    assert answer["Location"] == f"/venues/{house}/rooms/"
    answer = desk.post(f"/venues/{house}/rooms/", {"rooms": "A01-A12\nV1 贵宾厅", "kind": "small", "seats": "8"})
    assert answer["Location"] == f"/venues/{house}/"
    page = body(desk.get(f"/venues/{house}/"))
    assert "13 rooms were added." in page
    assert "贵宾厅" in page
    assert set(Room.objects.values_list("kind", "seats")) == {("small", 8)}
    assert desk.get("/venues/")["Location"] == f"/venues/{house}/"
    again = desk.post(f"/venues/{house}/rooms/", {"rooms": "A12-A14", "kind": "small"}, follow=True)
    assert "2 rooms were added. 1 was there already." in body(again)
    answer = desk.post(f"/venues/{house}/rooms/", {"rooms": "A01", "kind": "small"})
    assert "All of these rooms are there already." in body(answer, 409)
    assert ">\nA01</textarea>" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Say what it is called."),
        ({"day_ends": "18:00"}, "A business day ends between 00:00 and 12:00."),
        ({"day_ends": "25:00"}, "This is no time of day."),
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
def test_a_house_that_lacks_something_comes_back_with_what_was_typed(
    desk: Client, fields: dict[str, str], said: str
) -> None:
    given = {"name": "星河里", "address": "听涛区", "day_ends": "06:00", "zone": "Asia/Shanghai", **fields}
    page = body(desk.post("/venues/open/", given), 422)
    assert said in page
    assert 'value="听涛区"' in page
    assert not Venue.objects.exists()


def test_hours_and_shifts_are_set_on_their_page(desk: Client, house: Venue) -> None:
    address = f"/venues/{house}/hours/"
    week = {"weekdays": ["4", "5"], "opens": "12:00", "closes": "26:00"}
    assert desk.post(address, week)["Location"] == address
    said = {"name": "夜班", "starts": "23:00", "ends": "次日2:00"}
    assert desk.post(f"/venues/{house}/shifts/", said)["Location"] == address
    page = body(desk.get(address))
    assert page.count("12:00–02:00 on the next day") == 2
    assert "23:00–02:00 on the next day" in page
    assert "closed by law from 02:00 to 08:00" in body(desk.post(address, {**week, "closes": "27:00"}), 422)
    shift = Shift.objects.get()
    assert desk.post(f"/venues/{house}/shifts/", {"drop": str(shift.pk)})["Location"] == address
    assert desk.post(f"/venues/{house}/shifts/", {"drop": str(shift.pk)}).status_code == 409
    assert desk.post(f"/venues/{house}/shifts/", {"drop": "x"}).status_code == 404


def test_products_are_taken_into_the_range_and_out_of_it(desk: Client, house: Venue, he: User) -> None:
    address = f"/venues/{house}/range/"
    agency = str(he.organisation_id)
    beer = {"brand": "澜溪精酿", "name": "澜溪 330ml", "unit": "bottle", "price": "¥1,038", "promoted_by": agency}
    assert desk.post(address, beer)["Location"] == address
    assert "¥1,038.00" in body(desk.get(address))
    assert "already, at this price" in body(desk.post(address, beer), 409)
    assert "This is no amount of money." in body(desk.post(address, {**beer, "price": "贵"}), 422)
    listing = Listing.objects.get()
    page = f"/products/{listing.product}/"
    assert desk.post(f"{page}price/", {"listing": str(listing.pk), "price": "42"})["Location"] == page
    assert "¥42.00" in body(desk.get(page))
    present = Listing.objects.get(delisted_at=None)
    assert desk.post(f"{page}price/", {"listing": str(listing.pk), "price": "43"}).status_code == 404
    assert desk.post(f"{page}price/", {"listing": str(present.pk), "delist": "yes"})["Location"] == page
    assert "No venue carries this now." in body(desk.get(page))


# --- rooms and their cards --------------------------------------------------------------------------------------------


def test_a_rooms_page_shows_what_its_guests_scan(desk: Client, room: Room) -> None:
    page = body(desk.get(f"/rooms/{room}/"))
    assert f'value="http://testserver/r/{room.token}/"' in page
    assert room.short_code in page
    assert desk.post(f"/rooms/{room}/describe/", {"name": "大红帽厅", "kind": "large", "seats": "9"}).status_code == 302
    assert "大红帽厅" in body(desk.get(f"/rooms/{room}/"))
    assert "Write a whole number." in body(desk.post(f"/rooms/{room}/describe/", {"kind": "large", "seats": "九"}), 422)
    assert desk.post(f"/rooms/{room}/close-down/").status_code == 302
    page = body(desk.get(f"/rooms/{room}/"))
    assert room.token not in page
    assert "This room has already been closed down." in body(desk.post(f"/rooms/{room}/close-down/"), 409)
    assert desk.post(f"/rooms/{room}/reopen/").status_code == 302
    assert desk.post(f"/rooms/{room}/renew/").status_code == 302
    assert room.token not in body(desk.get(f"/rooms/{room}/"))
    assert desk.post(f"/rooms/{room}/explode/").status_code == 404


def test_a_code_that_is_typed_leads_where_the_picture_leads(room: Room, english: None) -> None:
    guest = Client(headers={"accept-language": "en"})
    assert "Code of your room" in body(guest.get("/r/"))
    typed = f" {room.short_code[:3].lower()} {room.short_code[3:]}"
    assert guest.post("/r/", {"code": typed})["Location"] == f"/r/{room.token}/"
    answer = body(guest.post("/r/", {"code": "AAAAAA"}), 422)
    assert "No room has this code." in answer
    assert 'value="AAAAAA"' in answer


def test_the_cards_are_printed_with_pictures_that_are_large_enough(desk: Client, house: Venue, zhou: User) -> None:
    rooms = add_rooms(house, [NewRoom(f"A{number:02}") for number in range(1, 11)], by=zhou, at=OPENED)
    answer = desk.get(f"/documents/venue/{house}/room-cards.pdf")
    assert answer.status_code == 200
    pages = PdfReader(BytesIO(answer.content)).pages
    text = "".join(page.extract_text() for page in pages)
    assert len(pages) == 2  # eight on a page
    for room in rooms:
        assert f"{room.short_code[:3]} {room.short_code[3:]}" in text
    assert text.count("未成年人请勿饮酒") == len(rooms)
    assert text.count("testserver/r/") == len(rooms)

    form = documents.cards(house, Reader(zhou, now(), "https://a-rather-long-name.of-a-house.example.com")).form
    for card in form["cards"]:
        width = re.search(r'viewBox="0 0 (\d+)|width="(\d+)"', card["qr"])
        assert width is not None
        modules = int(width[1] or width[2])
        assert 42 * (modules - 8) / modules >= 30  # millimetres, without the quiet zone of four modules


def test_a_card_carries_names_as_they_are_and_no_markup(desk: Client, house: Venue, zhou: User) -> None:
    [room] = add_rooms(house, [NewRoom("#A_1", "$x$ *星* [厅]")], by=zhou, at=OPENED)
    answer = desk.get(f"/documents/room/{room}/room-card.pdf")
    assert "#A_1 $x$ *星* [厅]" in PdfReader(BytesIO(answer.content)).pages[0].extract_text()


def test_cards_are_for_those_who_run_the_house(house: Venue, room: Room, he: User) -> None:
    agency = signed_in(he)
    assert agency.get(f"/documents/venue/{house}/room-cards.pdf").status_code == 404
    page = body(agency.get(f"/rooms/{room}/"))
    assert room.token not in page
    assert room.short_code not in page


# --- the floor --------------------------------------------------------------------------------------------------------


def test_one_tap_gives_a_room_to_guests_and_one_takes_it_back(house: Venue, room: Room, lin: User) -> None:
    phone = signed_in(lin)
    address = f"/venues/{house}/floor/"
    assert "0 of 1 rooms taken" in body(phone.get(address))
    assert "Write a whole number." in body(phone.post(address, {"open": str(room.pk), "guests": "五个"}), 422)
    assert phone.post(address, {"open": str(room.pk), "guests": "5"})["Location"] == address
    page = body(phone.get(address))
    assert "1 of 1 rooms taken" in page
    assert "5 guests" in page
    assert "Guests have this room already." in body(phone.post(address, {"open": str(room.pk)}), 409)
    session = RoomSession.objects.get()
    assert phone.post(f"/room-sessions/{session}/close/")["Location"] == address
    assert "This session has already been closed." in body(phone.post(f"/room-sessions/{session}/close/"), 409)
    assert str(session) in body(phone.get("/room-sessions/"))
    assert phone.post(address, {"open": "0"}).status_code == 404


def test_who_had_which_room_is_the_venues_own(house: Venue, room: Room, lin: User, he: User) -> None:
    session = open_session(room, guests=5, by=lin, at=EVENING)
    agency = signed_in(he)
    assert agency.get(f"/venues/{house}/").status_code == 200
    assert agency.get(f"/rooms/{room}/").status_code == 200
    assert str(session) not in body(agency.get(f"/rooms/{room}/"))
    for address in (f"/venues/{house}/floor/", f"/room-sessions/{session}/", "/room-sessions/"):
        assert agency.get(address).status_code == 404, address
    assert agency.post(f"/venues/{house}/range/", {}).status_code == 403


# --- what was sold ----------------------------------------------------------------------------------------------------


def sold(house: Venue, listing: Listing, number: int, promoter: User | None = None, **more: Any) -> list[SaleLine]:
    start = SaleLine.objects.count()
    return SaleLine.objects.bulk_create(
        SaleLine(
            **{
                "owner_id": house.owner_id, "venue": house, "product": listing.product, "promoter": promoter,
                "sold_at": EVENING + timedelta(minutes=place), "day": queries.business_day(EVENING, house),
                "quantity": 2, "amount": Decimal("76.00"), "line_key": f"till-{place}", **more,
            }
        )
        for place in range(start, start + number)
    )  # fmt: skip


def test_sale_lines_are_summed_and_filtered_by_business_day(
    desk: Client, house: Venue, room: Room, beer: Listing
) -> None:
    sold(house, beer, 3, room=room)
    sold(house, beer, 1, day="2026-03-11", sold_at=EVENING + timedelta(days=1))
    page = body(desk.get("/sales/"))
    assert "¥304.00" in page
    assert "¥228.00" in body(desk.get("/sales/?f.day.from=2026-3-10&f.day.to=2026年3月10日"))
    assert "¥76.00" in body(desk.get("/sales/?f.day.from=2026-3-11"))
    assert "¥228.00" in body(desk.get(f"/sales/?f.room={room.pk}"))
    assert desk.get("/sales/?f.room=0").status_code == 404
    sheet = desk.get("/sales/?as=xlsx")
    assert sheet["Content-Disposition"].startswith("attachment")


def test_the_list_asks_as_often_for_many_lines_as_for_one(
    desk: Client, house: Venue, room: Room, beer: Listing, django_assert_max_num_queries: Queries
) -> None:
    sold(house, beer, 60, room=room)
    with django_assert_max_num_queries(9):
        desk.get("/sales/")
    with django_assert_max_num_queries(9):
        desk.get("/room-sessions/")
    with django_assert_max_num_queries(8):
        desk.get(f"/venues/{house}/")
    with django_assert_max_num_queries(8):
        desk.get(f"/venues/{house}/floor/")


def test_the_agency_is_told_how_many_lines_its_promoters_sold_and_never_of_fewer_than_five(
    house: Venue, beer: Listing, he: User, lin: User
) -> None:
    sold(house, beer, 6, person("苏晴", he.organisation, Post.PROMOTER))
    sold(house, beer, 4, person("柳青", he.organisation, Post.PROMOTER))
    sold(house, beer, 7, lin)
    page = body(signed_in(he).get("/sales/"))
    found = re.sub(r"<[^>]+>|\s+", " ", page)
    assert re.search(r"2026-03\s+苏晴\s+6\b", found)
    assert re.search(r"2026-03\s+柳青\s+fewer than 5", found)
    assert lin.name not in page
    assert "76.00" not in page


def test_a_line_of_the_till_is_taken_in_once(house: Venue, beer: Listing) -> None:
    from django.db import IntegrityError, transaction

    sold(house, beer, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        sold(house, beer, 1, line_key="till-0")
