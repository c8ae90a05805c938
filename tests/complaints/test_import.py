"""Complaints that come by a sheet: tried out, taken in once, and taken back as far as nobody has acted on them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import localtime, now

from encore.accounts.models import Organisation, Post, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.customers.models import Contact
from encore.editions import brought
from encore.imports.models import Batch
from encore.jobs.worker import run_due
from encore.ledger.models import Clock
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from tests.cast import DAY, HOUR, agreed, person, signed_in
from tests.imports.sheets import book, cells

HEAD = ("投诉时间", "渠道", "包厢", "投诉内容", "诉求", "联系电话", "是否同意联系", "转办单位", "工单编号", "办结期限")


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    return agreed(dict(brought())["ktv_a.toml"], zhou, agency, since=now() - 90 * DAY)


@pytest.fixture
def desk(lin: User, contract: Contract) -> Client:
    return signed_in(lin)


def moment(days: float) -> str:
    return f"{localtime(now() - days * DAY):%Y-%m-%d %H:%M}"


def row(text: str = "酒是温的", days: float = 5, **more: Any) -> tuple[Any, ...]:
    given = {"投诉时间": moment(days), "渠道": "其他", "包厢": "B08", "投诉内容": text, **more}
    return tuple(given.get(name) for name in HEAD)


def uploaded(desk: Client, *rows: tuple[Any, ...]) -> Batch:
    sheet = SimpleUploadedFile("投诉.xlsx", book(HEAD, *rows))
    answer = desk.post("/imports/new/?kind=complaints", {"sheet": sheet})
    assert answer.status_code == 302, answer.content.decode()
    batch = Batch.objects.latest("pk")
    columns = {f"column-{key}": place for key, place in batch.mapping.items()}
    assert set(batch.mapping) >= {"received", "text", "channel", "room", "wish", "phone", "consent"}
    act(desk, batch, "columns", **columns)
    return batch


def act(desk: Client, batch: Batch, name: str, **given: object) -> HttpResponse:
    answer = desk.post(f"/imports/{batch.reference}/{name}/", given)
    run_due()
    batch.refresh_from_db()
    return answer  # type: ignore[return-value]


def taken(desk: Client, *rows: tuple[Any, ...]) -> Batch:
    batch = uploaded(desk, *rows)
    assert act(desk, batch, "take").status_code == 302
    return batch


def test_a_sheet_is_tried_out_before_anything_is_taken(desk: Client) -> None:
    batch = uploaded(desk, row(), row("果盘是酸的"))
    assert (batch.state, batch.new, batch.refused, Complaint.objects.count()) == ("read", 2, 0, 0)


def test_each_row_is_received_when_the_guest_told_it_and_recorded_when_it_came(desk: Client, lin: User) -> None:
    batch = taken(desk, row("酒是温的", 5, 诉求="换冰的"))
    complaint = Complaint.objects.get()
    assert localtime(complaint.received_at).strftime("%Y-%m-%d %H:%M") == moment(5)
    assert complaint.recorded_at is not None
    assert complaint.recorded_at - complaint.received_at > 4 * DAY
    assert (complaint.channel, complaint.room, complaint.wish, complaint.batch) == ("other", "B08", "换冰的", batch.pk)
    entries = history(key_of(complaint))
    assert [str(entry.reason) for entry in entries if entry.type == "complaint.received"] == [
        "brought in from other records"
    ]
    clock = Clock.objects.get(noun="complaint", noun_id=complaint.pk, duty="assess")
    assert clock.opened_at == complaint.received_at, (
        "what is owed is counted from receipt, however late the sheet comes"
    )


def test_the_same_row_brought_in_twice_is_taken_once(desk: Client) -> None:
    taken(desk, row(), row("果盘是酸的"))
    again = uploaded(desk, row(), row("果盘是酸的"), row("话筒没声"))
    assert (again.new, again.same) == (1, 2)
    act(desk, again, "take")
    assert Complaint.objects.count() == 3


def test_what_an_authority_passed_on_is_known_again_by_its_number(desk: Client) -> None:
    due = f"{localtime(now() + 6 * DAY):%Y-%m-%d %H:%M}"
    named: Any = {"转办单位": "12315", "工单编号": "GD-1", "办结期限": due}
    taken(desk, row("退钱不给", **named))
    complaint = Complaint.objects.get()
    assert (complaint.authority, complaint.authority_number) == ("12315", "GD-1")
    assert complaint.authority_due_at is not None
    assert localtime(complaint.authority_due_at).strftime("%Y-%m-%d %H:%M") == due
    assert uploaded(desk, row("退钱不给（补充）", **named)).same == 1


def test_a_telephone_number_comes_with_the_consent_of_its_guest_or_not_at_all(desk: Client) -> None:
    batch = taken(desk, row("一", 联系电话="13800138000", 是否同意联系="是"), row("二", 联系电话="13800138001"))
    assert (batch.new, batch.refused, Contact.objects.count()) == (1, 1, 1)
    contact = Complaint.objects.get().contact
    assert contact is not None
    assert contact.phone == "+8613800138000"


def test_what_is_wrong_stands_beside_its_row(desk: Client) -> None:
    batch = uploaded(
        desk,
        row("还没发生", -2),
        row("合同之前的", 200),
        row("哪来的", 渠道="飞鸽"),
        row("", 1),
        row("好的", 1),
        row("被联系的", 联系电话="12"),
    )
    assert (batch.new, batch.refused) == (1, 5)
    back = cells(desk.get(f"/imports/{batch.reference}/sheet/").content)
    said = [str(line[len(HEAD)] or "") for line in back[1:]]
    wanted = ("still to come", "before the contract", "not known here", "missing", "", "no telephone number")
    assert all(part in line for part, line in zip(wanted, said, strict=True)), said


def test_a_sheet_is_taken_back_as_far_as_nobody_has_acted(desk: Client, lin: User) -> None:
    batch = taken(desk, row("一", 0.1), row("二", 0.1), row("三", 0.1))
    first = Complaint.objects.order_by("pk")[0]
    operations.take_up(first, by=lin, at=now())
    assert act(desk, batch, "take-back").status_code == 302
    assert (batch.state, batch.removed, batch.kept) == ("undone", 2, 1)
    first.refresh_from_db()
    assert first.is_open
    others = Complaint.objects.exclude(pk=first.pk)
    assert all(one.withdrawn_at is not None for one in others)
    assert {history(key_of(one))[-1].data["reason"] for one in others} == {"entered_twice"}
    assert not Clock.objects.filter(noun="complaint", noun_id__in=others.values("pk"), state="open").exists()


def test_a_sheet_on_all_of_which_somebody_acted_stays_whole(desk: Client, lin: User) -> None:
    batch = taken(desk, row())
    operations.take_up(Complaint.objects.get(), by=lin, at=now())
    act(desk, batch, "take-back")
    assert (batch.state, batch.removed, batch.kept) == ("undone", 0, 1)
    assert Complaint.objects.get().is_open


def test_rooms_of_the_house_are_recognised_and_others_kept_as_they_were_said(desk: Client) -> None:
    taken(desk, row("一", 包厢="楼顶露台"))
    complaint = Complaint.objects.get()
    assert (complaint.place, complaint.room) == (None, "楼顶露台")


def test_who_may_not_bring_complaints_in_is_not_offered_it(contract: Contract, agency: Organisation) -> None:
    tang = signed_in(person("唐悦", agency, Post.MARKETING))
    assert "kind=complaints" not in tang.get("/imports/").content.decode()
    sheet = SimpleUploadedFile("投诉.xlsx", book(HEAD, row()))
    assert tang.post("/imports/new/?kind=complaints", {"sheet": sheet}).status_code in (403, 404)


def test_a_moment_of_a_sheet_is_of_the_house_and_not_of_the_machine(desk: Client) -> None:
    day = (localtime(now()) - 2 * DAY).replace(hour=1, minute=30, second=0, microsecond=0, tzinfo=None)
    taken(desk, row("凌晨说的", 投诉时间=day))
    assert localtime(Complaint.objects.get().received_at).hour == 1
    assert Complaint.objects.get().received_at - (now() - 3 * DAY) > HOUR
