from importlib import import_module

import pytest
from django.apps import apps

from encore.accounts.models import Organisation, Post, User
from encore.accounts.names import initials, sort_key
from tests.cast import person


@pytest.mark.parametrize(
    ("name", "key", "letters"),
    [
        ("王小明", "wang2xiao3ming2", "wxm"),
        ("单田芳", "shan4tian2fang1", "stf"),  # as a surname, not as a word
        ("曾国藩", "zeng1guo2fan1", "zgf"),
        ("令狐冲", "ling2hu2chong1", "lhc"),
        ("吕布", "lv3bu4", "lb"),
        ("王 芳", "wang2fang1", "wf"),
        ("Ann Lee", "annlee", "al"),
        ("José", "jose", "j"),
        ("Ａｎｎ", "ann", "a"),
        ("", "", ""),
    ],
)
def test_a_name_is_sorted_and_found_as_it_is_read(name: str, key: str, letters: str) -> None:
    assert (sort_key(name), initials(name)) == (key, letters)


def test_a_name_that_is_written_anew_is_sorted_anew(venue: Organisation) -> None:
    somebody = person("王小明", venue, Post.PROMOTION)
    somebody.name, somebody.phone = "李白", "1"
    somebody.save(update_fields=["name"])
    somebody.refresh_from_db()
    assert (somebody.sort_key, somebody.initials, somebody.phone) == ("li3bai2", "lb", "")


def test_those_who_were_there_before_are_put_in_order_by_the_update(venue: Organisation) -> None:
    somebody = person("王小明", venue, Post.PROMOTION)
    User.objects.filter(pk=somebody.pk).update(sort_key="", initials="")
    import_module("encore.accounts.migrations.0004_names_in_order").fill(apps, None)
    somebody.refresh_from_db()
    assert (somebody.sort_key, somebody.initials) == ("wang2xiao3ming2", "wxm")
