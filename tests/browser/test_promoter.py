"""A promoter on the floor, in the dark: a guest complains, the page is closed in the middle, nothing is lost."""

from collections.abc import Iterator

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import Organisation, Post, User
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.editions import brought
from encore.ledger.models import Clock
from tests.browser.house import session_cookie
from tests.browser.test_kit import axe, found_by  # noqa: F401 - the fixture
from tests.cast import DAY, agreed, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "说是免费试饮，账单上多了两杯。"


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    return agreed(dict(brought())["ktv_b.toml"], zhou, agency, since=now() - 20 * DAY)


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, contract: Contract, agency: Organisation) -> Iterator[Page]:
    su = person("苏晴", agency, Post.PROMOTER)
    context = browser.new_context(
        base_url=live_server.url, locale="zh-CN", color_scheme="dark", viewport={"width": 360, "height": 780},
        is_mobile=True, has_touch=True,
    )  # fmt: skip
    context.add_cookies([session_cookie(su, live_server.url)])
    yield context.new_page()
    context.close()


def test_what_was_begun_is_there_again_and_reported_within_the_day(phone: Page, axe: str) -> None:  # noqa: F811
    phone.goto("/my-day/")
    phone.get_by_role("link", name="客人投诉").click()
    phone.get_by_label("发生了什么？").fill(WORDS)
    phone.locator("summary", has_text="客人的联系方式").click()
    phone.get_by_label("电话").fill("13800138000")
    phone.wait_for_timeout(1000)  # it is kept a moment after the last key
    assert "13800138000" not in phone.evaluate("JSON.stringify(localStorage)"), (
        "a guest's number is not left on a device"
    )
    phone.goto("/my-day/")
    phone.goto("/my-day/new/")
    expect(phone.get_by_label("发生了什么？")).to_have_value(WORDS)
    assert found_by(axe, phone) == []
    phone.get_by_role("button", name="先记下，稍后上报").click()
    expect(phone.get_by_role("heading", name="已登记")).to_be_visible()
    assert phone.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft:')).length") == 0
    assert found_by(axe, phone) == []
    complaint = Complaint.objects.get()
    assert Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="report").state == "open"
    phone.goto("/my-day/")
    expect(phone.get_by_text("还剩 23 小时 59 分")).to_be_visible()
    assert found_by(axe, phone) == []
    phone.get_by_role("button", name="立即上报").click()
    expect(phone.get_by_text("现在没有要办的事。")).to_be_visible()
    assert Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="report").state == "fulfilled"


def test_what_is_tapped_on_the_floor_is_large_enough_for_a_thumb(phone: Page, axe: str) -> None:  # noqa: F811
    phone.goto("/complaints/on-the-spot/")
    assert found_by(axe, phone) == []
    heights = phone.locator(".floor .field-set:visible label, .floor button.button").evaluate_all(
        "all => all.filter(one => one.offsetParent).map(one => one.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 44
    phone.get_by_text("促销活动", exact=True).click()
    phone.get_by_label("发生了什么？").fill("少给了一瓶")
    phone.get_by_label("为客人做了什么？").fill("补了一瓶")
    phone.get_by_text("满意", exact=True).click()
    phone.get_by_label("投诉的不是我本人。").check()
    phone.get_by_role("button", name="登记为已解决").click()
    expect(phone.get_by_role("heading", name="已登记")).to_be_visible()
    assert Complaint.objects.get().answer == "confirmed"
