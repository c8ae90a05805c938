"""What only a browser shows."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import Organisation, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from tests.cast import DAY, EDITION, HOUR, agreed, complain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

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
def pages(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A browser of somebody who reads Chinese; what it complains about fails the test."""
    context = browser.new_context(
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme=request.param,
        viewport=PHONE,
    )
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert [text for text in complaints if "status of 422" not in text] == []  # a form that came back is no fault


def addresses(contract: Contract, house: list[Complaint]) -> list[str]:
    return [
        "/",
        "/complaints/",
        "/complaints/?sort=-received",
        *(f"/complaints/{complaint.reference}/" for complaint in house),
        f"/board/{contract}/clocks/?f.state=running",
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
    page.keyboard.press("Tab")
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
