"""Recording by hand on a phone and at a desk, as far as only a browser shows it."""

import pytest
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from tests.browser.house import DESK, PHONE
from tests.cast import DAY, agreed
from tests.clauses import content

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def contract(transactional_db: None, zhou: User, agency: Organisation) -> Contract:
    return agreed(content("A"), zhou, agency, since=now() - 10 * DAY)


def fits(page: Page) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], page.url
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, summary, nav a, .button, input, select, textarea")]
                .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.9)
                .map(one => one.outerHTML)"""
        )
        assert small == [], page.url


def test_an_event_is_recorded_from_the_board_and_leads_on_to_the_next(
    pages: BrowserContext, contract: Contract
) -> None:
    page = pages.new_page()
    page.goto("/")
    page.locator('a[href$="/record/?duty=survey"]').first.click()
    fits(page)
    page.get_by_label("新事项的名称").fill("三月问卷")
    page.get_by_role("button", name="看看会发生什么").click()
    expect(page.get_by_role("heading", name="登记之后")).to_be_in_viewport()
    expect(page.get_by_text("开始计时。").first).to_be_visible()
    fits(page)
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_role("heading", name="三月问卷")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="登记：送交调查结果").click()
    page.get_by_role("button", name="看看会发生什么").click()
    page.get_by_role("button", name="登记").click()
    expect(page.locator(".timeline li")).to_have_count(2)
    for part in ("matters", "recordable", "happened"):
        page.goto(f"/contracts/{contract}/{part}/")
        fits(page)
