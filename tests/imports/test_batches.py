from datetime import datetime, time
from decimal import Decimal
from io import BytesIO

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook

from encore.accounts.models import AccessLog, Organisation, Role, User
from encore.contracts.models import Contract
from encore.customers.models import Consent, Contact
from encore.imports import drafts
from encore.imports.models import Batch, Chunk, ColumnMap, Fault, Source
from encore.jobs.worker import run_due
from encore.ledger.models import Event
from encore.venues.models import Brand, Product, Room, SaleLine, Venue
from tests.cast import CHINA, RECEIVED, person, signed_in
from tests.imports.sheets import book, cells

HEAD = ("营业日期", "包厢", "商品", "单位", "数量", "金额（元）", "单号", "行号")


@pytest.fixture
def house(venue: Organisation) -> Venue:
    made = Venue.objects.create(owner=venue, name="星河里", opened_at=RECEIVED)
    brand = Brand.objects.create(owner=venue, name="澜溪")
    Product.objects.create(owner=venue, brand=brand, name="澜溪精酿", unit="bottle", added_at=RECEIVED)
    Product.objects.create(owner=venue, brand=brand, name="澜溪精酿", unit="dozen", added_at=RECEIVED)
    Product.objects.create(owner=venue, brand=brand, name="果盘", unit="set", added_at=RECEIVED)
    Room.objects.create(venue=made, code="A01", added_at=RECEIVED)
    return made


@pytest.fixture
def desk(zhou: User, house: Venue) -> Client:
    return signed_in(zhou)


def row(number: int, amount: object = "38.00", product: str = "果盘", day: object = "2026.3.5") -> tuple[object, ...]:
    return (day, "A01", product, None, 1, amount, f"B{number}", 1)


def uploaded(desk: Client, content: bytes, kind: str = "sale-lines", name: str = "三月.xlsx") -> Batch:
    answer = desk.post(f"/imports/new/?kind={kind}", {"sheet": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    return Batch.objects.latest("pk")


def act(desk: Client, batch: Batch, name: str, **given: object) -> HttpResponse:
    answer = desk.post(f"/imports/{batch.reference}/{name}/", given)
    run_due()
    batch.refresh_from_db()
    return answer  # type: ignore[return-value]


def looked_through(desk: Client, content: bytes, kind: str = "sale-lines", **given: object) -> Batch:
    batch = uploaded(desk, content, kind)
    columns = {f"column-{key}": place for key, place in batch.mapping.items()}
    assert act(desk, batch, "columns", **{**columns, **given}).status_code == 302
    return batch


def taken(desk: Client, content: bytes, kind: str = "sale-lines") -> Batch:
    batch = looked_through(desk, content, kind)
    assert act(desk, batch, "take").status_code == 302
    return batch


def counts(batch: Batch) -> tuple[int, int, int, int]:
    return batch.new, batch.same, batch.changed, batch.refused


def test_nothing_is_saved_before_somebody_says_yes(desk: Client) -> None:
    batch = looked_through(desk, book(HEAD, row(1), row(2)))
    assert (batch.state, counts(batch)) == ("read", (2, 0, 0, 0))
    assert not SaleLine.objects.exists()
    act(desk, batch, "take")
    assert (batch.state, SaleLine.objects.count()) == ("taken", 2)


def test_a_line_is_taken_as_the_house_counts_its_days(desk: Client, house: Venue) -> None:
    night = datetime(2026, 3, 6, 1, 30)  # noqa: DTZ001 - cells know no zones
    content = book(HEAD, row(1), row(2, day=night), row(3, day="2026-3-6 07:00"))
    taken(desk, content)
    one, late, morning = SaleLine.objects.order_by("pk")
    assert one.sold_at == datetime(2026, 3, 5, 6, tzinfo=CHINA), "of a day alone: when it began"
    assert [str(line.day) for line in (one, late, morning)] == ["2026-03-05", "2026-03-05", "2026-03-06"]
    assert (one.room and one.room.code, one.amount, one.venue_id) == ("A01", Decimal("38.00"), house.pk)


def test_the_same_sheet_brought_in_twice_is_taken_once(desk: Client) -> None:
    content = book(HEAD, row(1), row(2))
    taken(desk, content)
    again = looked_through(desk, content)
    assert counts(again) == (0, 2, 0, 0)
    assert "was taken in before" in desk.get(f"/imports/{again.reference}/").content.decode()
    assert act(desk, again, "take").status_code == 409
    assert SaleLine.objects.count() == 2


def test_rows_without_a_bill_are_told_apart_by_all_they_say_and_by_how_often(desk: Client) -> None:
    plain = ("日期", "品名", "数量", "金额")
    same = ("2026-3-5", "果盘", 1, 128)
    assert counts(taken(desk, book(plain, same, same, ("2026-3-5", "果盘", 2, 256)))) == (3, 0, 0, 0)
    assert counts(looked_through(desk, book(plain, same, same, same))) == (1, 2, 0, 0)


def test_a_row_that_has_changed_is_changed_and_put_back_by_taking_the_sheet_back(desk: Client) -> None:
    taken(desk, book(HEAD, row(1), row(2)))
    second = taken(desk, book(HEAD, row(1, "39.00"), row(2), row(3)))
    assert counts(second) == (1, 1, 1, 0)
    assert SaleLine.objects.order_by("pk").values_list("amount", flat=True)[0] == Decimal("39.00")
    act(desk, second, "take-back")
    assert (second.state, second.removed, second.restored, second.kept) == ("undone", 1, 1, 0)
    assert list(SaleLine.objects.order_by("pk").values_list("amount", flat=True)) == [Decimal("38.00")] * 2


def test_what_a_later_sheet_has_changed_stays_when_the_earlier_is_taken_back(desk: Client) -> None:
    first = taken(desk, book(HEAD, row(1), row(2)))
    second = taken(desk, book(HEAD, row(1, "39.00")))
    act(desk, first, "take-back")
    assert (first.removed, first.kept) == (1, 1)
    assert [str(line.amount) for line in SaleLine.objects.all()] == ["39.00"]
    act(desk, second, "take-back")
    assert not SaleLine.objects.exists(), "it goes back to a sheet that was itself taken back"


def test_a_sheet_is_one_event_and_so_is_taking_it_back(desk: Client, zhou: User) -> None:
    batch = taken(desk, book(HEAD, row(1), row(2), row(3, "three")))
    act(desk, batch, "take-back")
    events = Event.objects.filter(noun="import", noun_id=batch.pk).order_by("pk")
    assert [event.type for event in events] == ["import.taken", "import.undone"]
    assert {event.actor for event in events} == {f"user:{zhou.pk}"}
    assert Event.objects.filter(noun="import").count() == 2
    data = [orjson.loads(bytes(event.body))["data"] for event in events]
    assert data[0] == {"kind": "sale-lines", "file": batch.file_hash, "new": 2, "same": 0, "changed": 0, "refused": 1}
    assert data[1] == {"kind": "sale-lines", "file": batch.file_hash, "removed": 2, "restored": 0, "kept": 0}


def test_a_sheet_that_is_larger_than_one_step_goes_in_step_by_step(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "CHUNK", 3)
    monkeypatch.setattr(drafts, "_REMOVED_AT_ONCE", 4)
    batch = looked_through(desk, book(HEAD, *[row(number) for number in range(10)]))
    assert batch.chunks == 4
    act(desk, batch, "take")
    assert (SaleLine.objects.count(), counts(batch)) == (10, (10, 0, 0, 0))
    act(desk, batch, "take-back")
    assert (batch.removed, SaleLine.objects.count()) == (10, 0)


def test_what_was_begun_goes_on_where_it_stopped(desk: Client, zhou: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "CHUNK", 2)
    batch = looked_through(desk, book(HEAD, *[row(number) for number in range(4)]))
    drafts.begin(batch, zhou)
    batch.refresh_from_db()
    drafts.take_chunk(batch, 0, RECEIVED)
    drafts.take_chunk(batch, 0, RECEIVED)  # the same step once more, by a worker that had not heard
    assert SaleLine.objects.count() == 2
    run_due()
    batch.refresh_from_db()
    assert (batch.state, counts(batch), SaleLine.objects.count()) == ("taken", (4, 0, 0, 0), 4)


def test_what_is_wrong_stands_beside_its_row_and_in_a_copy_of_the_sheet(desk: Client) -> None:
    content = book(
        ("三月销售明细",), HEAD, row(1), row(2, "3千"), row(3, product="不存在的酒"), row(4, product="澜溪精酿"), row(1),
        (None, "Z99", "果盘", None, 1.5, 1, "B9", 1),
    )  # fmt: skip
    batch = looked_through(desk, content)
    assert (batch.header_row, counts(batch)) == (2, (1, 0, 0, 5))
    page = desk.get(f"/imports/{batch.reference}/").content.decode()
    for said in (
        "no amount of money",
        "is not in the range",
        "several units",
        "twice: see row 3",
        "Sold is missing",
        "no whole number",
    ):
        assert said in page
    back = cells(desk.get(f"/imports/{batch.reference}/sheet/").content)
    assert back[1][8] == "What is wrong"
    assert [bool(line[8]) for line in back[2:]] == [False, True, True, True, True, True]
    assert AccessLog.objects.filter(act="exported", noun="import", noun_id=batch.pk).exists()


def test_the_mended_sheet_takes_only_what_was_missing(desk: Client) -> None:
    taken(desk, book(HEAD, row(1), row(2, "3千")))
    assert counts(taken(desk, book(HEAD, row(1), row(2, "3000")))) == (1, 1, 0, 0)


def test_columns_that_are_called_otherwise_are_said_once(desk: Client, venue: Organisation) -> None:
    odd = ("哪天", "啥酒", "几个", "多少钱")
    batch = uploaded(desk, book(odd, ("2026-3-5", "果盘", 1, 128)))
    assert batch.mapping == {}
    given = {"column-sold": 0, "column-product": 1, "column-quantity": 2, "column-amount": 3}
    act(desk, batch, "columns", **given)
    assert counts(batch) == (1, 0, 0, 0)
    assert ColumnMap.objects.get(owner=venue).titles["amount"] == "多少钱"
    assert uploaded(desk, book(odd, ("2026-3-6", "果盘", 1, 128))).mapping == {
        "sold": 0,
        "product": 1,
        "quantity": 2,
        "amount": 3,
    }


def test_a_column_is_not_meant_twice_and_what_must_be_there_is_asked_for(desk: Client) -> None:
    batch = uploaded(desk, book(HEAD, row(1)))
    answer = act(desk, batch, "columns", **{"column-sold": 0, "column-product": 0, "column-quantity": 4})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "has been chosen above already" in page
    assert "Say which column of the sheet this is." in page


def test_days_without_a_year_are_of_the_year_that_is_said(desk: Client) -> None:
    content = book(HEAD, row(1, day="3月5日"))
    assert counts(looked_through(desk, content)) == (0, 0, 0, 1)
    batch = looked_through(desk, content, year="2026")
    act(desk, batch, "take")
    assert str(SaleLine.objects.get().day) == "2026-03-05"


def test_the_example_of_a_template_is_passed_over(desk: Client) -> None:
    content = desk.get("/imports/template/?kind=sale-lines").content
    made = load_workbook(BytesIO(content))
    sheet = made.worksheets[0]
    for place, value in enumerate(("2026-3-5", "果盘", None, "1", "128"), 1):
        sheet.cell(3, place).value = value
    filled = BytesIO()
    made.save(filled)
    assert counts(looked_through(desk, filled.getvalue())) == (1, 0, 0, 0)


def test_guests_come_in_with_their_consent_and_go_with_it(desk: Client) -> None:
    content = "手机号,称呼,同意用途\n13800138001,王女士,关怀\n1.38E+10,李先生,关怀\n13900139000,赵,随便\n".encode(
        "gb18030"
    )
    batch = taken(desk, content, "customers")
    assert counts(batch) == (1, 0, 0, 2)
    guest = Contact.objects.get()
    assert (guest.phone, guest.name, guest.consents.get().purpose) == ("+8613800138001", "王女士", "care")
    assert counts(looked_through(desk, content, "customers")) == (0, 1, 0, 2)
    act(desk, batch, "take-back")
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()


def test_what_stands_in_sheets_lies_sealed_and_goes_in_time(desk: Client) -> None:
    batch = looked_through(desk, "手机号,同意用途\n13800138001,关怀\n13900139000,随便\n".encode(), "customers")
    lying = [bytes(one.content) for model in (Source, Chunk, Fault) for one in model.objects.all()]
    assert len(lying) == 3
    assert not any(said.encode() in content for content in lying for said in ("13800138001", "13900139000", "随便"))
    act(desk, batch, "take")
    assert batch.ended_at is not None
    assert drafts.clear(batch.ended_at + drafts.KEPT) == 0
    assert drafts.clear(batch.ended_at + 2 * drafts.KEPT) == 1
    assert not Source.objects.exists()
    assert not Fault.objects.exists()


def test_a_sheet_is_left_and_forgotten(desk: Client) -> None:
    batch = looked_through(desk, book(HEAD, row(1)))
    act(desk, batch, "discard")
    assert batch.state == "discarded"
    assert not Chunk.objects.exists()
    assert act(desk, batch, "take").status_code == 409


def test_a_file_that_cannot_be_read_says_so_beside_its_field(desk: Client) -> None:
    answer = desk.post("/imports/new/?kind=sale-lines", {"sheet": SimpleUploadedFile("x.xlsx", b"PK\x03\x04")})
    assert (answer.status_code, "no XLSX file" in answer.content.decode()) == (422, True)
    assert not Batch.objects.exists()


def test_a_file_torn_in_the_middle_is_told_when_it_is_looked_through(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from encore.imports import sheets

    batch = uploaded(desk, book(HEAD, *[row(number) for number in range(30)]))
    monkeypatch.setattr(sheets, "MOST_ROWS", 20)
    columns = {f"column-{key}": place for key, place in batch.mapping.items()}
    act(desk, batch, "columns", **columns)
    assert (batch.state, "20" in batch.fault) == ("unreadable", True)


def test_sheets_are_their_organisations_own(desk: Client, he: User, lin: User) -> None:
    batch = looked_through(desk, book(HEAD, row(1)))
    assert signed_in(he).get(f"/imports/{batch.reference}/").status_code == 404
    assert signed_in(he).get("/imports/new/?kind=sale-lines").status_code == 404, "a venue's sheet"
    assert signed_in(lin).get(f"/imports/{batch.reference}/").status_code == 200
    guard = person("保安", batch.owner, "promoter")  # type: ignore[arg-type]
    assert signed_in(guard).get("/imports/").status_code == 403


def test_a_sheet_of_another_venue_has_its_own_rows(desk: Client, house: Venue) -> None:
    taken(desk, book(HEAD, row(1)))
    other = Organisation.objects.create(name="月光城", role=Role.VENUE)
    elsewhere = Venue.objects.create(owner=other, name="月光城", opened_at=RECEIVED)
    brand = Brand.objects.create(owner=other, name="x")
    Product.objects.create(owner=other, brand=brand, name="果盘", unit="set", added_at=RECEIVED)
    Room.objects.create(venue=elsewhere, code="A01", added_at=RECEIVED)
    manager = signed_in(person("外人", other, "manager"))  # type: ignore[arg-type]
    assert counts(taken(manager, book(HEAD, row(1)))) == (1, 0, 0, 0)
    assert set(SaleLine.objects.values_list("owner", flat=True)) == {house.owner_id, other.pk}


def test_a_promoter_is_found_among_those_of_the_venues_agencies(
    desk: Client, contract: Contract, agency: Organisation
) -> None:
    su = person("苏晴", agency, "promoter")  # type: ignore[arg-type]
    head = ("日期", "品名", "数量", "金额", "促销员")
    batch = taken(desk, book(head, ("2026-3-5", "果盘", 1, 128, "苏晴"), ("2026-3-5", "果盘", 1, 128, "无名")))
    assert counts(batch) == (1, 0, 0, 1)
    assert SaleLine.objects.get().promoter == su


def test_a_page_that_waits_asks_for_the_part_that_changes(desk: Client, zhou: User) -> None:
    batch = uploaded(desk, book(HEAD, row(1)))
    drafts.set_columns(batch, batch.mapping, None)
    part = desk.get(f"/imports/{batch.reference}/", headers={"hx-request": "true"})
    assert "hx-trigger" in part.content.decode()
    run_due()
    assert desk.get(f"/imports/{batch.reference}/", headers={"hx-request": "true"})["HX-Refresh"] == "true"


def test_the_list_takes_the_same_queries_however_long_it_is(
    desk: Client, django_assert_max_num_queries: object
) -> None:
    for number in range(3):
        looked_through(desk, book(HEAD, row(number)))
    desk.get("/imports/")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        page = desk.get("/imports/").content.decode()
    assert page.count("三月.xlsx") == 3
    assert time(6) == Venue.objects.get().day_ends
