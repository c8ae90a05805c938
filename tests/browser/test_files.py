"""A film that goes ahead of its form, over a line that breaks."""

import os
from collections.abc import Iterator

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import User
from encore.contracts.models import Contract
from encore.files import store
from encore.files.models import File
from tests.browser.house import PHONE, session_cookie
from tests.cast import HOUR, complain
from tests.files import made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, zhou: User) -> Iterator[Page]:
    """A browser of which nobody asks that nothing fails."""
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=PHONE)
    context.add_cookies([session_cookie(zhou, live_server.url)])
    yield context.new_page()
    context.close()


def test_a_film_goes_on_after_the_line_was_gone(page: Page, contract: Contract) -> None:
    complaint = complain(contract, at=now() - HOUR)
    film = made.container(b"isom") + os.urandom(3_000_000)
    page.goto(f"/files/of/complaint/{complaint}/")
    lost = iter((False, True, True))

    def line(route: Route) -> None:
        if next(lost, False):
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*/", line)
    chosen = [
        {"name": "录像.mp4", "mimeType": "video/mp4", "buffer": film},
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": made.archive()},
    ]
    page.locator("input[type=file]").set_input_files(chosen)  # type: ignore[arg-type]
    expect(page.locator(".drop-failed")).to_contain_text("ZIP")
    expect(page.locator(".drop-one", has_text="录像.mp4")).to_contain_text("已上传")
    page.get_by_role("button", name="添加").click()
    expect(page.locator(".tile-name")).to_have_text(["录像.mp4"])
    [file] = File.objects.all()
    assert store.place(file.sha256).read_bytes() == film
