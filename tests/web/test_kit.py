import re
from pathlib import Path
from typing import Final

import pytest
from django.test import Client
from jinja2 import nodes
from jinja2.environment import Environment

from encore.accounts.models import Organisation, Post, User
from encore.web import navigation
from tests.cast import person, signed_in

TEMPLATES: Final = Path(navigation.__file__).parent / "templates/web"


def macros() -> list[str]:
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse((TEMPLATES / "kit.html").read_text("utf-8"))
    return [macro.name for macro in tree.find_all(nodes.Macro)]


def called(template: str) -> set[str]:
    text = (TEMPLATES / template).read_text("utf-8")
    return (
        set(re.findall(r"\b(?:kit\.)?([a-z_]+)\(", text))
        if template == "kit.html"
        else set(re.findall(r"\bkit\.([a-z_]+)\(", text))
    )


def test_every_component_stands_on_the_kit_page() -> None:
    page, frame = called("kit_page.html"), called("base.html") | called("staff.html")
    parts = called("kit.html")  # a part of another component is shown by that one
    assert [name for name in macros() if name not in page | frame | parts] == []
    assert {"clock", "listing", "field", "confirm", "dialog", "timeline", "progress", "tabs", "breadcrumbs"} <= page


def test_the_kit_page_shows_every_state(zhou: User) -> None:
    page = signed_in(zhou).get("/kit/").content.decode()
    for tone in ("calm", "soon", "overdue", "paused", "kept", "missed", "quiet"):
        assert f"ring-{tone}" in page
    for kind in ("checkbox", "radio", "file", "password", "number", "email"):
        assert f'type="{kind}"' in page
    assert page.count('class="error"') == 8
    assert 'aria-sort="ascending"' in page
    assert "1,000+" in page
    assert len(set(re.findall(r'\bid="([^"]+)"', page))) == len(re.findall(r'\bid="([^"]+)"', page))


def test_guests_are_not_shown_the_kit(db: None) -> None:
    assert Client().get("/kit/").status_code == 302


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_kit_speaks_the_readers_language(zhou: User, language: str) -> None:
    page = signed_in(zhou, language).get("/kit/").content.decode()
    assert {"zh-hans": "筛选与排序", "zh-hant": "篩選與排序", "en": "Filter and order"}[language] in page


def ways(user: User) -> list[str]:
    page = signed_in(user).get("/kit/").content.decode()
    nav = page.partition('class="ways"')[2].partition("</nav>")[0]
    return re.findall(r'href="(/[^"]*)"', nav)  # the rest unfolds it on a phone


def test_the_ways_are_those_that_the_post_opens(zhou: User, lin: User, he: User) -> None:
    everybody = [
        *("/", "/inbox/", "/complaints/", "/contracts/", "/approvals/", "/venues/", "/customers/", "/files/"),
        *("/money/", "/promoters/", "/documents/", "/messages/", "/imports/"),
    ]
    assert ways(zhou) == [*everybody, "/people/", "/house/health/", "/who-sees-what/"]
    assert ways(lin) == [*everybody, "/who-sees-what/"]
    assert ways(he) == [*everybody, "/people/", "/who-sees-what/"]


def test_a_promoter_is_shown_their_own_day_and_neither_guests_nor_messages(zhou: User) -> None:
    shown = ways(person("苏晴", zhou.organisation, Post.PROMOTER))
    assert "/my-day/" in shown
    assert {"/customers/", "/promoters/", "/messages/", "/imports/", "/people/", "/house/health/"}.isdisjoint(shown)


def test_a_third_party_is_shown_no_way_to_what_is_withheld_from_it(db: None) -> None:
    mediators = Organisation.objects.create(name="调解中心", role="third_party")
    assert ways(person("吴调", mediators, Post.MANAGER)) == [
        *("/inbox/", "/editions/", "/documents/", "/people/", "/who-sees-what/")
    ]


def test_on_a_phone_the_ways_unfold_and_fold(zhou: User) -> None:
    page = signed_in(zhou).get("/kit/").content.decode()
    assert re.findall(r'class="(ways-\w+)" href="#(\w+)"', page) == [("ways-more", "ways"), ("ways-less", "main")]
    for anchor in ("ways", "main"):
        assert f'id="{anchor}"' in page


@pytest.mark.parametrize("post", [post for post in Post if post is not Post.GUEST])
def test_every_way_that_is_shown_opens(venue: Organisation, post: Post) -> None:
    somebody = person("某人", venue, post)
    for address in ways(somebody):
        assert signed_in(somebody).get(address, follow=True).status_code == 200, address
