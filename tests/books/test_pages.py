from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.timezone import localtime, now
from pypdf import PdfReader

from encore.accounts.models import AccessLog, Post, User
from encore.books import operations, queries
from encore.books.models import BudgetLine, Cost, Transfer
from encore.books.operations import Budget, close_period
from encore.workflows.operations import submit_cost
from tests.books.conftest import approved, budget, submitted, yuan
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(gao: User) -> BudgetLine:
    """Of this very year, since pages read the clock."""
    today = localtime(now()).date()
    wanted = Budget("投诉处理", yuan("1000.00"), today - timedelta(days=30), today + timedelta(days=30))
    return operations.set_budget(wanted, by=gao, at=now())


def filled(client: Client, line: BudgetLine, **instead: str) -> dict[str, str]:
    """The form as it is sent, two lines of it written into."""
    shown = client.get("/money/costs/new/")
    key = shown.content.decode().split('name="form_key" value="')[1][:32]
    return {
        "form_key": key,
        "line": str(line.pk),
        "purpose": "客人衣物干洗",
        "attachments": "2",
        "item-TOTAL_FORMS": "4",
        "item-INITIAL_FORMS": "0",
        "item-0-day": "2026.3.5",
        "item-0-what": "干洗费",
        "item-0-amount": "¥１０９.50",
        "item-0-invoice": "0440 0190",
        "item-1-day": "2026年3月6日",
        "item-1-what": "出租车",
        "item-1-amount": "20元",
        **instead,
    }


def test_a_form_is_filled_in_approved_paid_and_printed(line: BudgetLine, lin: User, zhou: User, gao: User) -> None:
    client = signed_in(lin)
    form = filled(client, line)
    page = client.post("/money/costs/new/", form, follow=True)
    cost = Cost.objects.get()
    assert (page.status_code, cost.money, cost.items.get(invoice="04400190").amount) == (
        200,
        yuan("129.50"),
        Decimal("109.50"),
    )
    assert "人民币壹佰贰拾玖元伍角" in page.content.decode()
    address = f"/money/costs/{cost}/"
    approved(cost, gao, now())
    signed_in(gao).post(f"{address}pay/", {"day": localtime(now()).date().isoformat()})
    cost.refresh_from_db()
    assert (cost.state, cost.granted) == (Cost.State.PAID, yuan("129.50"))

    printed = signed_in(lin, "zh-CN").get(f"/documents/cost/{cost}/reimbursement-form.pdf")
    sheet = PdfReader(BytesIO(printed.content)).pages[0]
    assert sheet.mediabox.width > sheet.mediabox.height, "half a sheet lies across"
    words = sheet.extract_text()
    assert all(
        text in words for text in ("人民币壹佰贰拾玖元伍角", "04400190", "¥129.50", "附件 2 张", str(cost), "星河里")
    )
    assert AccessLog.objects.get(act="exported").reason == "reimbursement-form"


def test_the_same_form_sent_twice_leads_to_the_same_page(line: BudgetLine, lin: User) -> None:
    client = signed_in(lin)
    form = filled(client, line, **{"item-0-amount": "1"})
    first, second = (client.post("/money/costs/new/", form) for _ in range(2))
    assert (first["Location"], Cost.objects.count()) == (second["Location"], 1)


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(line: BudgetLine, lin: User) -> None:
    client = signed_in(lin)
    page = client.post("/money/costs/new/", filled(client, line, **{"item-1-amount": "3千", "item-1-day": ""}))
    body = page.content.decode()
    assert page.status_code == 422
    assert "This is no amount of money." in body
    assert all(text in body for text in ("3千", "客人衣物干洗", "0440 0190"))
    assert not Cost.objects.exists()


def test_an_invoice_that_another_form_has_is_named_beside_it(line: BudgetLine, lin: User, zhou: User) -> None:
    other = submit_cost(
        operations.Claim(line, "干洗", [operations.Item(line.from_day, "x", yuan("1.00"), "04400190")], "a" * 32),
        by=zhou,
        at=now(),
    )
    client = signed_in(lin)
    page = client.post("/money/costs/new/", filled(client, line, **{"item-0-amount": "1"}))
    assert page.status_code == 422
    assert f"stands on {other} already" in page.content.decode()


def test_a_claim_beyond_the_budget_is_refused_with_what_is_left(line: BudgetLine, lin: User) -> None:
    client = signed_in(lin)
    page = client.post("/money/costs/new/", filled(client, line, **{"item-0-amount": "1000"}))
    assert page.status_code == 409
    assert "has only ¥1,000.00 left" in page.content.decode()


def test_everybody_sees_their_own_forms_and_who_keeps_the_books_sees_all(
    line: BudgetLine, lin: User, gao: User
) -> None:
    wang = person("王芳", lin.organisation, Post.PROMOTION)
    cost = submit_cost(
        operations.Claim(line, "干洗", [operations.Item(line.from_day, "x", yuan("1.00"))], "b" * 32), by=lin, at=now()
    )
    for reader, status in ((lin, 200), (gao, 200), (wang, 404)):
        client = signed_in(reader)
        assert client.get(f"/money/costs/{cost}/").status_code == status
        assert client.get(f"/documents/cost/{cost}/reimbursement-form.pdf").status_code == status
        assert (str(cost) in client.get("/money/costs/").content.decode()) is (status == 200)
    assert signed_in(lin).get("/money/budget/").status_code == 403
    assert signed_in(lin).post(f"/money/costs/{cost}/pay/", {"day": "2026-3-5"}).status_code == 403
    assert signed_in(lin).get(f"/money/budget/{line}/move-back/").status_code == 404


def test_the_overview_shows_the_four_numbers_and_leads_to_their_rows(
    line: BudgetLine, lin: User, zhou: User, gao: User
) -> None:
    for number, amount in enumerate(("100.00", "50.00")):
        cost = submit_cost(
            operations.Claim(line, "干洗", [operations.Item(line.from_day, "x", yuan(amount))], f"{number}" * 32),
            by=lin,
            at=now(),
        )
        cost = approved(cost, gao, now())
        if number:
            operations.pay_cost(cost, day=localtime(now()).date(), by=zhou, at=now())
    body = signed_in(zhou).get("/money/budget/").content.decode()
    assert all(
        text in body for text in ("¥1,000.00", "¥100.00", "¥50.00", "¥850.00", f"/money/budget/{line}/#committed")
    )
    rows = signed_in(zhou).get(f"/money/budget/{line}/").content.decode()
    assert all(str(cost) in rows for cost in Cost.objects.all())


def test_a_payment_is_put_right_from_the_page_of_its_budget(line: BudgetLine, lin: User, gao: User) -> None:
    cost = submitted_today(line, lin)
    operations.pay_cost(approved(cost, gao, now()), day=localtime(now()).date(), by=gao, at=now())
    transfer, client = Transfer.objects.get(), signed_in(gao)
    address = f"/money/budget/{line}/move-back/"
    assert f"{address}?transfer={transfer.pk}" in client.get(f"/money/budget/{line}/").content.decode()
    assert str(cost) in client.get(f"{address}?transfer={transfer.pk}").content.decode()
    said = {"transfer": str(transfer.pk), "day": localtime(now()).date().isoformat(), "reason": "paid_twice"}
    assert client.post(address, {**said, "day": "2019-1-1"}).status_code == 409
    assert client.post(address, {**said, "transfer": "0"}).status_code == 422
    assert client.post(address, said)["Location"] == f"/money/budget/{line}/#paid"
    body = client.get(f"/money/budget/{line}/").content.decode()
    assert "?transfer=" not in body
    assert "taken back" in body
    assert "no payment to put right" in client.get(address).content.decode()
    assert "payment taken back" in signed_in(lin).get(f"/money/costs/{cost}/").content.decode()


def submitted_today(line: BudgetLine, by: User) -> Cost:
    item = operations.Item(localtime(now()).date(), "干洗费", yuan("300.00"))
    return submit_cost(operations.Claim(line, "客人衣物干洗", [item], uuid4().hex), by=by, at=now())


def test_a_budget_is_set_and_set_anew(gao: User) -> None:
    client = signed_in(gao)
    said = {"name": "培训", "amount": "2,400", "from_day": "2026-1-1", "to_day": "2025-12-31"}
    assert client.post("/money/budget/new/", said).status_code == 422
    page = client.post("/money/budget/new/", {**said, "to_day": "2026-12-31"})
    line = BudgetLine.objects.get()
    assert (page["Location"], line.money) == (f"/money/budget/{line}/", yuan("2400.00"))
    client.post(f"/money/budget/{line}/", {"amount": "0.01"})
    line.refresh_from_db()
    assert line.money == yuan("0.01")


def test_a_month_is_closed_printed_and_opened_again(gao: User, zhou: User, lin: User) -> None:
    line = budget(gao, "1000.00")
    cost = approved(submitted(line, lin), gao, now())
    operations.pay_cost(cost, day=queries.day_of(cost.submitted_at), by=gao, at=now())
    client = signed_in(gao)
    client.post("/money/months/", {"month": "2026-03"})
    period = queries.periods_visible_to(gao).get()
    assert period.is_closed
    body = client.get(f"/money/months/{period}/").content.decode()
    assert "¥300.00" in body
    assert client.post(f"/money/months/{period}/", {"reason": "audit"}).status_code == 403
    sheet = signed_in(gao, "zh-CN").get(f"/documents/period/{period}/month-of-the-books.pdf")
    assert "人民币叁佰元整" in PdfReader(BytesIO(sheet.content)).pages[0].extract_text()
    assert signed_in(zhou).post(f"/money/months/{period}/", {"reason": "audit"}).status_code == 302
    period.refresh_from_db()
    assert not period.is_closed


def test_a_month_that_was_changed_behind_its_back_says_so(gao: User, zhou: User, lin: User) -> None:
    line = budget(gao, "1000.00")
    cost = approved(submitted(line, lin), gao, now())
    operations.pay_cost(cost, day=queries.day_of(cost.submitted_at), by=gao, at=now())
    period = close_period(queries.day_of(cost.submitted_at), by=gao, at=now())
    page = f"/money/months/{period}/"
    told = "The transfers are not those"
    assert told not in signed_in(gao).get(page).content.decode()
    queries.transfers_of(period).update(amount=Decimal("3.00"))
    assert told in signed_in(gao).get(page).content.decode()


def test_the_list_of_forms_asks_the_database_as_often_for_many_as_for_one(
    line: BudgetLine, lin: User, gao: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        claim = operations.Claim(line, "干洗", [operations.Item(line.from_day, "x", yuan("1.00"))], f"{number:032}")
        submit_cost(claim, by=lin, at=now())
    client = signed_in(gao)
    client.get("/money/costs/")
    with django_assert_max_num_queries(14):
        assert client.get("/money/costs/").status_code == 200
