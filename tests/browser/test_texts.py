"""The texts of contracts on a phone, at a desk and on paper."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from encore import editions
from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from encore.engine import load_edition
from tests.browser.house import DESK, PHONE
from tests.cast import agreed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BROUGHT = [(load_edition(content, name), content) for name, content in editions.brought()]


@pytest.fixture
def contract(transactional_db: None, zhou: User, agency: Organisation) -> Contract:
    return agreed(BROUGHT[1][1], zhou, agency)


def comparison() -> str:
    return f"/editions/{BROUGHT[0][0].id}/compare/{BROUGHT[1][0].id}/"


def test_nothing_sticks_out_and_every_target_can_be_touched(pages: BrowserContext, contract: Contract) -> None:
    page = pages.new_page()
    for width in (PHONE, DESK):
        page.set_viewport_size(width)
        for address in ("/editions/", f"/contracts/{contract}/text/", comparison()):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], address
            small = page.evaluate(
                """() => [...document.querySelectorAll("button, summary, nav a, .button")]
                    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.9)
                    .map(one => one.outerHTML)"""
            )
            assert small == [], address


def test_two_columns_at_a_desk_stand_one_above_the_other_on_a_phone(pages: BrowserContext, contract: Contract) -> None:
    page = pages.new_page()
    for address, sides in ((f"/contracts/{contract}/text/", ".entry-text"), (comparison(), ".pairing-side")):
        page.goto(address)
        for width, stacked in ((PHONE, True), (DESK, False)):
            page.set_viewport_size(width)
            first, second = (page.locator(sides).nth(place).bounding_box() for place in (0, 1))
            assert first
            assert second
            assert (second["y"] >= first["y"] + first["height"]) is stacked, address


def test_a_clause_is_reached_from_the_contents_and_by_its_number(pages: BrowserContext, contract: Contract) -> None:
    page = pages.new_page()
    page.goto(f"/contracts/{contract}/text/")
    number = BROUGHT[1][0].file.clause[-1].number
    contents = page.locator(".text-contents")
    contents.locator("summary").first.click()
    contents.locator("details details summary").last.click()
    contents.get_by_role("link", name=re.compile(f"^{re.escape(number)} ")).click()
    expect(page.locator(f'[id="{number}"]')).to_be_in_viewport()
    assert page.url.endswith(f"#{number}")


def test_on_paper_there_is_the_text_and_room_to_sign_and_nothing_to_click(
    pages: BrowserContext, contract: Contract
) -> None:
    page = pages.new_page()
    page.goto(f"/contracts/{contract}/text/")
    expect(page.locator(".signatures")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".signatures")).to_be_visible()
    for hidden in (".text-contents", ".text-tools", ".top nav", ".foot"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".entry-clause")).to_have_count(len(BROUGHT[1][0].clauses))
