import random
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from urllib.parse import parse_qsl

import pytest
from django.db.models import Q
from django.http import Http404, QueryDict
from django.test import Client
from openpyxl import load_workbook

from encore.accounts.models import AccessLog, Organisation, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.web import exports, tables
from encore.web.tables import Choice, Column, Days, Listing, Table
from tests.cast import DAY, EDITION, HOUR, RECEIVED, agreed, complain, signed_in

COMPLAINTS: Table[Complaint, Complaint] = Table(
    name="trial",
    caption="试用",
    sort="-received",
    columns=(
        Column("number", "编号", lambda row: row.reference),
        Column("received", "收到", lambda row: row.received_at, "moment", sort="received_at"),
        Column("resolved", "办完", lambda row: row.resolved_at, "moment", sort="resolved_at"),
        Column("room", "包厢", lambda row: row.room, sort="room", is_shown=False),
        Column("id", "号", lambda row: row.pk, "number", total="pk"),
    ),
    filters=(
        Choice("severity", "级别", [("one", "一"), ("two", "二")], lambda key: Q(severity=key)),
        Days("received", "收到", "received_at"),
    ),
    search=lambda words: Q(text__icontains=words),
)


def asked(query: str = "", remembered: str = "") -> Listing[Complaint, Complaint]:
    return Listing(COMPLAINTS, Complaint.objects.all(), QueryDict(query), remembered)


def filed(contract: Contract, number: int) -> list[Complaint]:
    """Complaints of which many share a moment or a room, and half were never finished."""
    dice = random.Random(number)
    owner = contract.venue
    return Complaint.objects.bulk_create(
        Complaint(
            contract=contract,
            owner=owner,
            text=f"第{place}条",
            room=dice.choice(("", "B08", "V3", "大~厅")),
            channel="web",
            severity=dice.choice(("", "one", "two")),
            received_at=RECEIVED + dice.randrange(4) * HOUR,
            resolved_at=dice.choice((None, RECEIVED + dice.randrange(9, 12) * HOUR)),
            form_key=f"trial:{place}",
        )
        for place in range(number)
    )


@pytest.mark.parametrize("sort", ["received", "-received", "resolved", "-resolved", "room", "-room"])
def test_page_after_page_every_row_comes_once_and_in_order(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(tables, "PAGE", 4)
    filed(contract, 41)
    seen: list[Complaint] = []
    query = f"sort={sort}"
    while query:
        page = asked(query)
        assert page.number == 41
        seen += page.rows
        query = page.following.removeprefix("?")
    assert len(seen) == 41
    assert {row.pk for row in seen} == set(Complaint.objects.values_list("pk", flat=True))
    field = {"received": "received_at", "resolved": "resolved_at", "room": "room"}[sort.removeprefix("-")]
    values = [getattr(row, field) for row in seen]
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known)), "what is not there comes last, either way"
    assert known == sorted(known, reverse=sort.startswith("-"))
    for one, other in pairwise(seen):
        if getattr(one, field) == getattr(other, field):
            assert (one.pk > other.pk) == sort.startswith("-")


@pytest.mark.parametrize(
    "after",
    [
        "x~1",
        "2026-03-05T12:00:00+08:00",
        "9999-12-31T23:59:59-14:00~1",
        "0001-01-01T00:00:00+14:00~1",
        "2026-03-05T12:00:00~1",
        "~1",
        "~",
        "%00~1",
        "2026-03-05T12:00:00%2B08:00~99999999999999999999",
    ],
)
def test_a_mistyped_place_is_the_beginning(complaint: Complaint, after: str) -> None:
    assert asked(f"after={after}").rows == [complaint]


@pytest.mark.parametrize("sort", ["room", "resolved"])
def test_a_place_of_another_column_breaks_nothing(contract: Contract, sort: str) -> None:
    filed(contract, 3)
    assert len(asked(f"sort={sort}&after=2026-03-05T12:00:00%2B08:00~1").rows) <= 3


@pytest.mark.parametrize(
    "query",
    ["sort=number", "sort=nothing", "sort=--received", "sort=text", "f.severity=three", "f.text=x", "cols=nothing",
     "f.severity=one&f.severity=x", "f.received=2026-3-5"],
)  # fmt: skip
def test_what_is_not_declared_is_not_there(complaint: Complaint, query: str) -> None:
    with pytest.raises(Http404):
        repr([asked(query).rows, asked(query).columns])


def test_several_of_one_filter_are_any_of_them_and_filters_add_up(contract: Contract) -> None:
    filed(contract, 30)
    assert {row.severity for row in asked("f.severity=one").rows} == {"one"}
    assert {row.severity for row in asked("f.severity=one&f.severity=two").rows} == {"one", "two"}
    assert [row.text for row in asked("q=第7条").rows] == ["第7条"]
    both = asked("f.severity=two&q=1").rows
    assert both
    assert all(row.severity == "two" and "1" in row.text for row in both)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("f.received.from=2026-3-10", 1),
        ("f.received.from=2026-3-11", 0),
        ("f.received.to=2026年3月10日", 1),
        ("f.received.to=２０２６/３/９", 0),
        ("f.received.from=2026/3/10&f.received.to=2026/3/10", 1),
        ("f.received.from=neither", 1),
    ],
)
def test_days_are_the_houses_and_both_are_included(complaint: Complaint, query: str, found: int) -> None:
    assert len(asked(query).rows) == found


def test_counting_stops_at_a_thousand(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    filed(contract, 120)
    assert asked().number == 120
    assert asked().totals == {"id": sum(Complaint.objects.values_list("pk", flat=True))}
    monkeypatch.setattr(tables, "MOST_COUNTED", 100)
    page = asked()
    assert page.number == 101
    assert page.totals == {}, "a sum over some of the rows would be a wrong one"


def test_totals_are_of_all_rows_that_answer_not_of_the_page(contract: Contract) -> None:
    rows = [row for row in filed(contract, 70) if row.severity == "one"]
    assert asked("f.severity=one").totals == {"id": sum(row.pk for row in rows)}


def test_columns_are_chosen_and_remembered(complaint: Complaint) -> None:
    assert asked().chosen == "number.received.resolved.id"
    assert asked("cols=room&cols=number").chosen == "number.room"
    assert asked(remembered="room.number").chosen == "number.room"
    assert asked(remembered="gone").chosen == "number.received.resolved.id"


def test_an_address_keeps_what_was_asked_and_begins_anew(contract: Contract) -> None:
    filed(contract, 60)
    page = asked("q=条&f.severity=&sort=-received&after=x&as=json")
    assert dict(parse_qsl(page.address(sort="received")[1:])) == {"q": "条", "sort": "received"}
    assert dict(parse_qsl(page.whole[1:])) == {"sort": "-received"}
    received = COMPLAINTS.column("received")
    assert received
    assert (page.direction(received), dict(parse_qsl(page.sorted_by(received)[1:]))["sort"]) == (
        "descending",
        "received",
    )
    assert dict(parse_qsl(page.following[1:]))["after"] == page.order.place(page.rows[-1])


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou)


def sheet(content: bytes) -> list[tuple[object, ...]]:
    return list(load_workbook(BytesIO(content)).active.iter_rows(values_only=True))


def test_a_sheet_holds_all_rows_as_text_numbers_and_moments(desk: Client, contract: Contract, zhou: User) -> None:
    told = [operations.Told(f"=1+{number}\x0b坏了", f"row:{number}") for number in range(70)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=RECEIVED)
    answer = desk.get("/complaints/all/?as=xlsx&q=坏了&cols=number&cols=received&cols=text")
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    head, *rows = sheet(answer.content)
    assert head == ("Number", "Received", "What the guest says")
    assert len(rows) == 70
    assert {row[1] for row in rows} == {datetime(2026, 3, 10, 22, 40)}  # noqa: DTZ001 - as the house's clocks show it
    assert ("=1+7坏了" in {row[2] for row in rows}) is True
    book = load_workbook(BytesIO(desk.get("/complaints/all/?as=xlsx").content))
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "inlineStr", "d", "n"}, (
        "no formula"
    )


def test_who_takes_a_sheet_along_is_noted(desk: Client, complaint: Complaint, zhou: User) -> None:
    desk.get("/complaints/all/")
    assert not AccessLog.objects.filter(act="exported").exists()
    desk.get("/complaints/all/?as=xlsx")
    noted = AccessLog.objects.get(act="exported")
    assert (noted.user, noted.reason) == (zhou, "complaints")


def test_a_sheet_too_long_says_what_to_do(desk: Client, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_EXPORTED", 10)
    filed(contract, 11)
    answer = desk.get("/complaints/all/?as=xlsx")
    assert (answer.status_code, "at most 10 rows" in answer.content.decode()) == (413, True)


def test_json_gives_pages_with_the_way_to_the_next(desk: Client, contract: Contract) -> None:
    filed(contract, 60)
    seen: list[str] = []
    address: str | None = "/complaints/all/?as=json"
    while address:
        answer = desk.get(address).json()
        seen += [row["number"] for row in answer["rows"]]
        assert (answer["number"], answer["is_all"]) == (60, True)
        assert datetime.fromisoformat(answer["rows"][0]["received"]).utcoffset() == timedelta(hours=8)
        address = answer["next"] and f"/complaints/all/{answer['next']}"
    assert len(set(seen)) == len(seen) == 60


def test_a_list_in_no_known_form_is_not_there(desk: Client, complaint: Complaint) -> None:
    assert desk.get("/complaints/all/?as=pdf").status_code == 404


@pytest.mark.parametrize("form", ["", "&as=json", "&as=xlsx"])
def test_a_list_shows_nothing_of_a_contract_of_others(
    desk: Client, agency: Organisation, complaint: Complaint, form: str
) -> None:
    third = Organisation.objects.create(name="别家", role="venue")
    boss = User.objects.create(username="other", name="他", organisation=third, post="manager")
    hidden = complain(agreed(EDITION, boss, agency), text="别家的酒")
    content = desk.get(f"/complaints/all/?q=酒{form}").content
    shown = str(sheet(content)) if form == "&as=xlsx" else content.decode()
    assert complaint.reference in shown
    assert hidden.reference not in shown


def test_columns_that_were_chosen_stay_on_this_device(desk: Client, complaint: Complaint) -> None:
    assert 'data-title="Room"' in desk.get("/complaints/all/").content.decode()
    desk.get("/complaints/all/?cols=number&cols=text")
    assert 'data-title="Room"' not in desk.get("/complaints/all/").content.decode()


def test_what_is_searched_for_stays_in_its_field_as_text(desk: Client, complaint: Complaint) -> None:
    page = desk.get("/complaints/?q=%22%3E%3Cscript%3E%00酒").content.decode()
    assert 'value="&#34;&gt;&lt;script&gt;酒"' in page
    assert "Nothing answers to that." in page


def test_a_complaint_is_found_by_number_room_or_words(desk: Client, contract: Contract) -> None:
    found = complain(contract, text="果盘没有上", at=datetime.now(UTC) - DAY)
    other = complain(contract, text="酒是温的", at=datetime.now(UTC) - DAY)
    for words in (found.reference, found.reference.lower(), str(found.pk), "果盘"):
        for address in ("/complaints/", "/complaints/all/"):
            page = desk.get(address, {"q": words}).content.decode()
            assert f"/complaints/{found.reference}/" in page
            assert f"/complaints/{other.reference}/" not in page
    assert desk.get("/complaints/all/", {"q": "b08"}).content.decode().count(">C-") == 2
