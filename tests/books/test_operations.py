from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from encore.accounts.models import Post, User
from encore.accounts.rights import NotYours
from encore.books import operations, queries
from encore.books.models import BudgetLine, Cost, Transfer
from encore.books.operations import Budget
from encore.books.posting import AlreadyReversed, PeriodClosed
from encore.complaints.models import Complaint
from encore.ledger.models import Event
from encore.money import Money
from encore.workflows.operations import submit_cost
from tests.books.conftest import approved, budget, claim, rejected, submitted, together, yuan
from tests.cast import DAY, HOUR, RECEIVED, SIGNED, person

pytestmark = pytest.mark.django_db

LATER = RECEIVED + 2 * HOUR


def told(type: str) -> Mapping[str, Any]:
    body: Mapping[str, Any] = orjson.loads(bytes(Event.objects.filter(type=type).latest("pk").body))
    return body


def test_a_cost_goes_from_the_form_to_the_payment(line: BudgetLine, lin: User, zhou: User, gao: User) -> None:
    cost = submitted(line, lin)
    assert queries.standing(line).available == yuan("1000.00")
    cost = approved(cost, gao)
    found = queries.standing(line)
    assert (found.committed, found.paid, found.available) == (yuan("300.00"), Money.zero(), yuan("700.00"))
    cost = operations.pay_cost(cost, day=date(2026, 3, 11), by=gao, at=RECEIVED + DAY)
    found = queries.standing(line)
    assert (found.committed, found.paid, found.available) == (Money.zero(), yuan("300.00"), yuan("700.00"))
    assert (cost.state, cost.money, cost.granted) == (Cost.State.PAID, yuan("300.00"), yuan("300.00"))
    assert told("cost.paid")["data"] == {"amount": "300.00", "currency": "CNY"}


@pytest.mark.parametrize("post", [Post.MANAGER, Post.FINANCE])
def test_nobody_pays_their_own_costs(line: BudgetLine, zhou: User, gao: User, post: Post) -> None:
    own, other = (zhou, gao) if post == Post.MANAGER else (gao, zhou)
    cost = approved(submitted(line, own), other)
    with pytest.raises(NotYours):
        operations.pay_cost(cost, day=RECEIVED.date(), by=own, at=LATER)


def test_a_claim_beyond_what_is_left_is_told_so_before_anybody_approves(line: BudgetLine, lin: User, gao: User) -> None:
    approved(submitted(line, lin, "800.00"), gao)
    with pytest.raises(operations.CannotSubmit, match=r"200\.00"):
        submitted(line, lin, "200.01")


def test_an_invoice_is_paid_once_and_free_again_after_a_rejection(
    line: BudgetLine, lin: User, zhou: User, gao: User
) -> None:
    first = submitted(line, lin, invoice="04400190")
    with pytest.raises(operations.InvoiceTaken):
        submitted(line, zhou, invoice="04400190")
    rejected(first, gao)
    submitted(line, zhou, invoice="04400190")


def test_an_invoice_does_not_stand_on_one_form_twice(line: BudgetLine, lin: User) -> None:
    twice = claim(line, "1.00", "04400190")
    with pytest.raises(operations.InvoiceTaken):
        submit_cost(replace(twice, items=[*twice.items, *twice.items]), by=lin, at=RECEIVED)
    assert not Cost.objects.exists()


def test_the_same_form_sent_twice_is_one(line: BudgetLine, lin: User) -> None:
    form = claim(line)
    submit_cost(form, by=lin, at=RECEIVED)
    with pytest.raises(operations.AlreadySubmitted):
        submit_cost(form, by=lin, at=RECEIVED)


def test_what_was_spent_on_a_complaint_is_told_to_its_contract(
    line: BudgetLine, lin: User, complaint: Complaint
) -> None:
    submit_cost(claim(line, about=complaint), by=lin, at=RECEIVED)
    assert {f"complaint:{complaint.pk}", f"contract:{complaint.contract_id}"} <= set(told("cost.submitted")["refs"])


def test_what_others_have_is_named_by_nobody(line: BudgetLine, lin: User, complaint: Complaint, agency: Any) -> None:
    from encore.accounts.models import Organisation, Role

    third = Organisation.objects.create(name="别家", role=Role.VENUE)
    strangers = person("外人", third, Post.FINANCE), person("店员", third, Post.PROMOTION)
    theirs = budget(strangers[0], "100.00")
    with pytest.raises(NotYours):
        submit_cost(claim(theirs, "1.00", about=complaint), by=strangers[1], at=RECEIVED)
    with pytest.raises(operations.CannotSubmit):
        submit_cost(claim(line, "1.00"), by=strangers[1], at=RECEIVED)


def test_a_payment_lies_between_the_form_and_today_in_an_open_month(
    line: BudgetLine, lin: User, zhou: User, gao: User
) -> None:
    cost = approved(submitted(line, lin), gao)
    for day in (RECEIVED.date() - timedelta(days=1), RECEIVED.date() + timedelta(days=40)):
        with pytest.raises(operations.CannotPay):
            operations.pay_cost(cost, day=day, by=gao, at=RECEIVED + 30 * DAY)
    operations.close_period(RECEIVED.date(), by=gao, at=RECEIVED + 30 * DAY)
    with pytest.raises(PeriodClosed):
        operations.pay_cost(cost, day=RECEIVED.date(), by=gao, at=RECEIVED + 30 * DAY)
    operations.pay_cost(cost, day=date(2026, 4, 1), by=gao, at=RECEIVED + 30 * DAY)


def test_a_budget_is_not_set_below_what_is_promised_or_paid(line: BudgetLine, lin: User, zhou: User, gao: User) -> None:
    approved(submitted(line, lin), gao)
    wanted = Budget(line.name, yuan("299.99"), line.from_day, line.to_day)
    with pytest.raises(operations.CannotSetBudget, match=r"300\.00"):
        operations.set_budget(wanted, line=line, by=gao, at=LATER)
    operations.set_budget(replace(wanted, money=yuan("300.00")), line=line, by=gao, at=LATER)
    assert queries.standing(line).available == Money.zero()
    assert [told("budget.set")["data"][name] for name in ("amount", "from_day")] == ["300.00", "2026-01-01"]


def test_a_budget_has_one_line_of_a_name_from_a_day_on(line: BudgetLine, gao: User) -> None:
    with pytest.raises(operations.CannotSetBudget):
        budget(gao, "5.00")


def test_a_budget_that_a_contract_wants_is_told_to_it(contract: Any, zhou: User) -> None:
    wanted = Budget("培训", yuan("5.00"), date(2026, 1, 1), date(2026, 12, 31), "training", contract)
    operations.set_budget(wanted, by=zhou, at=SIGNED)
    assert f"contract:{contract.pk}" in told("budget.set")["refs"]


def test_a_month_is_closed_once_when_it_is_over(line: BudgetLine, gao: User, zhou: User) -> None:
    with pytest.raises(operations.CannotClose):
        operations.close_period(date(2026, 3, 1), by=gao, at=RECEIVED)
    period = operations.close_period(date(2026, 3, 15), by=gao, at=RECEIVED + 30 * DAY)
    with pytest.raises(operations.CannotClose):
        operations.close_period(date(2026, 3, 1), by=gao, at=RECEIVED + 30 * DAY)
    said = told("period.closed")["data"]
    assert (said["from_day"], said["to_day"], said["transfers"]) == ("2026-03-01", "2026-03-31", 0)
    with pytest.raises(operations.CannotReopen):
        operations.reopen_period(period, reason="because", by=zhou, at=RECEIVED + 31 * DAY)
    with pytest.raises(NotYours):
        operations.reopen_period(period, reason="audit", by=gao, at=RECEIVED + 31 * DAY)
    operations.reopen_period(period, reason="audit", by=zhou, at=RECEIVED + 31 * DAY)
    with pytest.raises(operations.CannotReopen):
        operations.reopen_period(period, reason="audit", by=zhou, at=RECEIVED + 31 * DAY)


def test_whoever_may_act_next_is_responsible_and_never_the_requester(
    line: BudgetLine, lin: User, zhou: User, gao: User
) -> None:
    of_lin, of_gao = submitted(line, lin), submitted(line, gao)
    found = queries.responsible([of_lin.pk, of_gao.pk])
    assert {one: set(people) for one, people in found.items()} == {of_lin.pk: {zhou, gao}, of_gao.pk: {zhou}}


# --- put right --------------------------------------------------------------------------------------------------------


def paid(line: BudgetLine, lin: User, gao: User, invoice: str = "") -> tuple[Cost, Transfer]:
    cost = operations.pay_cost(
        approved(submitted(line, lin, invoice=invoice), gao), day=RECEIVED.date(), by=gao, at=LATER
    )
    return cost, Transfer.objects.get(noun="cost", noun_id=cost.pk)


def test_a_payment_that_is_moved_back_is_free_again_and_its_invoice_too(line: BudgetLine, lin: User, gao: User) -> None:
    cost, transfer = paid(line, lin, gao, "04400190")
    operations.reverse_transfer(transfer, day=RECEIVED.date(), reason="wrong_amount", by=gao, at=LATER)
    cost.refresh_from_db()
    assert cost.state == Cost.State.RETURNED
    assert queries.standing(line).available == yuan("1000.00")
    assert {one.amount for one in queries.balances(gao.organisation_id).values()} == {0}
    assert told("transfer.reversed")["data"] == {
        "amount": "300.00", "currency": "CNY", "day": "2026-03-10", "reason": "wrong_amount",
    }  # fmt: skip
    submitted(line, lin, invoice="04400190")


def test_a_mistake_of_a_closed_month_is_put_right_in_an_open_one(line: BudgetLine, lin: User, gao: User) -> None:
    _cost, transfer = paid(line, lin, gao)
    period = operations.close_period(RECEIVED.date(), by=gao, at=RECEIVED + 30 * DAY)
    later = RECEIVED + 30 * DAY
    with pytest.raises(PeriodClosed):
        operations.reverse_transfer(transfer, day=RECEIVED.date(), reason="wrong_line", by=gao, at=later)
    operations.reverse_transfer(transfer, day=date(2026, 4, 2), reason="wrong_line", by=gao, at=later)
    assert queries.digest(queries.transfers_of(period)) == period.digest


@pytest.mark.parametrize("day", [RECEIVED.date() - timedelta(days=1), RECEIVED.date() + timedelta(days=2)])
def test_a_payment_is_not_moved_back_before_it_was_made_or_after_today(
    line: BudgetLine, lin: User, gao: User, day: date
) -> None:
    _cost, transfer = paid(line, lin, gao)
    with pytest.raises(operations.CannotReverse):
        operations.reverse_transfer(transfer, day=day, reason="audit", by=gao, at=LATER)


def test_nobody_moves_back_what_they_got(line: BudgetLine, gao: User, zhou: User) -> None:
    cost = operations.pay_cost(approved(submitted(line, gao), zhou), day=RECEIVED.date(), by=zhou, at=LATER)
    transfer = Transfer.objects.get(noun="cost", noun_id=cost.pk)
    with pytest.raises(NotYours):
        operations.reverse_transfer(transfer, day=RECEIVED.date(), reason="audit", by=gao, at=LATER)


def test_the_books_of_others_are_not_put_right(line: BudgetLine, lin: User, gao: User, he: User) -> None:
    _cost, transfer = paid(line, lin, gao)
    with pytest.raises(NotYours):
        operations.reverse_transfer(transfer, day=RECEIVED.date(), reason="audit", by=he, at=LATER)
    assert queries.standing(line).paid == yuan("300.00")


def test_a_payment_that_two_move_back_at_once_is_moved_back_once(
    transactional_db: None, gao: User, zhou: User, lin: User
) -> None:
    line = budget(gao, "1000.00")
    _cost, transfer = paid(line, lin, gao)
    back = [
        lambda by=by: operations.reverse_transfer(transfer, day=RECEIVED.date(), reason="audit", by=by, at=LATER)
        for by in (gao, zhou)
    ]
    assert [type(problem) for problem in together(*back)] == [AlreadyReversed]
    assert queries.standing(line).available == yuan("1000.00")
