"""The search of the whole house, as its people see it."""

import re

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django.fixtures import DjangoAssertNumQueries

from encore.accounts.models import Organisation, Post, Role, User
from encore.contracts.models import Contract
from encore.contracts.operations import Told, note
from encore.people.operations import Newcomer, invite
from encore.search.index import index
from tests.cast import HOUR, complain, person, signed_in


@pytest.fixture
def house(contract: Contract, zhou: User, he: User) -> Contract:
    index(complain(contract, "北岸拉格没气，<b>喝着</b>跟水似的"), complain(contract, "太吵"))
    told = Told("training.held", {}, "0" * 32, "1" * 64, title="北岸拉格的酒水培训", words="签到表在前台")
    note(told, contract=contract, subject=None, by=he, at=now() - HOUR)
    invite(Newcomer("钱多多", Post.FINANCE, phone="13800138861"), by=zhou, at=now() - HOUR)
    return contract


def page(who: User, query: str) -> str:
    answer = signed_in(who).get(f"/search/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_results_stand_by_kind_with_what_was_asked_for_marked(house: Contract, zhou: User) -> None:
    body = page(zhou, "?q=拉格")
    assert "<mark>拉格</mark>没气" in body
    assert "<mark>拉格</mark>的酒水培训" in body
    assert "太吵" not in body
    assert "<b>喝着" not in body, "what guests write stays text"


def test_a_person_is_found_by_initials_and_the_end_of_their_number(house: Contract, zhou: User, he: User) -> None:
    for words in ("qdd", "qianduoduo", "钱", "8861"):
        assert "钱多多" in re.sub("</?mark>", "", page(zhou, f"?q={words}")), words
        assert "多多" not in page(he, f"?q={words}"), words


def test_both_parties_find_what_both_may_see(house: Contract, zhou: User, he: User) -> None:
    assert "<mark>没气</mark>" in page(he, "?q=没气")
    assert house.reference in page(he, f"?q={house.reference[-6:]}")
    stranger = person("外人", Organisation.objects.create(name="别家", role=Role.AGENCY), Post.MANAGER)
    for words in ("没气", "拉格", "钱", house.reference):
        assert "found-" not in page(stranger, f"?q={words}")


def test_what_was_made_invisible_since_is_not_told(house: Contract, zhou: User) -> None:
    """Even where the index has not heard of it: what is shown is asked of the noun once more."""
    from encore.accounts.models import Organisation

    other = Organisation.objects.create(name="新东家", role=Role.VENUE)
    Contract.objects.filter(pk=house.pk).update(venue=other)
    assert "没气" not in page(zhou, "?q=拉格").replace('value="拉格"', "")


def test_many_of_a_kind_have_pages(
    house: Contract, zhou: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [complain(house, f"催了{number}遍") for number in range(53)]
    index(*rows)
    first = page(zhou, "?q=催了")
    assert first.count("<mark>") == 5
    assert "kind=complaint" in first
    desk: Client = signed_in(zhou)
    with django_assert_max_num_queries(6):
        body = desk.get("/search/?q=催了&kind=complaint").content.decode()
    assert body.count("<mark>") == 50
    following = f"/search/?q=催了&kind=complaint&before={rows[3].pk}"
    assert desk.get(following).content.decode().count("<mark>") == 3


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=!!", "?q=%00%ff", "?q=没有这种事", "?q=没有&before=x", "?q=" + "酒" * 5_000]
)
def test_whatever_is_typed_gets_a_page(query: str, house: Contract, zhou: User) -> None:
    assert "found-" not in page(zhou, query).replace("found-head", "")


def test_an_unknown_kind_is_not_there(house: Contract, zhou: User) -> None:
    assert signed_in(zhou).get("/search/?q=酒&kind=secret").status_code == 404


def test_every_staff_page_has_the_one_box(house: Contract, zhou: User) -> None:
    for address in ("/", "/complaints/", "/people/"):
        assert 'action="/search/"' in signed_in(zhou).get(address).content.decode()
