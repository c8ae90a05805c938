"""One row of each noun that two parties to a contract have, for tests that look at all of them.

They are made once for a module, in a transaction around all its tests; what a test changes is undone after it.
A module imports all fixtures of this one, also those that it does not name.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import TestCase
from django.utils.timezone import now
from pytest_django import DjangoDbBlocker

from encore.accounts.models import Organisation, Post, Role, User
from encore.approvals.operations import request
from encore.books.operations import Budget, Claim, Item, close_period, set_budget
from encore.complaints.operations import name_concerned, take_up, tell_concerned
from encore.contracts.drafts import begin
from encore.contracts.models import Contract
from encore.contracts.operations import Told, note
from encore.customers.operations import Consented, Known, register
from encore.files.demo import hang_on
from encore.files.operations import add
from encore.imports.drafts import upload as bring_in_sheet
from encore.imports.register import Importer
from encore.ledger.late import entered_late
from encore.ledger.terms import keep_edition
from encore.ledger.tick import tick
from encore.money import Money
from encore.people.operations import Newcomer, admit, assign, invite, qualify
from encore.venues.operations import House, NewRoom, Ware, add_rooms, list_product, open_session, open_venue
from encore.workflows.operations import submit_cost
from tests.cast import DAY, EDITION, HOUR, agreed, complain, person
from tests.channels.house import queued
from tests.files.made import put, sound


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The transaction around all tests here."""
    with django_db_blocker.unblock():
        TestCase.setUpClass()
        with entered_late("imported"):
            yield
        TestCase.tearDownClass()
        TestCase.doClassCleanups()


@pytest.fixture(autouse=True)
def undone(once: None, db: None) -> None:
    """Each test in a transaction of its own inside that one."""


@pytest.fixture(scope="module")
def venue(once: None) -> Organisation:
    return Organisation.objects.create(name="星河里", role=Role.VENUE)


@pytest.fixture(scope="module")
def agency(once: None) -> Organisation:
    return Organisation.objects.create(name="澄酿推广", role=Role.AGENCY)


@pytest.fixture(scope="module")
def zhou(venue: Organisation) -> User:
    return person("周敏", venue, Post.MANAGER)


@pytest.fixture(scope="module")
def he(agency: Organisation) -> User:
    return person("何伟", agency, Post.MANAGER)


@pytest.fixture(scope="module")
def contract(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITION, zhou, agency, since=now() - 10 * DAY)


@pytest.fixture(scope="module")
def rows(contract: Contract, zhou: User, he: User) -> dict[str, str]:
    """What people call one row of each noun that the two parties have."""
    late = complain(contract, at=now() - 30 * HOUR)
    told = Told("training.held", {}, "0" * 32, "1" * 64, title="三月的酒水培训", words="签到表在前台")
    matter = note(told, contract=contract, subject=None, by=he, at=now() - HOUR)
    invite(Newcomer("钱多多", Post.FINANCE), by=zhou, at=now() - HOUR)
    [photo] = hang_on(late, number=1, by=zhou, at=now() - HOUR)
    add([put(sound(), "said.wav")], row=late, purpose="evidence", by=zhou, at=now() - HOUR)
    draft = begin(keep_edition(EDITION, "edition.toml"), by=zhou, at=now() - HOUR)
    house = open_venue(House("星河里"), by=zhou, at=now() - HOUR)
    [room] = add_rooms(house, [NewRoom("B08")], by=zhou, at=now() - HOUR)
    beer = list_product(house, Ware("澜溪精酿", "澜溪 330ml", "bottle", Money.of("38.00")), by=zhou, at=now() - HOUR)
    stay = open_session(room, guests=5, by=zhou, at=now() - HOUR)
    day = (now() - HOUR).date()
    line = set_budget(Budget("培训", Money.of("100.00"), day - DAY, day + DAY), by=zhou, at=now() - HOUR)
    claim = Claim(line, "讲义", [Item(day, "打印", Money.of("20.00"))], "a" * 32)
    cost = submit_cost(claim, by=zhou, at=now() - HOUR)
    month = close_period(day - 40 * DAY, by=zhou, at=now() - HOUR)
    message = queued(zhou, late, by=zhou)
    asked = request(
        subject=late, kind="other", words="换一台点歌机", form_key="0" * 32, amount=Decimal("10.00"), beneficiary=None, copies=(),
        by=zhou, at=now() - HOUR,
    )  # fmt: skip
    consent = Consented(("complaint",), "只为答复您的投诉", "onsite")
    guest = register(Known(phone="13800138000"), consent=consent, by=zhou, at=now() - HOUR)
    su = person("苏晴", he.organisation, Post.PROMOTER)
    admit(su, born=day - 9000 * DAY, from_date=day, by=he, at=now() - HOUR)
    qualify(su, kind="health_certificate", from_date=day, to_date=day + 99 * DAY, by=he, at=now() - HOUR)
    assignment = assign(su, venue=zhou.organisation, from_date=day, by=he, at=now() - HOUR)
    sheet = bring_in_sheet(b"a,b\n1,2\n", "x.csv", Importer.kinds["sale-lines"], by=zhou, at=now() - HOUR)
    about_zhou = complain(contract, at=now() - 3 * HOUR)
    take_up(about_zhou, by=he, at=now() - 2 * HOUR)
    name_concerned(about_zhou, person=zhou, by=he, at=now() - 2 * HOUR)
    told_zhou = tell_concerned(about_zhou.concerns.get(), by=he, at=now() - HOUR)
    tick()
    return {
        "concern": str(told_zhou),
        "customer": str(guest),
        "assignment": str(assignment),
        "import": str(sheet),
        "message": str(message),
        "approval": str(asked),
        "budget_line": str(line),
        "cost": str(cost),
        "period": str(month),
        "venue": str(house),
        "room": str(room),
        "product": str(beer.product),
        "room_session": str(stay),
        "draft": str(draft),
        "file": str(photo),
        "contract": str(contract),
        "matter": str(matter),
        "complaint": str(late),
        "person": str(zhou),
    }
