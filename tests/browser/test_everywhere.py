"""Every page that can be reached by following links from the board, looked at once for each kind of page."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, Error, Page
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import Post, Role, User
from encore.cli.main import main
from tests.browser.house import DESK, PHONE, session_cookie
from tests.browser.test_kit import axe, found_by  # noqa: F401 - the fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What is no page of ours to look at: a file, or the way out.
NO_PAGE: Final = re.compile(r"/(sign-out|static|media)/|[?&]as=|\.(pdf|xlsx|docx|json|csv|zip|txt|toml)\b|/files/")
OPEN: Final = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture
def manager(transactional_db: None) -> User:
    """Of the demonstration: it has something of everything."""
    done = CliRunner().invoke(main, ["demo", "--complaints", "12"])
    assert done.exit_code == 0, done.output
    return User.objects.filter(post=Post.MANAGER, organisation__role=Role.VENUE).earliest("pk")


def kind_of(address: str) -> str | None:
    """Pages of one kind have one route."""
    try:
        return resolve(urlsplit(address).path).route
    except Resolver404:
        return None


def links(page: Page) -> list[str]:
    found: Any = page.evaluate(
        """() => [...document.querySelectorAll("a[href]:not([download])")].map(one => one.href)
            .filter(one => new URL(one).origin === location.origin)"""
    )
    return [one.partition("#")[0] for one in found]


def against(page: Page, axe: str) -> list[object]:  # noqa: F811 - the fixture
    page.evaluate(OPEN)
    wrong: list[object] = list(found_by(axe, page))
    if urlsplit(page.url).path == "/kit/":  # whatever pages are made of stands there, in every state
        wrong += in_the_dark(page)
    page.set_viewport_size(PHONE)
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > PHONE["width"]:
        wrong.append(f"sticks out: {wide} px")
    page.set_viewport_size(DESK)
    return wrong


def in_the_dark(page: Page) -> list[object]:
    page.emulate_media(color_scheme="dark")
    rules = "{type: 'rule', values: ['color-contrast']}"
    dark: Any = page.evaluate(f"axe.run(document, {{runOnly: {rules}, resultTypes: ['violations']}})")
    page.emulate_media(color_scheme="light")
    return [
        ("in the dark", node["target"], node["any"][0]["message"])
        for one in dark["violations"]
        for node in one["nodes"]
    ]


def test_nothing_is_wrong_with_any_page_that_links_lead_to(
    browser: Browser,
    live_server: LiveServer,
    manager: User,
    axe: str,  # noqa: F811 - the fixture
) -> None:
    context: BrowserContext = browser.new_context(
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport=DESK,
        reduced_motion="reduce",  # or colours would be looked at on their way
    )
    context.add_cookies([session_cookie(manager, live_server.url)])
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    waiting, seen, wrong = [f"{live_server.url}/", f"{live_server.url}/kit/"], set[str](), dict[str, object]()
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind is None or kind in seen or NO_PAGE.search(address):
            continue
        seen.add(kind)
        try:
            answer = page.goto(address)
        except Error as error:
            if "Download is starting" in str(error):
                continue
            raise
        assert answer is not None
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        path = urlsplit(address).path
        if answer.status != 200:
            wrong[path] = answer.status
        elif found := [*against(page, axe), *faults]:
            wrong[path] = found
        faults.clear()
        waiting += links(page)
    context.close()
    assert wrong == {}
    assert {"complaints/", "people/", "kit/"} <= seen
