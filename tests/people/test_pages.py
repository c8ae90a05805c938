import re

import pytest
from django.test import Client
from django.utils.timezone import now

from encore.accounts.models import Post, User
from tests.cast import person, signed_in

PASSWORD = "把酒问青天不知天上宫阙"


@pytest.fixture
def manager(zhou: User) -> User:
    User.objects.filter(pk=zhou.pk).update(joined_at=now())
    zhou.refresh_from_db()
    return zhou


@pytest.fixture
def desk(manager: User) -> Client:
    return signed_in(manager)


def invited(desk: Client, **fields: str) -> str:
    """The address of the link that the page shows."""
    answer = desk.post("/people/invite/", {"name": "钱多多", "post": "finance", "email": "", "phone": "", **fields})
    found = re.search(r'value="http://testserver(/join/[A-Za-z0-9_-]{22}/)"', answer.content.decode())
    assert found, answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    return found[1]


def test_from_the_invitation_to_the_first_page(desk: Client) -> None:
    address = invited(desk)
    newcomer = Client(headers={"accept-language": "en"})
    assert "Welcome, 钱多多" in newcomer.get(address).content.decode()
    answer = newcomer.post(address, {"username": "qian", "password": PASSWORD, "again": PASSWORD})
    assert answer["Location"] == "/sign-in/"
    answer = newcomer.post("/sign-in/", {"login": "qian", "password": PASSWORD})
    assert answer["Location"] == "/"
    assert newcomer.get(address).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"username": ""}, "Choose a name to sign in by."),
        ({"username": "a b"}, "Enter a valid username"),
        ({"again": "another"}, "The two passwords are not the same."),
        ({"password": "short", "again": "short"}, "too short"),
        ({"username": "qian.duoduo", "password": "qian.duoduo1", "again": "qian.duoduo1"}, "too similar"),
    ],
)
def test_what_is_wrong_with_a_choice_stands_beside_it(desk: Client, fields: dict[str, str], said: str) -> None:
    given = {"username": "qian", "password": PASSWORD, "again": PASSWORD, **fields}
    answer = Client(headers={"accept-language": "en"}).post(invited(desk), given)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not User.objects.get(name="钱多多").has_joined


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Say who it is."),
        ({"post": ""}, "Choose a post."),
        ({"post": "guest"}, "guest"),
        ({"email": "not an address"}, "This is no e-mail address."),
        ({"phone": "call me"}, "This is no telephone number."),
    ],
)
def test_an_invitation_that_lacks_something_comes_back(desk: Client, fields: dict[str, str], said: str) -> None:
    answer = desk.post("/people/invite/", {"name": "钱多多", "post": "finance", **fields})
    assert (answer.status_code, said in answer.content.decode()) == (422, True)


def test_a_person_is_appointed_and_dismissed_on_their_page(desk: Client, lin: User) -> None:
    address = f"/people/{lin.reference}/"
    assert desk.post(f"{address}appoint/", {"post": "finance"})["Location"] == address
    assert "Appointed to another post" in desk.get(address).content.decode()
    assert "cannot be undone" in desk.get(f"{address}end-post/").content.decode()
    lin.refresh_from_db()
    assert lin.is_active
    assert desk.post(f"{address}end-post/")["Location"] == address
    assert "post ended" in desk.get(address).content.decode()
    assert desk.post(f"{address}end-post/").status_code == 409


def test_the_last_manager_reads_why_they_stay(desk: Client, manager: User) -> None:
    answer = desk.post(f"/people/{manager.reference}/end-post/")
    assert (answer.status_code, "appoint another manager first" in answer.content.decode()) == (409, True)


def test_only_a_manager_reads_the_list(lin: User) -> None:
    answer = signed_in(lin).get("/people/")
    assert (answer.status_code, "This act belongs to: manager" in answer.content.decode()) == (403, True)


@pytest.mark.parametrize("number", [3, 40])
def test_the_list_asks_the_same_number_of_questions_however_long(
    desk: Client, manager: User, django_assert_num_queries: object, number: int
) -> None:
    for one in range(number):
        person(f"员工{one}", manager.organisation, Post.PROMOTION)
    with django_assert_num_queries(3):  # type: ignore[operator]
        desk.get("/people/")


def shown(desk: Client, address: str, **asked: str) -> list[str]:
    page = desk.get(address, asked or None).content.decode()
    return re.findall(r'class="reference" href="[^"]+">([^<]+)</a>', page)


def test_people_stand_in_the_order_of_their_names_as_they_are_read(desk: Client, manager: User) -> None:
    for name in ("张三", "王小明", "单田芳", "欧阳修", "李白", "Ann Lee", "陈皮"):
        person(name, manager.organisation, Post.PROMOTION)
    names = shown(desk, "/people/")
    assert [name for name in names if name != manager.name] == [
        "Ann Lee", "陈皮", "李白", "欧阳修", "单田芳", "王小明", "张三",
    ]  # fmt: skip
    assert shown(desk, "/people/?sort=-name") == names[::-1]


def test_a_long_list_is_walked_page_by_page_and_nobody_is_passed_over(desk: Client, manager: User) -> None:
    for one in range(120):
        person(f"员工{one % 7}", manager.organisation, Post.PROMOTION)  # many of the same name
    address, found = "/people/", []
    for _page in range(3):
        answer = desk.get(address)
        found += re.findall(r"/people/(P-[^/]+)/", answer.content.decode())
        following = re.search(r'href="(\?[^"]*after=[^"]+)"', answer.content.decode())
        address = "/people/" + following[1].replace("&amp;", "&") if following else ""
    assert not address
    assert len(set(found)) == 121


@pytest.mark.parametrize("words", ["小明", "wxm", "WX", "w x m"])
def test_somebody_is_found_by_a_part_of_the_name_or_its_initials(desk: Client, manager: User, words: str) -> None:
    for name in ("王小明", "李白"):
        person(name, manager.organisation, Post.PROMOTION)
    assert shown(desk, "/people/", q=words) == ["王小明"]


def test_the_list_is_narrowed_by_post_and_by_who_is_there(desk: Client, manager: User) -> None:
    gone = person("李白", manager.organisation, Post.FINANCE)
    gone.is_active = False
    gone.save()
    invited = person("杜甫", manager.organisation, Post.FINANCE)
    User.objects.filter(pk=invited.pk).update(joined_at=None)
    assert shown(desk, "/people/?f.post=finance") == ["杜甫", "李白"]
    assert shown(desk, "/people/?f.state=ended") == ["李白"]
    assert shown(desk, "/people/?f.state=invited") == ["杜甫"]
    assert desk.get("/people/?f.post=guest").status_code == 404
