"""The charts of the kit: drawn in the page's colours, within the page's content policy, and never without their table."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import User
from tests.browser.house import DESK, PHONE, session_cookie

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BUILT: Final = Path(__file__).resolve().parents[2] / "src/encore/web/static/encore/built/charts.js"
NUMBER_DRAWN: Final = 6


@pytest.fixture(autouse=True)
def built() -> None:
    if not BUILT.exists():
        pytest.skip("the charts are not built; tools/assets.sh builds them")


def opened(pages: BrowserContext, width: Any) -> Page:
    page = pages.new_page()
    page.set_viewport_size(width)
    page.goto("/kit/")
    expect(page.locator(".chart-drawing svg")).to_have_count(NUMBER_DRAWN)
    return page


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_every_chart_is_drawn_named_and_has_its_table(pages: BrowserContext, width: Any) -> None:
    page = opened(pages, width)
    for drawing in page.locator(".chart-drawing").all():
        assert drawing.get_attribute("role") == "img"
        assert "表格" in str(drawing.get_attribute("aria-label"))
        assert drawing.evaluate("one => one.querySelector('svg').getBoundingClientRect().width") <= width["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width["width"]
    page.locator(".chart-numbers summary").first.click()
    expect(page.locator(".chart-numbers").first.get_by_role("row")).to_have_count(6)


def test_a_chart_is_drawn_in_the_colours_of_the_page(pages: BrowserContext) -> None:
    page = opened(pages, DESK)
    ink = "one => getComputedStyle(one).getPropertyValue('--indigo').trim()"
    bars = "document.querySelectorAll('.chart-drawing path[fill=\"var(--indigo)\"]')"
    on_screen = page.evaluate(f"getComputedStyle({bars}[0]).fill")
    page.emulate_media(media="print")
    assert page.evaluate(f"getComputedStyle({bars}[0]).fill") == "rgb(44, 41, 115)", "paper is light"
    page.emulate_media(media="screen")
    is_light = page.locator("html").evaluate(ink) == "#2c2973"
    assert (on_screen == "rgb(44, 41, 115)") is is_light


def test_its_numbers_are_told_at_a_touch(pages: BrowserContext) -> None:
    page = opened(pages, DESK)
    points = page.locator("[data-chart='chart-points']")
    points.scroll_into_view_if_needed()
    box = points.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.22, box["y"] + box["height"] / 2)
    expect(points.locator("svg")).to_contain_text("62%（55%–69%），n = 182")


def test_a_chart_lies_down_where_there_is_little_room_and_stands_up_again(pages: BrowserContext) -> None:
    page = opened(pages, DESK)
    bars = page.locator("[data-chart='chart-bars'] svg")
    for size, width in ((DESK, r"[5-7]\d\d"), (PHONE, r"2\d\d"), (DESK, r"[5-7]\d\d")):
        page.set_viewport_size(size)
        expect(bars).to_have_attribute("width", re.compile(f"^{width}$"))
        words, line = bars.get_by_text("等待过久").bounding_box(), bars.get_by_text("酒水不冰").bounding_box()
        assert words
        assert line
        assert (line["y"] > words["y"] + 5) is (size is PHONE), "names stand below each other where bars lie"


def test_without_scripts_the_numbers_are_there(browser: Browser, live_server: LiveServer, zhou: User) -> None:
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE, java_script_enabled=False)
    context.add_cookies([session_cookie(zhou, live_server.url)])
    page = context.new_page()
    page.goto("/kit/")
    expect(page.locator(".chart-numbers table").first).to_be_visible()
    context.close()
