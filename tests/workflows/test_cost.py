"""A cost and the request for its approval are one: what is decided about the one is true of the other at the same moment."""

from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.utils.timezone import localtime, now

from encore.accounts.models import Post, User
from encore.accounts.rights import NotYours
from encore.approvals import drafts
from encore.approvals import operations as approvals
from encore.approvals.models import Approval, State
from encore.books import operations as books
from encore.books import queries
from encore.books.models import BudgetLine, Commitment, Cost, Transfer
from encore.books.posting import BudgetExceeded
from encore.ledger.models import Event
from encore.money import Money
from encore.workflows.operations import submit_cost
from encore.workflows.queries import approval_of
from tests.books.conftest import approved, budget, claim, rejected, submitted, together, yuan
from tests.cast import DAY, HOUR, RECEIVED, person, signed_in

pytestmark = pytest.mark.django_db

LATER = RECEIVED + 2 * HOUR


def request_of(cost: Cost) -> Approval:
    found = approval_of(cost)
    assert found is not None
    return found


def types() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("type", flat=True))


# --- asked, and decided -----------------------------------------------------------------------------------------------


def test_whoever_submits_a_cost_asks_those_who_approve_such_an_amount(line: BudgetLine, lin: User, zhou: User) -> None:
    tiers = [(Decimal(200), [Post.MARKETING]), (None, [Post.FINANCE, Post.MANAGER])]
    drafts.set_tiers("cost", tiers, by=zhou)
    person("马超群", zhou.organisation, Post.MARKETING)
    small, large = submitted(line, lin, "199.99"), submitted(line, lin, "200.00")
    asked = [[step.post for step in request_of(cost).steps.order_by("place")] for cost in (small, large)]
    assert asked == [["marketing"], ["finance", "manager"]]
    assert (request_of(large).amount, request_of(large).words) == (Decimal("200.00"), large.purpose)
    assert types()[-2:] == ["cost.submitted", "approval.requested"]


def test_nothing_is_set_aside_before_the_last_of_them_has_agreed(
    line: BudgetLine, lin: User, gao: User, zhou: User
) -> None:
    drafts.set_tiers("cost", [(None, [Post.FINANCE, Post.MANAGER])], by=zhou)
    cost = approved(submitted(line, lin), gao)
    assert (cost.state, queries.standing(line).committed) == (Cost.State.SUBMITTED, Money.zero())
    cost = approved(cost, zhou)
    assert (cost.state, cost.decided_by, cost.granted) == (Cost.State.APPROVED, zhou, yuan("300.00"))
    assert queries.standing(line).committed == yuan("300.00")
    assert types()[-2:] == ["approval.given", "cost.approved"]


def test_a_refusal_rejects_it_and_its_words_stay_out_of_the_ledger(line: BudgetLine, lin: User, gao: User) -> None:
    cost = rejected(submitted(line, lin), gao, "请补开发票")
    assert (cost.state, cost.words, cost.decided_by) == (Cost.State.REJECTED, "请补开发票", gao)
    bodies = [orjson.loads(bytes(event.body)) for event in Event.objects.all()]
    assert "请补开发票" not in str(bodies)
    assert not Commitment.objects.exists()


def test_whoever_submitted_it_withdraws_it_and_its_invoice_is_free_again(
    line: BudgetLine, lin: User, gao: User
) -> None:
    cost = submitted(line, lin, invoice="04400190")
    with pytest.raises(approvals.CannotWithdraw):
        approvals.withdraw(request_of(cost), by=gao, at=LATER)
    approvals.withdraw(request_of(cost), by=lin, at=LATER)
    cost.refresh_from_db()
    assert (cost.state, types()[-2:]) == (Cost.State.WITHDRAWN, ["approval.withdrawn", "cost.withdrawn"])
    with pytest.raises(approvals.AlreadyDecided):
        approved(cost, gao)
    submitted(line, lin, invoice="04400190")


def test_what_is_approved_is_not_withdrawn_any_more(line: BudgetLine, lin: User, gao: User) -> None:
    cost = approved(submitted(line, lin), gao)
    with pytest.raises(approvals.CannotWithdraw):
        approvals.withdraw(request_of(cost), by=lin, at=LATER)
    cost.refresh_from_db()
    assert cost.awaits_payment


def test_a_deputy_approves_in_the_place_of_who_is_away(line: BudgetLine, lin: User, gao: User, zhou: User) -> None:
    drafts.set_absence(zhou, RECEIVED.date(), RECEIVED.date() + DAY, by=gao)
    cost = submitted(line, lin)
    approved(cost, zhou)
    assert request_of(cost).steps.get().acting_for == gao


@pytest.mark.parametrize("role", ["requester", "beneficiary"])
def test_nobody_approves_or_pays_what_comes_to_themselves(
    line: BudgetLine, lin: User, gao: User, zhou: User, role: str
) -> None:
    if role == "requester":
        cost = submitted(line, gao)
    else:
        cost = submit_cost(claim(line, beneficiary=gao), by=lin, at=RECEIVED)
    with pytest.raises(approvals.CannotDecide):
        approved(cost, gao)
    cost = approved(cost, zhou)
    with pytest.raises(NotYours):
        books.pay_cost(cost, day=RECEIVED.date(), by=gao, at=LATER)
    books.pay_cost(cost, day=RECEIVED.date(), by=zhou, at=LATER)


def test_the_money_goes_to_nobody_of_another_house(line: BudgetLine, lin: User, he: User) -> None:
    with pytest.raises(books.CannotSubmit):
        submit_cost(claim(line, beneficiary=he), by=lin, at=RECEIVED)


def test_where_nobody_may_approve_it_nothing_is_submitted(line: BudgetLine, zhou: User, gao: User) -> None:
    gao.is_active = False
    gao.save()
    with pytest.raises(approvals.CannotAsk):
        submitted(line, zhou)
    assert not Cost.objects.exists()


def test_what_anybody_asks_about_a_cost_by_a_form_of_their_own_approves_nothing(
    line: BudgetLine, lin: User, gao: User, zhou: User
) -> None:
    cost = submitted(line, lin, "900.00")
    drafts.set_tiers("other", [(None, [Post.FINANCE])], by=zhou)
    other = approvals.request(
        subject=cost, kind="other", words="一元", form_key=uuid4().hex, amount=Decimal("1.00"), beneficiary=None,
        copies=(), by=lin, at=RECEIVED,
    )  # fmt: skip
    approvals.approve(other, step=other.steps.get().pk, words="", by=gao, at=LATER)
    cost.refresh_from_db()
    assert cost.awaits_decision


# --- what goes wrong with money elsewhere -----------------------------------------------------------------------------


def test_rounding(gao: User, lin: User) -> None:
    """Three thirds are a whole: what is claimed, approved, set aside and paid is the same to the cent, and empties the line."""
    line = budget(gao, "100.00")
    for amount in ("33.33", "33.33", "33.34"):
        cost = approved(submitted(line, lin, amount), gao)
        assert (cost.money, cost.granted) == (yuan(amount), yuan(amount))
        books.pay_cost(cost, day=RECEIVED.date(), by=gao, at=LATER)
    found = queries.standing(line)
    assert (found.paid, found.available) == (yuan("100.00"), Money.zero())
    with pytest.raises(books.CannotSubmit):
        submitted(line, lin, "0.01")


def test_two_approvers_at_once(transactional_db: None, gao: User, zhou: User, lin: User) -> None:
    """One is the one who approved it; the other is told who that was; the money is set aside once."""
    second = person("第二财务", gao.organisation, Post.FINANCE)
    line = budget(gao, "1000.00")
    cost = submitted(line, lin)
    step = request_of(cost).steps.get().pk
    acts = [partial(approvals.approve, request_of(cost), step=step, words="", by=by, at=LATER) for by in (gao, second)]
    assert [type(problem) for problem in together(*acts)] == [approvals.AlreadyDecided]
    assert Commitment.objects.get().money == yuan("300.00")
    assert types().count("cost.approved") == types().count("approval.given") == 1


def test_one_who_approves_and_one_who_refuses_at_once(transactional_db: None, gao: User, lin: User) -> None:
    second = person("第二财务", gao.organisation, Post.FINANCE)
    line = budget(gao, "1000.00")
    cost = submitted(line, lin)
    step = request_of(cost).steps.get().pk
    acts = [
        partial(approvals.approve, request_of(cost), step=step, words="", by=gao, at=LATER),
        partial(approvals.refuse, request_of(cost), step=step, words="没有发票", by=second, at=LATER),
    ]
    assert [type(problem) for problem in together(*acts)] == [approvals.AlreadyDecided]
    cost.refresh_from_db()
    pair = (request_of(cost).state, cost.state, Commitment.objects.count())
    assert pair in {(State.GIVEN, Cost.State.APPROVED, 1), (State.REFUSED, Cost.State.REJECTED, 0)}


def test_withdrawn_and_approved_at_once(transactional_db: None, gao: User, lin: User) -> None:
    line = budget(gao, "1000.00")
    cost = submitted(line, lin)
    step = request_of(cost).steps.get().pk
    acts = [
        partial(approvals.approve, request_of(cost), step=step, words="", by=gao, at=LATER),
        partial(approvals.withdraw, request_of(cost), by=lin, at=LATER),
    ]
    assert len(together(*acts)) == 1
    cost.refresh_from_db()
    pair = (request_of(cost).state, cost.state, Commitment.objects.count())
    assert pair in {(State.GIVEN, Cost.State.APPROVED, 1), (State.WITHDRAWN, Cost.State.WITHDRAWN, 0)}


def test_a_refund_is_retried_after_a_timeout(transactional_db: None, gao: User, zhou: User, lin: User) -> None:
    """Whoever got no answer sends it again, and a colleague meanwhile does the same: it is paid once."""
    line = budget(gao, "1000.00")
    cost = approved(submitted(line, lin), gao)
    acts = [partial(books.pay_cost, cost, day=RECEIVED.date(), by=by, at=LATER) for by in (gao, gao, zhou)]
    assert [type(problem) for problem in together(*acts)] == [books.CannotPay] * 2
    assert Transfer.objects.get().money == yuan("300.00")
    assert queries.standing(line).paid == yuan("300.00")
    assert types().count("cost.paid") == 1


def test_a_budget_is_not_exceeded_by_parallel_approvals(transactional_db: None, gao: User, lin: User) -> None:
    """Whose approval finds too little money has approved nothing: request and cost still wait."""
    line = budget(gao, "1000.00")
    costs = [submitted(line, lin, "600.00") for _ in range(3)]
    acts = [
        partial(approvals.approve, request_of(one), step=request_of(one).steps.get().pk, words="", by=gao, at=LATER)
        for one in costs
    ]
    assert [type(problem) for problem in together(*acts)] == [BudgetExceeded] * 2
    assert queries.standing(line).available == yuan("400.00")
    states = sorted((request_of(one).state, Cost.objects.get(pk=one.pk).state) for one in costs)
    assert states == [(State.GIVEN, Cost.State.APPROVED), *[(State.OPEN, Cost.State.SUBMITTED)] * 2]
    waiting = next(one for one in costs if request_of(one).is_open)
    books.set_budget(books.Budget(line.name, yuan("1200.00"), line.from_day, line.to_day), line=line, by=gao, at=LATER)
    assert approved(waiting, gao).awaits_payment


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def today(gao: User) -> BudgetLine:
    """Of this very year, since pages read the clock."""
    day = localtime(now()).date()
    wanted = books.Budget("投诉处理", yuan("1000.00"), day - 30 * DAY, day + 30 * DAY)
    return books.set_budget(wanted, by=gao, at=now())


def fresh(line: BudgetLine, by: User, amount: str = "300.00", **more: Any) -> Cost:
    item = books.Item(localtime(now()).date(), "干洗费", yuan(amount))
    return submit_cost(books.Claim(line, "客人衣物干洗", [item], uuid4().hex, **more), by=by, at=now())


def part(cost: Cost, reader: User) -> str:
    answer = signed_in(reader).get(f"/money/costs/{cost}/approval/", headers={"hx-request": "true"})
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def test_the_page_of_a_cost_shows_who_approves_it_and_what_to_do(
    today: BudgetLine, lin: User, gao: User, zhou: User, he: User
) -> None:
    cost = fresh(today, lin)
    assert f"/money/costs/{cost}/approval/" in signed_in(lin).get(f"/money/costs/{cost}/").content.decode()
    assert "Withdraw it" in part(cost, lin)
    assert "Decide" in part(cost, gao)
    assert "Decide" not in part(cost, zhou)
    assert "Withdraw it" not in part(cost, gao)
    assert part(cost, he) == "404"
    plain = signed_in(lin).get(f"/money/costs/{cost}/approval/")
    assert plain["Location"] == f"/approvals/{request_of(cost)}/"


def test_an_approver_in_any_post_sees_what_they_decide_on(today: BudgetLine, lin: User, gao: User, zhou: User) -> None:
    ma = person("马超群", zhou.organisation, Post.MARKETING)
    drafts.set_tiers("cost", [(None, [Post.MARKETING])], by=zhou)
    wang, cost = person("王芳", zhou.organisation, Post.PROMOTION), fresh(today, lin)
    address = f"/money/costs/{cost}/"
    assert [signed_in(one).get(address).status_code for one in (ma, lin, wang)] == [200, 200, 404]
    step = request_of(cost).steps.get().pk
    signed_in(ma).post(f"/approvals/{request_of(cost)}/approve/", {"step": str(step), "words": ""})
    cost.refresh_from_db()
    assert (cost.state, cost.decided_by) == (Cost.State.APPROVED, ma)


def test_an_approval_beyond_the_budget_is_refused_with_what_is_left(today: BudgetLine, lin: User, gao: User) -> None:
    first, second = fresh(today, lin, "600.00"), fresh(today, lin, "600.00")
    approved(first, gao, now())
    step = request_of(second).steps.get().pk
    page = signed_in(gao).post(f"/approvals/{request_of(second)}/approve/", {"step": str(step), "words": "同意"})
    assert page.status_code == 409
    assert "has only ¥400.00 left" in page.content.decode()
    assert request_of(second).is_open


def test_a_colleague_fills_in_the_form_for_whoever_laid_it_out(
    today: BudgetLine, lin: User, gao: User, zhou: User
) -> None:
    wang = person("王芳", zhou.organisation, Post.PROMOTION)
    cost = fresh(today, lin, beneficiary=wang)
    assert "王芳" in signed_in(wang).get(f"/money/costs/{cost}/").content.decode()
    assert request_of(cost).barred == {lin.pk, wang.pk}
