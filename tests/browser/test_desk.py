"""The desk by keyboard, and on a phone."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from tests.browser.house import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESSES = (
    "/complaints/",
    "/complaints/board/",
    "/complaints/handover/",
    "/complaints/people/",
    "/complaints/absence/",
    "/complaints/phrases/",
)


def test_rows_are_walked_marked_and_opened_by_keys_alone(
    pages: BrowserContext, contract: Contract, house: list[Complaint]
) -> None:
    page = pages.new_page()
    page.set_viewport_size(DESK)
    page.goto("/complaints/")
    rows = page.locator("tbody tr")
    number = page.locator("[data-marked]")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(number).to_have_text("已选 2 件")
    expect(rows.nth(1).locator("[name=mark]")).to_be_checked()
    page.keyboard.press("x")
    page.keyboard.press("k")
    expect(number).to_have_text("已选 1 件")
    reference = rows.first.locator("a.reference").inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/complaints/{reference}/"))
    page.goto("/complaints/")
    page.keyboard.press("/")
    page.keyboard.type("x温")  # in the search a letter is a letter
    expect(page.locator("[data-search]")).to_have_value("x温")
    expect(page.locator("[name=mark]:checked")).to_have_count(0)


def test_all_of_a_page_are_marked_and_given_to_somebody(
    pages: BrowserContext, contract: Contract, house: list[Complaint]
) -> None:
    page = pages.new_page()
    page.set_viewport_size(DESK)
    page.goto("/complaints/")
    page.locator("[data-mark-all]").check()
    marked = page.locator("[name=mark]:checked").count()
    assert marked == page.locator("[name=mark]").count() > 0
    page.locator("#marked select").select_option(index=1)
    page.get_by_role("button", name="转交").click()
    expect(page).to_have_url(re.compile("/complaints/marked/"))
    expect(page.locator("tbody tr")).to_have_count(marked)
    page.get_by_role("link", name="返回列表").click()
    expect(page).to_have_url(re.compile(r"/complaints/\??$"))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_of_the_desk_sticks_out_and_every_target_can_be_touched(
    pages: BrowserContext, contract: Contract, house: list[Complaint], size: dict[str, int]
) -> None:
    page = pages.new_page()
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for address in ADDRESSES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], address
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, textarea, nav a")]
                .filter(one => one.checkVisibility()).map(one => one.matches("[type=checkbox], [type=radio]") ? one.closest("label") : one)
                .filter(one => one.getBoundingClientRect().height < 43.9).map(one => one.outerHTML)"""
        )
        assert small == [], address
