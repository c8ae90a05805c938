"""Signing in as only a browser does it: with a passkey, on a phone, without scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts import links
from encore.accounts.models import User
from encore.contracts.models import Contract
from encore.people import operations
from tests.browser.house import DESK
from tests.browser.test_kit import axe, found_by  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "把酒问青天不知天上宫阙"
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
def manager(transactional_db: None, zhou: User) -> User:
    cache.clear()
    zhou.username, zhou.joined_at = "zhou.min", now()
    zhou.set_password(PASSWORD)
    zhou.save()
    return zhou


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, said: list[str]) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    yield page
    context.close()


def sign_in(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("账号或邮箱").fill("zhou.min")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/")


def with_authenticator(page: Page) -> Any:
    """A device that makes passkeys and says yes to everything, as browsers have it for tests."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_signs_in_by_itself(
    page: Page, manager: User, contract: Contract, said: list[str]
) -> None:
    with_authenticator(page)
    sign_in(page)
    page.goto("/account/passkeys/add/")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="确认").click()
    page.get_by_label("名称").fill("我的手机")
    page.get_by_label("可单独用来登录").check()
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.get_by_role("heading", name="恢复码")).to_be_visible()
    page.goto("/account/passkeys/")
    expect(page.get_by_role("heading", name="我的手机")).to_be_visible()

    page.goto("/account/")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in/")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/")
    expect(page.get_by_role("link", name="周敏")).to_be_visible()
    assert [text for text in said if "goo.gl" not in text and "Clear-Site-Data" not in text] == []


def test_a_passkey_that_is_not_there_is_told_in_words(page: Page, manager: User) -> None:
    with_authenticator(page)
    page.goto("/sign-in/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("alert").filter(has_text="没有用上通行密钥")).to_be_visible()


def test_an_invited_person_joins_on_a_phone_without_scripts(
    browser: Browser, live_server: LiveServer, manager: User, lin: User, contract: Contract
) -> None:
    token = links.make(lin, links.Purpose.JOIN, now())
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/join/{token}/")
    page.get_by_label("登录账号").fill("lin.jing")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_label("再输一次密码").fill(PASSWORD)
    page.get_by_role("button", name="完成").click()
    page.wait_for_url("**/sign-in/")
    page.get_by_label("账号或邮箱").fill("lin.jing")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/")
    context.close()


def test_what_lay_in_forms_is_gone_after_the_sign_out(page: Page, manager: User, contract: Contract) -> None:
    sign_in(page)
    page.evaluate("localStorage.setItem('draft', '写了一半')")
    page.goto("/account/")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in/")
    assert page.evaluate("localStorage.getItem('draft')") is None


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_and_nothing_sticks_out(
    pages: BrowserContext,
    axe: str,  # noqa: F811 - the fixture
    zhou: User,
    lin: User,
    contract: Contract,
    width: ViewportSize,
) -> None:
    operations.appoint(lin, post="finance", by=zhou, at=now())
    join = links.make(lin, links.Purpose.JOIN, now())
    page = pages.new_page()
    page.set_viewport_size(width)
    wrong: dict[str, object] = {}

    def look(what: str) -> None:
        if found := found_by(axe, page):
            wrong[what] = found
        if page.evaluate("document.documentElement.scrollWidth") > width["width"]:
            wrong[f"{what} sticks out"] = True

    for address in (
        "/account/",
        "/account/password/",
        "/account/sessions/",
        "/account/second-step/",
        "/account/passkeys/",
        "/account/confirm/?next=/account/second-step/",
        "/sign-out/",
        "/people/",
        "/people/invite/",
        "/people/list/",
        f"/people/{lin.reference}/",
        f"/people/{lin.reference}/end-post/",
        "/who-sees-what/",
        f"/join/{join}/",
        "/sign-in/ended/",
    ):
        answer = page.goto(address)
        assert answer is not None
        assert page.url.endswith(address), "another page than the one to be looked at"
        look(address)
    page.goto("/people/invite/")
    page.get_by_role("button", name="邀请", exact=True).click()
    look("an invitation that lacks everything")
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("账号或邮箱").fill("nobody")
    page.get_by_label("密码", exact=True).fill("wrong")
    page.get_by_role("button", name="登录", exact=True).click()
    look("a sign-in that failed")
    assert wrong == {}
