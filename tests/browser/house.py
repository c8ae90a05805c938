"""The house as browsers find it: its contract, its complaints, and the browser of somebody at work."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, ViewportSize
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import Organisation, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from tests.cast import DAY, EDITION, HOUR, agreed, complain, signed_in

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture
def contract(transactional_db: None, zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITION, zhou, agency, since=now() - 10 * DAY)


@pytest.fixture
def house(contract: Contract, tang: User) -> list[Complaint]:
    """Complaints of which one is new, one overdue, one in the middle and one nearly out of time."""
    fresh = complain(contract, at=now() - timedelta(minutes=10))
    overdue = complain(contract, text="结账多算了一打酒。" * 40, at=now() - 30 * HOUR)
    midway = complain(contract, at=now() - 20 * HOUR)
    operations.verify(midway, by=tang, at=now() - 10 * HOUR)
    burning = complain(contract, at=now() - 23 * HOUR)
    return [fresh, overdue, midway, burning]


@pytest.fixture(params=["light", "dark"])
def pages(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, zhou: User
) -> Iterator[BrowserContext]:
    """The browser of a manager who reads Chinese; what it complains about fails the test."""
    context = browser.new_context(
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme=request.param,
        viewport=PHONE,
    )
    complaints: list[str] = []
    context.add_cookies([session_cookie(zhou, live_server.url)])
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert [text for text in complaints if "status of 422" not in text] == []  # a form that came back is no fault


def session_cookie(person: User, address: str) -> Any:
    return {"name": "sessionid", "value": signed_in(person).cookies["sessionid"].value, "url": address}
