"""A promoter passes on what a guest told them; whoever handles it goes by the button that stands there, as far as the archive."""

from collections.abc import Iterator

import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from encore.accounts.models import Organisation, Post, User
from encore.complaints.models import Complaint
from tests.browser.house import DESK, PHONE, session_cookie
from tests.cast import DAY, agreed, person
from tests.clauses import content

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAID = "客人说账单多算了一打啤酒。"
DONE = "核对过账单，多收的钱已经退回。"


class Browsers:
    """One for each person, who reads Chinese; what any of them complains about is kept."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.opened: list[BrowserContext] = []
        self.complaints: list[str] = []

    def of(self, somebody: User, viewport: ViewportSize) -> Page:
        context = self.browser.new_context(
            base_url=self.address, locale="zh-CN", timezone_id="Asia/Shanghai", viewport=viewport
        )
        context.add_cookies([session_cookie(somebody, self.address)])
        context.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.opened.append(context)
        return context.new_page()


@pytest.fixture
def browsers(browser: Browser, live_server: LiveServer) -> Iterator[Browsers]:
    found = Browsers(browser, live_server.url)
    yield found
    for context in found.opened:
        context.close()
    assert found.complaints == []


def test_a_promoter_reports_is_answered_and_told_the_result_while_a_handler_goes_on_to_the_archive(
    transactional_db: None, browsers: Browsers, zhou: User, agency: Organisation
) -> None:
    agreed(content("B"), zhou, agency, since=now() - 10 * DAY)
    promoter = browsers.of(person("江月", agency, Post.PROMOTER), PHONE)
    promoter.goto("/my-day/new/")
    promoter.locator("[name=text]").fill(SAID)
    promoter.locator("[name=room]").fill("B08")
    promoter.locator("button[name=act][value=report]").click()
    promoter.wait_for_url("**/received/**")
    complaint = Complaint.objects.get()
    assert (complaint.text, complaint.reported_at is not None) == (SAID, True)
    assert promoter.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    handler = browsers.of(zhou, DESK)
    handler.goto("/complaints/")
    handler.get_by_role("link", name=complaint.reference).first.click()
    taken = [taken_in(handler, complaint) for _ in range(7)]
    complaint.refresh_from_db()
    assert complaint.resolved_at is not None, taken
    promoter.goto("/my-day/")
    expect(promoter.get_by_text(complaint.reference).first).to_be_visible()
    expect(promoter.get_by_text(DONE).first).to_be_visible()

    for act in ("tell-promoter", "send-result", "archive"):
        handler.goto(f"/complaints/{complaint.reference}/?act={act}")
        taken_in(handler, complaint)
    complaint.refresh_from_db()
    assert complaint.archived_at is not None
    assert complaint.promoter_told_at is not None
    assert (complaint.measures, complaint.result, complaint.improvement) == (DONE, DONE, DONE)
    promoter.reload()
    expect(promoter.get_by_text(DONE).nth(1)).to_be_visible()


def taken_in(page: Page, complaint: Complaint) -> str:
    """Fills in what the form asks for that stands open, and presses its button; what the button says."""
    form = page.locator("#next form").first
    for box in form.locator("textarea:visible").all():
        box.fill(DONE)
    for choice in form.locator("select:visible").all():
        if not choice.input_value():
            choice.select_option(index=1)
    button = form.locator("button:not([name])").last
    said = button.inner_text()
    with page.expect_navigation():
        button.click()
    expect(page.locator("h1")).to_contain_text(complaint.reference)
    return said
