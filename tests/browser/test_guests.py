"""Pages that a link opens, as the browsers of people who are nobody yet meet them."""

from collections.abc import Iterator

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts import links
from encore.accounts.models import User
from encore.contracts.models import Contract
from tests.browser.house import PHONE
from tests.cast import HOUR, complain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Without scripts: what guests do works by forms alone."""
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_language_and_light_are_chosen_on_every_page_that_a_link_opens(
    page: Page, contract: Contract, lin: User
) -> None:
    told = complain(contract, at=now() - HOUR)
    joining = links.make(lin, links.Purpose.JOIN, now())
    for address in (f"/t/{told.token}/", f"/join/{joining}/", f"/r/{contract.code}/", "/sign-in/"):
        page.context.clear_cookies()
        page.goto(address)
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.get_by_role("button", name="dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.url.endswith(address)
