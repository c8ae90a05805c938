"""A guest with a telephone: from the card in the room to the stars, with the line gone in the middle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import User
from encore.complaints import operations
from encore.complaints.models import Complaint, Statement
from encore.contracts.models import Contract
from encore.venues.models import Room
from encore.venues.operations import House, NewRoom, add_rooms, open_venue
from tests.browser.test_kit import axe, found_by  # noqa: F401 - the fixture
from tests.cast import DAY, complain
from tests.files import made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "酒是温的，叫了三次没人来。"


@pytest.fixture
def telephone(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """An iPhone that reads Chinese; what it complains about fails the test, but for a line that is gone."""
    context = browser.new_context(
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": 390, "height": 844},
        device_scale_factor=3,
        is_mobile=True,
        has_touch=True,
    )
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    expected = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "status of 422")
    assert [text for text in complaints if not any(one in text for one in expected)] == []


@pytest.fixture
def room(contract: Contract, zhou: User) -> Room:
    at = now() - DAY
    venue = open_venue(House("星河里", "星河路 18 号"), by=zhou, at=at)
    [added] = add_rooms(venue, [NewRoom("A01", "小红帽厅")], by=zhou, at=at)
    return added


def opened(context: BrowserContext, room: Room) -> Page:
    page = context.new_page()
    page.goto(f"/r/{room.token}/")
    return page


def on_the_page_of_the_complaint(page: Page) -> Complaint:
    page.wait_for_url("**/t/*/")
    complaint = Complaint.objects.get()
    expect(page.get_by_role("heading", name=complaint.reference)).to_be_visible()
    return complaint


def with_result(complaint: Complaint, by: User) -> None:
    """As the house goes on with it meanwhile."""
    at = complaint.received_at
    for name, more in (
        ("verify", {}),
        ("assess", {"severity": "one", "category": "product"}),
        ("plan", {"plan": "退款并致歉"}),
        ("start", {}),
        ("resolve", {"grounds": "看过账单"}),
        ("send_result", {"measures": "核对了账单", "result": "多收的钱已退回", "improvement": "结账两人核对"}),
    ):
        at += timedelta(microseconds=1)
        complaint = getattr(operations, name)(complaint, **more, by=by, at=at)


def test_a_guest_goes_from_the_card_to_the_stars_though_the_line_is_gone(
    telephone: BrowserContext, room: Room, zhou: User
) -> None:
    page = opened(telephone, room)
    page.get_by_label("发生了什么").fill(WORDS)
    page.get_by_text("退钱").tap()
    page.locator("input[type=file]").set_input_files(
        {"name": "桌子.jpg", "mimeType": "image/jpeg", "buffer": made.photo()}
    )
    expect(page.locator(".drop-one")).to_contain_text("已上传")

    telephone.set_offline(True)
    page.get_by_role("button", name="提交", exact=True).tap()
    expect(page.locator("[data-told]")).to_contain_text("一有信号就自动发送")
    assert not Complaint.objects.exists()
    telephone.set_offline(False)

    complaint = on_the_page_of_the_complaint(page)
    assert (complaint.text, complaint.wish, complaint.place) == (WORDS, "退钱", room)
    expect(page.locator(".clock").first).to_contain_text("还剩 23 小时")
    expect(page.get_by_alt_text("桌子.jpg")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('guest:'))") == []

    page.get_by_text("补充说明或照片").tap()
    page.get_by_label("要补充什么").fill("还有，果盘也没上。")
    page.locator("form[data-guest=add]").get_by_role("button", name="提交", exact=True).tap()
    expect(page.get_by_text("还有，果盘也没上。")).to_be_visible()

    with_result(complaint, zhou)
    page.reload()
    expect(page.get_by_text("多收的钱已退回")).to_be_visible()
    page.get_by_role("button", name="我认可", exact=True).tap()
    expect(page.get_by_text("您已认可处理结果。")).to_be_visible()
    page.locator(".stars label").nth(3).tap()
    page.get_by_label("想说点什么").fill("态度不错")
    page.get_by_role("button", name="提交评价").tap()
    expect(page.get_by_text("4 星（满分 5 星）")).to_be_visible()
    complaint.refresh_from_db()
    assert (complaint.answer, complaint.rating, complaint.rating_words) == ("confirmed", 4, "态度不错")


def test_what_arrived_though_its_answer_was_lost_is_one_complaint(telephone: BrowserContext, room: Room) -> None:
    page = opened(telephone, room)
    page.get_by_label("发生了什么").fill(WORDS)
    lost = iter([True])

    def line(route: Route) -> None:
        if route.request.method == "POST" and next(lost, False):
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route("**/r/*/", line)
    page.get_by_role("button", name="提交", exact=True).tap()
    on_the_page_of_the_complaint(page)
    assert Complaint.objects.count() == 1


def test_what_was_written_is_there_again_when_the_page_is_opened_again(telephone: BrowserContext, room: Room) -> None:
    page = opened(telephone, room)
    page.get_by_label("发生了什么").fill(WORDS)
    page.get_by_text("道歉").tap()
    page.wait_for_timeout(1_000)  # it is kept a moment after the last tap
    page.close()
    page = opened(telephone, room)
    expect(page.get_by_label("发生了什么")).to_have_value(WORDS)
    expect(page.get_by_label("道歉")).to_be_checked()
    expect(page.locator("[data-told]")).to_contain_text("还没有发送")
    page.evaluate(
        """() => { for (const key of Object.keys(localStorage)) {
            const draft = JSON.parse(localStorage.getItem(key)); draft.at -= 25 * 3600 * 1000;
            localStorage.setItem(key, JSON.stringify(draft)); } }"""
    )
    page.goto("about:blank")
    page.goto(f"/r/{room.token}/")
    expect(page.get_by_label("发生了什么")).to_have_value("")


def test_what_waits_for_a_line_is_sent_by_the_page_that_is_opened_next(telephone: BrowserContext, room: Room) -> None:
    page = opened(telephone, room)
    page.get_by_label("发生了什么").fill(WORDS)
    telephone.set_offline(True)
    page.get_by_role("button", name="提交", exact=True).tap()
    expect(page.locator("[data-told]")).to_contain_text("一有信号就自动发送")
    page.close()
    telephone.set_offline(False)
    assert not Complaint.objects.exists()
    assert on_the_page_of_the_complaint(opened(telephone, room)).text == WORDS


def test_what_waits_for_a_line_can_be_changed(telephone: BrowserContext, room: Room) -> None:
    page = opened(telephone, room)
    page.get_by_label("发生了什么").fill("酒是温的。")
    telephone.set_offline(True)
    page.get_by_role("button", name="提交", exact=True).tap()
    page.get_by_role("button", name="修改").tap()
    page.get_by_label("发生了什么").fill(WORDS)
    telephone.set_offline(False)
    assert not Complaint.objects.exists()
    page.get_by_role("button", name="提交", exact=True).tap()
    assert on_the_page_of_the_complaint(page).text == WORDS


def test_an_answer_without_a_line_is_given_when_there_is_one(
    telephone: BrowserContext, contract: Contract, zhou: User
) -> None:
    complaint = complain(contract, at=now() - DAY)
    with_result(complaint, zhou)
    page = telephone.new_page()
    page.goto(f"/t/{complaint.token}/")
    telephone.set_offline(True)
    page.get_by_role("button", name="我认可", exact=True).tap()
    expect(page.locator("form[data-guest=confirm] [data-told]")).to_contain_text("一有信号就自动发送")
    telephone.set_offline(False)
    expect(page.get_by_text("您已认可处理结果。")).to_be_visible()
    complaint.refresh_from_db()
    assert complaint.answer == "confirmed"


def test_a_form_that_lacks_something_comes_back_in_its_place(telephone: BrowserContext, room: Room) -> None:
    page = opened(telephone, room)
    page.get_by_label("其他").fill("果盘")
    page.get_by_role("button", name="提交", exact=True).tap()
    expect(page.locator(".error").first).to_contain_text("请用几句话写下发生了什么")
    expect(page.get_by_label("其他")).to_have_value("果盘")
    page.get_by_label("发生了什么").fill(WORDS)
    page.get_by_role("button", name="提交", exact=True).tap()
    assert on_the_page_of_the_complaint(page).wish == "果盘"


def test_everything_works_without_scripts(browser: Browser, live_server: LiveServer, room: Room) -> None:
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", java_script_enabled=False)
    page = opened(context, room)
    page.get_by_label("发生了什么").fill(WORDS)
    page.get_by_text("照片、录音或视频").first.click()
    page.locator("input[type=file]").set_input_files(
        {"name": "桌子.jpg", "mimeType": "image/jpeg", "buffer": made.photo()}
    )
    page.get_by_role("button", name="提交", exact=True).click()
    on_the_page_of_the_complaint(page)
    expect(page.get_by_alt_text("桌子.jpg")).to_be_visible()
    page.get_by_text("补充说明或照片").click()
    page.get_by_label("要补充什么").fill("果盘也没上。")
    page.locator("form[data-guest=add]").get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("果盘也没上。")).to_be_visible()
    assert Statement.objects.get().by is None
    context.close()


def test_nothing_stands_in_the_way_of_those_who_see_or_hear_little(
    telephone: BrowserContext,
    room: Room,
    zhou: User,
    axe: str,  # noqa: F811 - the fixture
) -> None:
    page = opened(telephone, room)
    page.get_by_role("button", name="提交", exact=True).tap()
    expect(page.locator(".error").first).to_be_visible()
    found = looked_at(page, axe)
    page.get_by_label("发生了什么").fill(WORDS)
    page.get_by_role("button", name="提交", exact=True).tap()
    complaint = on_the_page_of_the_complaint(page)
    found += looked_at(page, axe)
    with_result(complaint, zhou)
    page.goto(f"/t/{complaint.token}/")
    found += looked_at(page, axe)
    assert found == []


def looked_at(page: Page, axe: str) -> list[object]:  # noqa: F811 - the fixture
    """By axe with everything unfolded, in the light and in the dark, and whether anything sticks out of a narrow screen."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found: list[object] = []
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        found += found_by(axe, page)
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return found + ([page.url] if width[0] > width[1] else [])
