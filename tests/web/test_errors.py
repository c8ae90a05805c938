import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from encore.config import urls as house
from encore.config.log import Lines
from encore.ledger.refusal import Refusal
from encore.web import errors

urlpatterns: list[Any] = [*house.urlpatterns]
handler400, handler403, handler404, handler500 = house.handler400, house.handler403, house.handler404, house.handler500


def at(address: str) -> Callable[[Callable[..., HttpResponse]], None]:
    return lambda view: urlpatterns.append(path(address, view))


@at("breaks/<str:token>/")
def breaks(request: HttpRequest, token: str) -> HttpResponse:
    raise RuntimeError("the first line\nand 客人的原话 in the second")


@at("busy/")
def busy(request: HttpRequest) -> HttpResponse:
    raise OperationalError("database is locked")


@at("refuses/")
def refuses(request: HttpRequest) -> HttpResponse:
    raise Refusal("It has been done already.")


pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False, headers={"accept-language": "en"})


@pytest.mark.parametrize("status", errors.TEXTS)
def test_every_error_has_a_page_without_database_and_script(status: int) -> None:
    request = RequestFactory().get("/")
    request.incident = "0123456789ab"  # type: ignore[attr-defined]
    answer = errors.page(request, status)
    text = answer.content.decode()
    assert answer.status_code == status
    assert "0123456789ab" in text
    assert "<h1>" in text
    assert "<script" not in text


def test_what_breaks_is_told_with_a_number_that_the_log_knows(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="encore.request"):
        answer = client.get("/breaks/secret-token/")
    assert answer.status_code == 500
    lines = [json.loads(Lines().format(record)) for record in caplog.records if record.name == "encore.request"]
    incident = answer["X-Request-Id"]
    assert incident in answer.content.decode()
    fault, answered = lines
    assert fault["request"] == answered["request"] == incident
    assert fault["exception"]["said"] == "the first line"
    assert (answered["route"], answered["status"]) == ("/breaks/<str:token>/", 500)
    assert "secret-token" not in json.dumps(lines)
    assert "客人" not in json.dumps(lines, ensure_ascii=False)


def test_a_busy_database_keeps_what_was_typed(client: Client) -> None:
    answer = client.post("/busy/", {"text": "酒是温的\n叫了三次", "room": "B08"})
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert '<input type="hidden" name="room" value="B08">' in page
    assert "酒是温的\n叫了三次" in page


def test_a_refusal_that_no_page_took_is_409_with_its_own_sentence(client: Client) -> None:
    answer = client.get("/refuses/")
    assert answer.status_code == 409
    assert "It has been done already." in answer.content.decode()


def test_a_form_that_has_expired_is_kept_also_where_something_else_speaks_https(settings: LazySettings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://complaints.example"]
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    for origin, is_kept in (("https://complaints.example", True), ("https://evil.example", False)):
        page = strict.post("/busy/", {"text": "别丢了我写的字"}, headers={"origin": origin}).content.decode()
        assert "This form has expired" in page
        assert ("别丢了我写的字" in page) is is_kept


def test_an_unknown_address_is_404_in_the_readers_language(client: Client) -> None:
    assert "There is nothing here" in client.get("/nowhere/").content.decode()
    assert "这里什么也没有" in client.get("/nowhere/", headers={"accept-language": "zh-CN"}).content.decode()
    assert "這裡什麼也沒有" in client.get("/nowhere/", headers={"accept-language": "zh-TW"}).content.decode()


def test_a_strange_host_is_refused(client: Client) -> None:
    assert client.get("/nowhere/", headers={"host": "evil.example"}).status_code == 400


def test_every_page_forbids_what_comes_from_elsewhere(client: Client) -> None:
    policy = client.get("/nowhere/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
