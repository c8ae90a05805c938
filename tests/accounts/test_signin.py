import re
import time
from datetime import timedelta
from pathlib import Path

import allauth
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import LazySettings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from encore.accounts import links
from encore.accounts import urls as account_urls
from encore.accounts.models import AccessLog, User
from tests.cast import signed_in

PASSWORD = "把酒问青天不知天上宫阙"


@pytest.fixture(autouse=True)
def _no_tries_yet(db: None, settings: LazySettings) -> None:
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # what it costs is not tested here


@pytest.fixture
def manager(zhou: User) -> User:
    zhou.username, zhou.email, zhou.joined_at = "zhou.min", "zhou@house.example", now()
    zhou.set_password(PASSWORD)
    zhou.save()
    return zhou


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en", "user-agent": "A browser"})


def sign_in(visitor: Client, login: str = "zhou.min", password: str = PASSWORD, **more: str) -> tuple[int, str]:
    answer = visitor.post("/sign-in/", {"login": login, "password": password, **more})
    return answer.status_code, answer.get("Location", "") or answer.content.decode()


def is_signed_in(visitor: Client) -> bool:
    return visitor.get("/account/").status_code == 200


@pytest.mark.parametrize("login", ["zhou.min", "Zhou.Min", "zhou@house.example", "ZHOU@house.example", " zhou.min "])
def test_name_or_email_and_password_sign_in(visitor: Client, manager: User, login: str) -> None:
    assert sign_in(visitor, login) == (302, "/")
    assert is_signed_in(visitor)
    assert visitor.session.get_expire_at_browser_close()


def test_signing_in_asks_the_database_for_what_it_needs(
    visitor: Client, manager: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sign_in(visitor)
    other = Client(headers={"accept-language": "en"})
    with django_assert_max_num_queries(60):  # five counts of tries, each locked, read, written and let go
        assert sign_in(other) == (302, "/")


def test_staying_signed_in_is_a_choice(visitor: Client, manager: User) -> None:
    sign_in(visitor, remember="on")
    assert not visitor.session.get_expire_at_browser_close()


def test_one_goes_on_to_the_page_that_one_asked_for(visitor: Client, manager: User) -> None:
    assert sign_in(visitor, next="/people/") == (302, "/people/")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(visitor: Client, manager: User, elsewhere: str) -> None:
    assert sign_in(visitor, next=elsewhere) == (302, "/")


def test_a_wrong_password_and_a_wrong_name_are_told_the_same(visitor: Client, manager: User) -> None:
    said = "Name and password do not belong together."
    assert said in sign_in(visitor, password="wrong")[1]
    assert said in sign_in(visitor, "nobody")[1]
    assert said in sign_in(visitor, "nobody@house.example")[1]


def test_after_five_wrong_tries_even_the_right_password_waits(visitor: Client, manager: User) -> None:
    for _ in range(5):
        sign_in(visitor, password="wrong")
    elsewhere = Client(REMOTE_ADDR="203.0.113.9", headers={"accept-language": "en"})
    assert "Too many tries" in sign_in(elsewhere)[1]
    assert not is_signed_in(elsewhere)


def test_a_lock_is_of_one_name_only(visitor: Client, manager: User, lin: User) -> None:
    lin.set_password(PASSWORD)
    lin.save()
    for _ in range(5):
        sign_in(visitor, password="wrong")
    assert sign_in(visitor, lin.username) == (302, "/")


def test_one_address_cannot_try_name_after_name(visitor: Client, manager: User) -> None:
    for number in range(20):
        sign_in(visitor, f"nobody{number}")
    assert "Too many tries" in sign_in(visitor)[1]


def test_who_comes_through_the_houses_proxy_counts_by_their_own_address(
    visitor: Client, manager: User, settings: LazySettings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(20):
        visitor.post(
            "/sign-in/",
            {"login": f"nobody{number}", "password": "x"},
            headers={"x-forwarded-for": "198.51.100.1, 203.0.113.1"},
        )
    other = {"x-forwarded-for": "198.51.100.1, 203.0.113.2"}
    answer = visitor.post("/sign-in/", {"login": "zhou.min", "password": PASSWORD}, headers=other)
    assert answer.status_code == 302


def test_who_has_no_post_any_more_is_told_so_and_stays_out(visitor: Client, manager: User) -> None:
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert sign_in(visitor) == (302, "/sign-in/ended/")
    assert "Your post has ended" in visitor.get("/sign-in/ended/").content.decode()
    assert not is_signed_in(visitor)


def test_signing_out_clears_what_forms_have_kept(visitor: Client, manager: User) -> None:
    sign_in(visitor)
    answer = visitor.post("/sign-out/")
    assert answer["Clear-Site-Data"] == '"storage"'
    assert not is_signed_in(visitor)


def test_looking_at_the_sign_out_page_signs_nobody_out(visitor: Client, manager: User) -> None:
    sign_in(visitor)
    assert visitor.get("/sign-out/").status_code == 200
    assert is_signed_in(visitor)


@pytest.mark.parametrize("address", ["/signup/", "/accounts/signup/", "/sign-up/", "/password/reset/", "/email/"])
def test_nobody_signs_up(visitor: Client, manager: User, address: str) -> None:
    assert visitor.get(address).status_code == 404


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_sessions_are_listed_and_each_can_be_ended(visitor: Client, manager: User) -> None:
    here, there, third = visitor, Client(headers={"user-agent": "A telephone"}), Client()
    for one in (here, there, third):
        sign_in(one)
    page = here.get("/account/sessions/").content.decode()
    assert "A telephone" in page
    assert page.count('name="session"') == 2
    number = re.search(r'A telephone.*?name="session" value="(\d+)"', page, re.DOTALL)
    assert number
    here.post("/account/sessions/", {"session": number[1]})
    assert [is_signed_in(one) for one in (here, there, third)] == [True, False, True]
    here.post("/account/sessions/")
    assert [is_signed_in(one) for one in (here, there, third)] == [True, False, False]


def test_nobody_ends_the_session_of_another(visitor: Client, manager: User, lin: User) -> None:
    lin.set_password(PASSWORD)
    lin.save()
    other = Client()
    sign_in(other, lin.username)
    sign_in(visitor)
    for number in range(1, 10):
        visitor.post("/account/sessions/", {"session": str(number)})
    visitor.post("/account/sessions/", {"session": "x"})
    assert is_signed_in(other)
    assert is_signed_in(visitor)


def test_a_new_password_ends_all_other_sessions(visitor: Client, manager: User) -> None:
    other, new = Client(), "人有悲欢离合月有阴晴圆缺"
    sign_in(other)
    sign_in(visitor)
    answer = visitor.post(
        "/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new}, follow=True
    )
    assert "Your password is changed." in answer.content.decode()
    assert is_signed_in(visitor)
    assert not is_signed_in(other)


@pytest.mark.parametrize("weak", ["short", "1234567890", "password123", "zhou.min12"])
def test_a_weak_password_is_refused(visitor: Client, manager: User, weak: str) -> None:
    sign_in(visitor)
    visitor.post("/account/password/", {"oldpassword": PASSWORD, "password1": weak, "password2": weak})
    manager.refresh_from_db()
    assert manager.check_password(PASSWORD)


# --- the way in by a link ---------------------------------------------------------------------------------------------


def test_a_link_lets_in_once(visitor: Client, manager: User) -> None:
    token = links.make(manager, links.Purpose.ENTER, now())
    assert visitor.head(f"/enter/{token}/").status_code == 404
    assert visitor.get(f"/enter/{token}/")["Location"] == "/"
    assert is_signed_in(visitor)
    assert Client().get(f"/enter/{token}/").status_code == 404


def test_a_link_is_good_for_half_an_hour_and_until_the_next_is_made(manager: User) -> None:
    late = links.make(manager, links.Purpose.ENTER, now() - timedelta(minutes=31))
    first = links.make(manager, links.Purpose.ENTER, now() - timedelta(minutes=1))
    links.make(manager, links.Purpose.ENTER, now())
    for token in (late, first, "0" * 22):
        assert Client().get(f"/enter/{token}/").status_code == 404


def test_a_link_for_joining_is_no_way_in(manager: User) -> None:
    token = links.make(manager, links.Purpose.JOIN, now())
    assert Client().get(f"/enter/{token}/").status_code == 404


def test_the_token_of_a_link_is_not_kept(manager: User) -> None:
    token = links.make(manager, links.Purpose.ENTER, now())
    assert token not in str(list(manager.links.values()))


# --- the second step --------------------------------------------------------------------------------------------------


def code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


@pytest.fixture
def secret(visitor: Client, manager: User) -> str:
    """The key of the app that the manager has set up."""
    sign_in(visitor)
    confirm = {"password": PASSWORD}
    visitor.post("/account/confirm/?next=/account/second-step/app/", confirm)
    page = visitor.get("/account/second-step/app/").content.decode()
    found = re.search(r'<code class="key">([A-Z2-7]+)</code>', page)
    assert found
    answer = visitor.post("/account/second-step/app/", {"code": code(found[1])}, follow=True)
    assert "Each code works once" in answer.content.decode()
    return found[1]


def test_with_an_app_the_password_alone_lets_nobody_in(
    manager: User, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Client(headers={"accept-language": "en"})
    assert sign_in(elsewhere) == (302, "/sign-in/second-step/")
    assert not is_signed_in(elsewhere)
    assert "six digits" in elsewhere.get("/sign-in/second-step/").content.decode()
    assert "not right" in elsewhere.post("/sign-in/second-step/", {"code": "000000"}).content.decode()
    later = time.time() + 60
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: later)  # the app shows its next code
    assert elsewhere.post("/sign-in/second-step/", {"code": code(secret)})["Location"] == "/"
    assert is_signed_in(elsewhere)


def test_a_link_does_not_go_past_the_second_step(manager: User, secret: str) -> None:
    elsewhere = Client()
    token = links.make(manager, links.Purpose.ENTER, now())
    assert elsewhere.get(f"/enter/{token}/")["Location"] == "/sign-in/second-step/"
    assert not is_signed_in(elsewhere)


def test_the_keys_of_apps_and_codes_lie_encrypted(manager: User, secret: str) -> None:
    kept = {one.type: str(one.data) for one in Authenticator.objects.filter(user=manager)}
    assert kept.keys() == {"totp", "recovery_codes"}
    assert secret not in kept["totp"]
    assert Authenticator.objects.get(user=manager, type="totp").wrap().validate_code(secret) is False
    assert "gAAAA" in kept["totp"]
    assert "gAAAA" in kept["recovery_codes"]


def test_recovery_codes_are_shown_once_and_each_works_once(visitor: Client, manager: User, secret: str) -> None:
    visitor.post("/account/second-step/codes/new/")
    page = visitor.get("/account/second-step/codes/").content.decode()
    codes = re.findall(r"<li><code>(\d{8})</code></li>", page)
    assert len(codes) == 10
    assert codes[0] not in visitor.get("/account/second-step/codes/").content.decode()
    for expected in (True, False):
        elsewhere = Client()
        sign_in(elsewhere)
        elsewhere.post("/sign-in/second-step/", {"code": codes[0]})
        assert is_signed_in(elsewhere) is expected


def test_changing_how_one_signs_in_asks_for_the_password_again(visitor: Client, manager: User) -> None:
    token = links.make(manager, links.Purpose.ENTER, now())
    visitor.get(f"/enter/{token}/")
    for address in ("/account/second-step/app/", "/account/passkeys/add/"):
        assert visitor.get(address)["Location"].startswith("/account/confirm/")
    answer = visitor.post("/account/confirm/?next=/account/second-step/app/", {"password": PASSWORD})
    assert answer["Location"] == "/account/second-step/app/"
    assert visitor.get("/account/second-step/app/").status_code == 200


# --- the access log ---------------------------------------------------------------------------------------------------


def test_who_came_and_who_was_turned_away_is_kept(visitor: Client, manager: User) -> None:
    sign_in(visitor, password="wrong")
    sign_in(visitor, "not-a-person@house.example")
    sign_in(visitor)
    visitor.post("/sign-out/")
    kept = list(AccessLog.objects.order_by("pk").values_list("act", "user"))
    assert kept == [
        ("turned_away", manager.pk),
        ("turned_away", None),
        ("signed_in", manager.pk),
        ("signed_out", manager.pk),
    ]
    assert "not-a-person" not in str(list(AccessLog.objects.values()))


@pytest.mark.parametrize("change", ["UPDATE accounts_accesslog SET act = 'x'", "DELETE FROM accounts_accesslog"])
def test_the_access_log_cannot_be_changed(visitor: Client, manager: User, change: str) -> None:
    sign_in(visitor)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert AccessLog.objects.filter(act="signed_in").count() == 1


# --- the pages --------------------------------------------------------------------------------------------------------


def test_every_page_of_allauth_that_can_be_reached_is_ours() -> None:
    """Their names are found in the views; none may fall back on a template of the package."""
    ours = Path(account_urls.__file__).parent / "templates"
    package = Path(allauth.__file__).parent / "templates"
    reached = set()
    for entry in account_urls.urlpatterns:
        assert isinstance(entry, URLPattern)
        view = getattr(entry.callback, "view_class", None)
        if name := getattr(view, "template_name", None):
            reached.add(name)
    assert len(reached) >= 13
    for name in reached:
        assert (package / name).exists(), name
        assert (ours / name).exists(), name


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_the_pages_speak_the_readers_language(manager: User, language: str) -> None:
    client = signed_in(manager, language)
    texts = {"zh-CN": "登录", "zh-TW": "登入", "en": "Sign in"}
    assert texts[language] in Client(headers={"accept-language": language}).get("/sign-in/").content.decode()
    for entry in account_urls.urlpatterns:
        assert isinstance(entry, URLPattern)
        if entry.pattern.converters or entry.name in ("mfa_authenticate", "mfa_login_webauthn"):
            continue
        page = client.get(f"/{entry.pattern}").content.decode()
        if language != "en":
            assert re.findall(r">\s*[A-Z][a-z]+ [a-z]+[^<]*<", page) == [], entry.name


def test_the_resolver_knows_no_other_page_of_allauth() -> None:
    names = {str(name) for name in get_resolver("encore.config.urls").reverse_dict if isinstance(name, str)}
    theirs = {name for name in names if name.startswith(("account_", "mfa_", "socialaccount_", "usersessions_"))}
    assert theirs <= {str(entry.name) for entry in account_urls.urlpatterns}
