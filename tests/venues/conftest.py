from datetime import datetime
from decimal import Decimal

import pytest

from encore.accounts.models import User
from encore.contracts.models import Contract
from encore.money import Money
from encore.venues.models import Listing, Room, Unit, Venue
from encore.venues.operations import House, NewRoom, Ware, add_rooms, list_product, open_venue
from tests.cast import CHINA, agency, contract, english, he, lin, tang, venue, zhou  # noqa: F401 - fixtures

OPENED = datetime(2026, 3, 3, 15, tzinfo=CHINA)
EVENING = datetime(2026, 3, 10, 20, tzinfo=CHINA)  # a Tuesday


@pytest.fixture
def house(contract: Contract, zhou: User) -> Venue:  # noqa: F811
    return open_venue(House("星河里", "听涛区星河路 18 号"), by=zhou, at=OPENED)


@pytest.fixture
def room(house: Venue, zhou: User) -> Room:  # noqa: F811
    [added] = add_rooms(house, [NewRoom("A01", "小红帽厅", seats=6)], by=zhou, at=OPENED)
    return added


@pytest.fixture
def beer(house: Venue, zhou: User) -> Listing:  # noqa: F811
    return list_product(house, ware(), by=zhou, at=OPENED)


@pytest.fixture
def other_manager(db: None) -> User:
    """Who runs a house with which there is no contract."""
    from encore.accounts.models import Organisation, Post, Role
    from tests.cast import person

    return person("孙别", Organisation.objects.create(name="别家KTV", role=Role.VENUE), Post.MANAGER)


def ware(name: str = "澜溪精酿 330ml", price: str = "38.00", brand: str = "澜溪精酿") -> Ware:
    return Ware(brand, name, Unit.BOTTLE, Money(Decimal(price)))
