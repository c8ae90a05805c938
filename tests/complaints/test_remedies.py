"""What guests are offered: who approves it, that it is given once and paid once."""

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.utils.timezone import now

from encore.accounts.models import Organisation, Post, User
from encore.approvals import operations as approvals
from encore.approvals.models import Approval
from encore.books.models import Transfer
from encore.books.operations import Budget, set_budget
from encore.books.posting import BudgetExceeded
from encore.books.queries import day_of
from encore.complaints import operations, queries
from encore.complaints.models import Complaint, Remedy
from encore.complaints.operations.remedies import COSTS
from encore.complaints.tasks import settle
from encore.jobs.worker import run_due
from encore.ledger.models import Clock, Event
from encore.money import Money
from tests.cast import DAY, HOUR, agreed, complain, person, signed_in
from tests.clauses import content

MONEY = "compensation"


@pytest.fixture
def qian(venue: Organisation) -> User:
    return person("钱多多", venue, Post.FINANCE)


@pytest.fixture
def complaint(zhou: User, lin: User, qian: User, agency: Organisation) -> Complaint:
    complaint = complain(agreed(content("B"), zhou, agency), at=now() - 5 * HOUR)
    operations.verify(complaint, by=zhou, at=now() - 4 * HOUR)
    return operations.assess(complaint, severity="two", category="product", by=zhou, at=now() - 3 * HOUR)


def offered(complaint: Complaint, amount: str, by: User) -> Remedy:
    words = f"退第 {complaint.remedies.count() + 1} 笔酒水钱"
    return operations.offer(complaint, kind=MONEY, words=words, amount=Decimal(amount), by=by, at=now())


def asked_for(remedy: Remedy) -> Approval:
    assert remedy.approval_id is not None
    return Approval.objects.get(pk=remedy.approval_id)


def decided(remedy: Remedy, by: User, *, agrees: bool) -> Remedy:
    approval = asked_for(remedy)
    step = approval.steps.get(decided_at=None)
    act = approvals.approve if agrees else approvals.refuse
    act(approval, step=step.pk, words="看过了", by=by, at=now())
    run_due()
    remedy.refresh_from_db()
    return remedy


def test_within_ones_own_limit_it_can_be_given_at_once(complaint: Complaint, lin: User) -> None:
    remedy = offered(complaint, "300.00", lin)
    assert (remedy.state, remedy.approval) == (Remedy.State.OFFERED, None)
    assert operations.give(remedy, by=lin, at=now()).state == Remedy.State.GIVEN


def test_above_it_those_whom_the_house_has_named_decide(complaint: Complaint, lin: User, qian: User) -> None:
    remedy = offered(complaint, "300.01", lin)
    assert remedy.state == Remedy.State.ASKED
    approval = asked_for(remedy)
    assert (approval.noun, approval.noun_id, approval.amount) == ("complaint", complaint.pk, Decimal("300.01"))
    with pytest.raises(operations.CannotGive):
        operations.give(remedy, by=lin, at=now())
    assert decided(remedy, qian, agrees=True).state == Remedy.State.APPROVED
    assert remedy.decided_by == qian
    page = signed_in(lin, "zh-CN").get(f"/complaints/{complaint.reference}/").content.decode()
    assert approval.reference in page
    assert "¥300.01" in page


def test_what_is_refused_is_not_given(complaint: Complaint, lin: User, qian: User) -> None:
    remedy = decided(offered(complaint, "500.00", lin), qian, agrees=False)
    assert remedy.state == Remedy.State.REFUSED
    with pytest.raises(operations.CannotGive):
        operations.give(remedy, by=lin, at=now())


def test_what_is_no_longer_asked_for_is_not_given(complaint: Complaint, lin: User) -> None:
    remedy = offered(complaint, "500.00", lin)
    approvals.withdraw(asked_for(remedy), by=lin, at=now())
    run_due()
    remedy.refresh_from_db()
    assert remedy.state == Remedy.State.REFUSED


def test_a23_small_amounts_one_after_the_other_are_a_large_one(complaint: Complaint, lin: User) -> None:
    states = [offered(complaint, "150.00", lin).state for _ in range(3)]
    assert states == [Remedy.State.OFFERED, Remedy.State.OFFERED, Remedy.State.ASKED]


def test_a23_nobody_approves_what_they_have_offered_themselves(complaint: Complaint, qian: User, zhou: User) -> None:
    remedy = offered(complaint, "2000.01", zhou)
    approval = asked_for(remedy)
    with pytest.raises(approvals.CannotDecide):
        approvals.approve(approval, step=approval.steps.get().pk, words="", by=zhou, at=now())
    with pytest.raises(operations.CannotDecide):
        operations.decide(remedy, by=zhou, at=now())
    assert decided(remedy, qian, agrees=True).state == Remedy.State.APPROVED


def test_a23_the_agreement_of_whoever_it_is_about_does_not_count(
    complaint: Complaint, lin: User, qian: User, zhou: User
) -> None:
    operations.name_concerned(complaint, person=qian, by=zhou, at=now())
    assert decided(offered(complaint, "800.00", lin), qian, agrees=True).state == Remedy.State.REFUSED


def test_a23_whoever_it_is_about_pays_nothing_out(complaint: Complaint, lin: User, zhou: User) -> None:
    remedy = offered(complaint, "100.00", lin)
    operations.assign(complaint, person=zhou, by=zhou, at=now())
    operations.name_concerned(complaint, person=lin, by=zhou, at=now())
    with pytest.raises(operations.CannotHandle):
        operations.give(remedy, by=lin, at=now())
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_f16_an_amount_is_more_than_nothing(complaint: Complaint, lin: User, amount: str) -> None:
    with pytest.raises(operations.CannotOffer):
        offered(complaint, amount, lin)


def test_f16_what_was_given_is_posted_once_and_given_once(complaint: Complaint, lin: User) -> None:
    remedy = offered(complaint, "99.90", lin)
    operations.give(remedy, by=lin, at=now())
    for _ in range(2):
        with pytest.raises(operations.CannotGive):
            operations.give(remedy, by=lin, at=now())
    paid = Transfer.objects.get()
    assert (paid.money, paid.debit.code, paid.owner) == (Money.of("99.90"), COSTS, lin.organisation)
    assert Event.objects.filter(type="complaint.remedy_given").count() == 1


def test_f16_an_approval_that_is_told_twice_settles_once(complaint: Complaint, lin: User, qian: User) -> None:
    decided(offered(complaint, "800.00", lin), qian, agrees=True)
    given = Event.objects.get(type="approval.given")
    settle.func([given.pk])
    assert Event.objects.filter(type="complaint.remedy_approved").count() == 1


def test_f16_of_a_budget_no_more_is_spent_than_it_has(complaint: Complaint, lin: User, zhou: User) -> None:
    day = day_of(now())
    line = set_budget(Budget("客诉赔付", Money.of("150.00"), day - DAY, day + DAY, key=COSTS), by=zhou, at=now())
    first, second = (offered(complaint, "100.00", lin) for _ in range(2))
    operations.give(first, by=lin, at=now())
    with pytest.raises(BudgetExceeded):
        operations.give(second, by=lin, at=now())
    second.refresh_from_db()
    assert second.state == Remedy.State.OFFERED
    assert [one.debit for one in Transfer.objects.all()] == [line.account]


def test_f16_what_somebody_laid_out_is_not_paid_a_second_time_from_the_funds(
    zhou: User, lin: User, agency: Organisation
) -> None:
    complaint = complain(agreed(content("C"), zhou, agency), at=now() - 5 * HOUR)
    operations.assess(complaint, severity="general", category="service", by=zhou, at=now() - 4 * HOUR)
    [kind, *_rest] = [*complaint_kinds(complaint), ""]
    if kind:
        remedy = operations.offer(complaint, kind=kind, words="", amount=Decimal("50.00"), by=zhou, at=now())
        operations.give(remedy, laid_out=True, by=zhou, at=now())
        assert not Transfer.objects.exists()
    operations.reply(complaint, words="您好", channel="phone", by=zhou, at=now())
    operations.resolve(complaint, amount=Decimal("50.00"), laid_out=True, grounds="小票", by=zhou, at=now())
    assert Clock.objects.filter(duty="reimburse", noun_id=complaint.pk, is_ended=False).count() == 1


def complaint_kinds(complaint: Complaint) -> list[str]:
    return list(queries.edition(complaint).vocabulary["remedy_kind"])


def test_the_page_offers_gives_and_says_who(complaint: Complaint, lin: User) -> None:
    desk, address = signed_in(lin, "zh-CN"), f"/complaints/{complaint.reference}"
    assert desk.post(f"{address}/offer/", {"kind": MONEY, "amount": "-3"}).status_code == 422
    assert desk.post(f"{address}/offer/", {"kind": MONEY, "words": "退酒", "amount": "88"}).status_code == 302
    remedy = complaint.remedies.get()
    page = desk.get(f"{address}/").content.decode()
    assert "¥88.00" in page
    assert desk.post(f"{address}/remedies/{remedy.pk}/").status_code == 302
    again = desk.post(f"{address}/remedies/{remedy.pk}/")
    assert again.status_code == 409
    assert "林静" in desk.get(f"{address}/").content.decode()


def test_the_same_offer_sent_twice_is_one_offer(complaint: Complaint, lin: User) -> None:
    at = now()
    operations.offer(complaint, kind=MONEY, words="退酒水钱", amount=Decimal("10.00"), by=lin, at=at)
    with pytest.raises(operations.CannotOffer):
        operations.offer(complaint, kind=MONEY, words="退酒水钱", amount=Decimal("10.00"), by=lin, at=at)
    assert complaint.remedies.count() == 1


def test_what_one_house_offered_the_other_does_not_pay(complaint: Complaint, lin: User, he: User) -> None:
    remedy = offered(complaint, "10.00", lin)
    with pytest.raises(operations.CannotGive):
        operations.give(remedy, by=he, at=now())


def test_a4_a_remedy_is_given_on_the_page_of_its_own_complaint_only(complaint: Complaint, lin: User) -> None:
    other = complain(complaint.contract, at=now() - HOUR)
    remedy = offered(complaint, "10.00", lin)
    assert signed_in(lin).post(f"/complaints/{other.reference}/remedies/{remedy.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql  # only there two write at once
def test_f16_of_two_who_give_at_the_same_moment_one_pays(complaint: Complaint, lin: User) -> None:
    remedy, said = offered(complaint, "10.00", lin), []

    def one() -> None:
        try:
            said.append(operations.give(remedy, by=lin, at=now()).state)
        except operations.CannotGive:
            said.append("refused")
        finally:
            connection.close()

    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(said) == ["given", "refused"]
    assert Transfer.objects.count() == 1
