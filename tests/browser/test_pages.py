"""What only a browser shows."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from tests.browser.house import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def addresses(contract: Contract, house: list[Complaint]) -> list[str]:
    return [
        "/",
        "/complaints/",
        "/complaints/all/",
        "/kit/",
        *(f"/complaints/{complaint.reference}/" for complaint in house),
        f"/board/{contract}/clocks/?f.state=running",
        "/house/health/",
        f"/r/{contract.code}/",
        f"/t/{house[1].token}/",
    ]


def test_nothing_sticks_out_and_every_target_can_be_touched(
    pages: BrowserContext, contract: Contract, house: list[Complaint]
) -> None:
    page = pages.new_page()
    for width in (PHONE, DESK):
        page.set_viewport_size(width)
        for address in addresses(contract, house):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], address
            small = page.evaluate(
                """() => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, textarea, nav a")]
                    .filter(one => one.checkVisibility()).map(one => one.matches("[type=checkbox], [type=radio]") ? one.closest("label") : one)
                    .filter(one => one.getBoundingClientRect().height < 43.9).map(one => one.outerHTML)"""
            )
            assert small == [], address
            sizes = page.evaluate(
                """() => [...document.querySelectorAll("main *, footer *")].filter(one => one.childNodes.length &&
                    [...one.childNodes].some(part => part.nodeType === 3 && part.data.trim()))
                    .map(one => parseFloat(getComputedStyle(one).fontSize))"""
            )
            assert min(sizes) >= 15, address


def test_the_board_shows_clocks_whose_ring_empties(
    pages: BrowserContext, contract: Contract, house: list[Complaint]
) -> None:
    page = pages.new_page()
    page.goto("/")
    overdue = page.locator(".clock-overdue")
    expect(overdue.locator("strong").first).to_have_text(re.compile("已逾期 6 小时"))
    burning = page.locator(".clock", has_text=house[3].reference)
    expect(burning).to_contain_text(re.compile("还剩 59 分|还剩 1 小时"))
    dashes = burning.locator(".ring-left").get_attribute("stroke-dasharray")
    assert dashes == "4 100"


def test_a_clause_is_one_click_away(pages: BrowserContext, contract: Contract, house: list[Complaint]) -> None:
    page = pages.new_page()
    page.goto("/")
    clause = page.locator(".clock .clause").first
    expect(clause.locator("p")).to_be_hidden()
    clause.locator("summary").click()
    expect(clause.locator("p")).to_be_visible()


def test_the_board_renews_itself(pages: BrowserContext, contract: Contract, house: list[Complaint]) -> None:
    page = pages.new_page()
    page.clock.install()
    page.goto("/")
    expect(page.locator("#running")).to_contain_text(house[0].reference)
    with page.expect_response(re.compile(r"/running/$")) as answered:
        page.clock.run_for(31_000)
    assert answered.value.status == 200
    expect(page.locator("#running")).to_have_count(1)


def test_a_guest_complains_on_a_phone_without_scripts(
    browser: Browser, live_server: LiveServer, contract: Contract
) -> None:
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/r/{contract.code}/")
    page.get_by_label("发生了什么？").fill("促销员说买一打送果盘，结账时说没有。")
    page.get_by_label("包厢号").fill("V3")
    page.get_by_role("button", name="提交").click()
    complaint = Complaint.objects.get()
    expect(page.get_by_role("heading", name=complaint.reference)).to_be_visible()
    expect(page.locator(".clock")).to_contain_text("还剩 23 小时")
    expect(page.locator("blockquote").last).to_have_text(complaint.text)
    context.close()


def test_what_a_form_lacks_stands_beside_its_field(pages: BrowserContext, contract: Contract) -> None:
    page = pages.new_page()
    page.goto(f"/r/{contract.code}/")
    page.get_by_label("包厢号").fill("V3")
    page.get_by_role("button", name="提交").click()
    error = page.locator("#id_text-error")
    expect(error).to_contain_text("请用几句话写下发生了什么。")
    expect(page.get_by_label("发生了什么？")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("包厢号")).to_have_value("V3")


def test_a_complaint_is_worked_through_by_keyboard(
    pages: BrowserContext, contract: Contract, house: list[Complaint]
) -> None:
    page = pages.new_page()
    page.goto(f"/complaints/{house[0].reference}/")
    page.get_by_role("button", name="情况已核实").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="完成分类评估")).to_be_visible()
    page.get_by_label("级别").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="完成分类评估").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="确定方案")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("一级投诉")
    house[0].refresh_from_db()
    assert (house[0].severity, house[0].category) == ("one", "product")


def test_dark_and_light_are_a_choice(pages: BrowserContext, contract: Contract) -> None:
    page = pages.new_page()
    page.goto(f"/r/{contract.code}/")
    for name, theme in (("深色", "dark"), ("浅色", "light")):
        page.get_by_role("button", name=name).click()
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
