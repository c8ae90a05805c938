"""What assistive software, a keyboard and a narrow screen find on every page."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from tests.browser.house import DESK, PHONE, session_cookie
from tests.cast import HOUR, complain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE: Final = Path(__file__).resolve().parents[2] / "assets/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("axe-core is not there; tools/assets.sh brings it")
    return AXE.read_text("utf-8")


def found_by(axe: str, page: Page) -> list[tuple[str, list[str]]]:
    """What axe has against a page: each rule, and where it is broken."""
    page.evaluate(axe)  # not as a script of the page, which its content policy would refuse
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    answer: Any = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    return [
        (
            one["id"],
            [f"{node['target'][0]} {node['any'][0]['message'] if node['any'] else ''}" for node in one["nodes"]],
        )
        for one in answer["violations"]
    ]


def addresses(contract: Contract, house: list[Complaint]) -> list[str]:
    return [
        "/kit/",
        "/",
        "/complaints/",
        "/complaints/all/?q=酒&cols=number&cols=room&cols=text",
        "/complaints/?q=没有这样的词&f.due.from=2026-3-5",
        f"/complaints/{house[2].reference}/",
        f"/board/{contract}/clocks/?f.state=running",
        f"/r/{contract.code}/",
        f"/t/{house[1].token}/",
    ]


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing(
    pages: BrowserContext, axe: str, contract: Contract, house: list[Complaint], width: Any
) -> None:
    page = pages.new_page()
    page.set_viewport_size(width)
    found = {}
    for address in addresses(contract, house):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        if against := found_by(axe, page):
            found[address] = against
    assert found == {}


def test_an_open_dialog_has_nothing_against_it_and_keeps_the_focus(pages: BrowserContext, axe: str, zhou: User) -> None:
    page = pages.new_page()
    page.goto("/kit/")
    opener = page.locator("a[href='#sample-confirm']")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#sample-confirm")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("one => one.contains(document.activeElement)")
    assert found_by(axe, page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_nothing_sticks_out_where_everything_is_opened(
    pages: BrowserContext, contract: Contract, house: list[Complaint]
) -> None:
    page = pages.new_page()
    for address in addresses(contract, house):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_every_target_is_reached_by_keyboard_and_is_seen_when_it_is(
    pages: BrowserContext, contract: Contract, house: list[Complaint], width: Any
) -> None:
    page = pages.new_page()
    page.set_viewport_size(width)
    for address in addresses(contract, house):
        page.goto(address)
        wanted = page.evaluate(
            """() => [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")]
                .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
                .filter(one => one.type !== "radio" || one.checked || !document.querySelector(`[name="${one.name}"]:checked`))
                .map((one, place) => one.dataset.place = String(place))"""
        )
        reached, hidden = set(), []
        for _step in range(len(wanted) + 30):
            page.keyboard.press("Tab")
            place, label, is_seen = page.evaluate(
                """() => {
                    const one = document.activeElement, box = one.getBoundingClientRect();
                    const style = getComputedStyle(one);
                    const x = box.left + Math.min(box.width / 2, 20), y = box.top + Math.min(box.height / 2, 20);
                    const top = document.elementFromPoint(x, y);
                    const free = top && (one.contains(top) || top.contains(one) || top.closest("label"));
                    return [one.dataset.place, one.outerHTML.slice(0, 90),
                        one === document.body || (style.outlineStyle !== "none" && box.width > 0 && Boolean(free))];
                }"""
            )
            if place is not None:
                reached.add(place)
                if not is_seen:
                    hidden.append(label)
        radios = page.evaluate("[...document.querySelectorAll('[type=radio]')].map(one => one.dataset.place)")
        missed = set(wanted) - reached - set(radios)
        assert [page.locator(f"[data-place='{place}']").evaluate("one => one.outerHTML") for place in missed] == [], (
            address
        )
        assert hidden == [], address


def test_a_list_is_walked_by_its_keys(pages: BrowserContext, contract: Contract, house: list[Complaint]) -> None:
    page = pages.new_page()
    page.set_viewport_size(DESK)
    page.goto("/complaints/")
    rows = page.locator("tbody tr")
    for _times in range(2):
        page.keyboard.press("j")
    expect(rows.nth(1).locator("a").first).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0).locator("a").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("jk/")
    expect(page.locator("[data-search]")).to_have_value("jk/")
    page.goto("/complaints/")
    reference = rows.nth(0).locator("a").first.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/complaints/{reference}/$"))


def test_the_keys_can_be_switched_off(pages: BrowserContext, contract: Contract, house: list[Complaint]) -> None:
    page = pages.new_page()
    page.goto("/complaints/")
    page.get_by_text("快捷键", exact=True).click()
    page.get_by_label("启用这些快捷键").uncheck()
    page.goto("/complaints/")
    page.keyboard.press("j")
    expect(page.locator("body")).to_be_focused()


def test_a_clock_counts_down_and_turns_overdue(pages: BrowserContext, contract: Contract, tang: User) -> None:
    complaint = complain(contract, at=now() - 23 * HOUR)
    page = pages.new_page()
    page.clock.install()
    page.goto(f"/complaints/{complaint.reference}/")
    clock = page.locator(".clock").first
    expect(clock.locator("strong")).to_have_text(re.compile("^还剩 (59 分|1 小时)$"))
    page.clock.run_for(31 * 60 * 1000)
    expect(clock.locator("strong")).to_have_text(re.compile("^还剩 (28|29) 分$"))
    page.clock.run_for(60 * 60 * 1000)
    expect(clock.locator("strong")).to_have_text(re.compile("^已逾期 (30|31) 分$"))
    expect(clock.locator(".ring-overdue .ring-sign")).to_have_count(1)
    operations.verify(complaint, by=tang, at=now())


def test_lists_and_dialogs_work_without_scripts(
    browser: Browser, live_server: LiveServer, contract: Contract, house: list[Complaint], zhou: User
) -> None:
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE, java_script_enabled=False)
    context.add_cookies([session_cookie(zhou, live_server.url)])
    page = context.new_page()
    page.goto("/complaints/all/")
    page.locator("[data-search]").fill(house[1].reference)
    page.locator(".listing").get_by_role("button", name="搜索").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="恢复显示全部").click()
    page.get_by_text("筛选与排序").click()
    page.get_by_role("search").get_by_label("排序").select_option("received")
    page.locator(".tools-search").get_by_role("button", name="显示").click()
    expect(page.locator("tbody tr a").first).to_have_text(house[1].reference)
    page.goto("/kit/")
    page.locator("a[href='#sample-confirm']").click()
    expect(page.locator("#sample-confirm")).to_be_visible()
    page.locator("#sample-confirm").get_by_role("link", name="不改动").click()
    expect(page.locator("#sample-confirm")).to_be_hidden()
    context.close()
