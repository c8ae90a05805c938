from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from openpyxl import Workbook

from encore.accounts.models import User
from encore.people.forms import MOST_ROWS
from tests.cast import signed_in

HEAD = ("姓名", "岗位", "邮箱", "手机")


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou)


def sheet(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def read(desk: Client, content: bytes) -> HttpResponse:
    return desk.post("/people/list/", {"sheet": SimpleUploadedFile("people.xlsx", content)})  # type: ignore[return-value]


def listed(answer: HttpResponse) -> str:
    return answer.content.decode().partition('name="listed" value="')[2].partition('"')[0]


def test_a_list_is_looked_through_before_anybody_is_invited(desk: Client) -> None:
    answer = read(
        desk,
        sheet(
            HEAD, ("钱多多", "财务", "qian@house.example", 13800138000.0), (), ("孙乐", "Marketing"), ("李白", "促销员")
        ),
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    for said in ("钱多多", "13800138000", "孙乐", "3 people"):
        assert said in page
    assert not User.objects.filter(name="钱多多").exists()
    done = desk.post("/people/list/", {"listed": listed(answer)}).content.decode()
    assert done.count("/join/") == 3
    posts = dict(User.objects.filter(joined_at=None, username__startswith="invited-").values_list("name", "post"))
    assert posts == {"钱多多": "finance", "孙乐": "marketing", "李白": "promoter"}


def test_what_is_wrong_with_a_row_stands_beside_it_and_nothing_is_saved(desk: Client, zhou: User) -> None:
    User.objects.filter(pk=zhou.pk).update(email="zhou@house.example")
    answer = read(
        desk,
        sheet(
            HEAD,
            ("", "财务"),
            ("孙乐", "国王"),
            ("李白", "财务", "nowhere"),
            ("杜甫", "财务", "ZHOU@house.example"),
            ("王维", "财务", "w@house.example"),
            ("孟浩然", "财务", "w@house.example", "电话"),
        ),
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    for said in (
        "5 rows cannot be taken",
        "Say who it is.",
        "国王",
        "This is no e-mail address.",
        "is here already",
        "stands in the list twice",
        "This is no telephone number.",
    ):
        assert said in page
    assert listed(answer) == ""
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty."),
        (b"not a sheet", "This is no XLSX file"),
        (sheet(), "The first row names the columns"),
        (sheet(("Name",), ("x",)), "The first row names the columns"),
        (sheet(HEAD), "There is nobody in this list."),
        (b"x" * 1_000_001, "too large"),
        (sheet(HEAD, *[("甲", "财务")] * (MOST_ROWS + 1)), "at most 500"),
    ],
    ids=["empty", "text", "bare", "no post", "nobody", "large", "long"],
)
def test_what_is_no_list_is_told_so(desk: Client, content: bytes, said: str) -> None:
    answer = read(desk, content)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)


def test_a_small_file_that_unpacks_into_much_is_not_opened(desk: Client) -> None:
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    assert "This is no XLSX file" in read(desk, bomb.getvalue()).content.decode()


def test_a_list_is_brought_in_by_whoever_looked_it_through(desk: Client, he: User) -> None:
    waiting = listed(read(desk, sheet(HEAD, ("钱多多", "财务"))))
    assert signed_in(he).post("/people/list/", {"listed": waiting}).status_code == 409
    assert desk.post("/people/list/", {"listed": waiting + "x"}).status_code == 409
    assert not User.objects.filter(name="钱多多").exists()


def test_only_a_manager_brings_in_a_list(lin: User) -> None:
    assert signed_in(lin).get("/people/list/").status_code == 403
