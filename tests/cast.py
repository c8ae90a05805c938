"""The people, parties and contracts that tests share, and the moments at which things happen to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import translation

from encore.accounts.models import Organisation, Post, Role, User
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.contracts.operations import make_effective, sign

EDITION = Path(__file__).with_name("house.toml").read_bytes()
CHINA = ZoneInfo("Asia/Shanghai")
SIGNED = datetime(2026, 3, 1, 10, tzinfo=CHINA)
EFFECTIVE = datetime(2026, 3, 2, 0, tzinfo=CHINA)
RECEIVED = datetime(2026, 3, 10, 22, 40, tzinfo=CHINA)  # a Tuesday night
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def venue(db: None) -> Organisation:
    return Organisation.objects.create(name="星河里", role=Role.VENUE)


@pytest.fixture
def agency(db: None) -> Organisation:
    return Organisation.objects.create(name="澄酿推广", role=Role.AGENCY)


def person(name: str, organisation: Organisation, post: Post) -> User:
    return User.objects.create(username=f"{name}-{uuid4().hex[:8]}", name=name, organisation=organisation, post=post)


@pytest.fixture
def zhou(venue: Organisation) -> User:
    return person("周敏", venue, Post.MANAGER)


@pytest.fixture
def lin(venue: Organisation) -> User:
    return person("林静", venue, Post.CUSTOMER_SERVICE)


@pytest.fixture
def tang(agency: Organisation) -> User:
    return person("唐悦", agency, Post.MARKETING)


@pytest.fixture
def he(agency: Organisation) -> User:
    return person("何伟", agency, Post.MANAGER)


def signed_in(person: User, language: str = "en", **options: object) -> Client:
    """Their browser."""
    client = Client(headers={"accept-language": language}, **options)  # type: ignore[arg-type]
    client.force_login(person)
    return client


@contextmanager
def recording_at(moment: datetime) -> Iterator[None]:
    """Sets the clock that says when something is recorded."""
    with patch("encore.ledger.record.now", return_value=moment):
        yield


def agreed(edition: bytes, zhou: User, agency: Organisation, since: datetime = EFFECTIVE) -> Contract:
    """A contract under that edition, signed the day before it came into force."""
    contract = draw_up(edition, "edition.toml", {}, venue=zhou.organisation, agency=agency, at=since - DAY)
    with recording_at(since):
        sign(contract, by=zhou, at=since - DAY)
        return make_effective(contract, by=zhou, at=since)


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    """Under the edition of the tests' house."""
    return agreed(EDITION, zhou, agency)


@pytest.fixture
def complaint(contract: Contract) -> Complaint:
    return complain(contract)


def complain(contract: Contract, text: str = "酒是温的，叫了三次没人来。", at: datetime = RECEIVED) -> Complaint:
    told = complaints.Told(text, uuid4().hex, "B08")
    return complaints.receive(told, contract=contract, channel="web", by=None, at=at)


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield
