"""Rooms are found by what stands on their door and by what they are called, by the house and by the agency that serves it."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from encore.accounts.models import Organisation, Post, Role, User
from encore.search.queries import find
from encore.search.rebuilding import rebuild
from encore.venues.models import Room
from encore.venues.operations import House, NewRoom, add_rooms, open_venue
from encore.venues.queries import room_searched, rooms_searched
from tests.cast import EDITION, SIGNED, agreed, person


def rooms(by: User, number: int = 1) -> list[Room]:
    house = open_venue(House("星河里"), by=by, at=SIGNED)
    return add_rooms(house, [NewRoom(f"B{place:02}", "望江") for place in range(1, number + 1)], by=by, at=SIGNED)


def found(words: str, user: User) -> list[int]:
    return find(words, user).get("room", [])


def test_the_house_finds_a_room_by_its_door_its_name_and_its_pinyin(zhou: User) -> None:
    [room] = rooms(zhou)
    for words in ("B01", "望江", "wangjiang", "wj", room.reference):
        assert found(words, zhou) == [room.pk], words
    assert found("B02", zhou) == []


def test_the_agency_finds_rooms_from_when_its_contract_takes_effect(zhou: User, he: User) -> None:
    before = rooms(zhou)
    assert found("望江", he) == []
    agreed(EDITION, zhou, he.organisation)
    assert found("望江", he) == [before[0].pk]
    [after] = add_rooms(before[0].venue, [NewRoom("C01", "观山")], by=zhou, at=SIGNED)
    assert found("观山", he) == [after.pk]


def test_another_house_finds_none_of_them(zhou: User, he: User) -> None:
    agreed(EDITION, zhou, he.organisation)
    rooms(zhou)
    for role in Role:
        stranger = person("外人", Organisation.objects.create(name="别家", role=role), Post.MANAGER)
        assert found("望江", stranger) == []


def test_an_index_that_is_written_anew_finds_the_same(zhou: User, he: User) -> None:
    agreed(EDITION, zhou, he.organisation)
    [room] = rooms(zhou)
    assert dict(rebuild())["room"] == 1
    assert found("望江", zhou) == found("望江", he) == [room.pk]


def test_who_is_told_of_rooms_is_asked_once_a_house(zhou: User) -> None:
    rooms(zhou, number=30)
    with CaptureQueriesContext(connection) as queries:
        assert len([room_searched(room) for room in rooms_searched()]) == 30
    assert len(queries) == 3
