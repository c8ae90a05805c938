from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encore.accounts.models import Organisation, User
from encore.books import posting, queries
from encore.books.models import BudgetLine, Commitment, Transfer
from encore.books.operations import close_period, reopen_period
from encore.books.posting import BudgetExceeded, KeyTaken, PeriodClosed, Posting
from encore.money import Money, total
from tests.books.conftest import budget, together, yuan
from tests.cast import DAY, RECEIVED

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 10)
IN_APRIL = RECEIVED + 30 * DAY


def posted(line: BudgetLine, amount: str, key: str, day: date = MARCH) -> Transfer:
    money = Posting(yuan(amount), day, key, RECEIVED)
    with transaction.atomic():
        return posting.post(money, debit=line.account, credit=posting.funds(line.owner_id))


def set_aside(line: BudgetLine, amount: str, key: str) -> Commitment:
    with transaction.atomic():
        return posting.commit(line, yuan(amount), key=key, at=RECEIVED)


def available(line: BudgetLine) -> Money:
    return queries.standing(line).available


def test_what_one_account_gets_another_gives(line: BudgetLine) -> None:
    posted(line, "120.50", "a")
    assert queries.balances(line.owner_id) == {line.account.code: yuan("120.50"), "funds": yuan("-120.50")}


def test_the_same_key_is_posted_once(line: BudgetLine) -> None:
    assert posted(line, "120.50", "a") == posted(line, "120.50", "a")
    assert available(line) == yuan("879.50")


def test_a_key_that_was_used_for_another_amount_is_refused(line: BudgetLine) -> None:
    posted(line, "120.50", "a")
    with pytest.raises(KeyTaken):
        posted(line, "120.51", "a")
    set_aside(line, "10.00", "b")
    with pytest.raises(KeyTaken):
        set_aside(line, "11.00", "b")


def test_what_is_set_aside_cannot_be_spent_twice(line: BudgetLine) -> None:
    set_aside(line, "700.00", "a")
    with pytest.raises(BudgetExceeded, match=r"300\.00"):
        set_aside(line, "300.01", "b")
    with pytest.raises(BudgetExceeded):
        posted(line, "300.01", "c")
    assert available(line) == yuan("300.00")


def test_money_that_was_set_aside_is_spent_and_the_rest_of_it_is_free_again(line: BudgetLine) -> None:
    reserved = set_aside(line, "700.00", "a")
    with transaction.atomic():
        posting.spend(reserved, Posting(yuan("650.00"), MARCH, "a", RECEIVED))
    found = queries.standing(line)
    assert (found.committed, found.paid, found.available) == (Money.zero(), yuan("650.00"), yuan("350.00"))
    with pytest.raises(posting.CannotSpend), transaction.atomic():
        posting.spend(reserved, Posting(yuan("1.00"), MARCH, "again", RECEIVED))


def test_more_than_was_set_aside_is_not_spent(line: BudgetLine) -> None:
    reserved = set_aside(line, "10.00", "a")
    with pytest.raises(posting.CannotSpend), transaction.atomic():
        posting.spend(reserved, Posting(yuan("10.01"), MARCH, "a", RECEIVED))


def test_money_that_is_freed_can_be_set_aside_again_and_what_was_paid_is_not_freed(line: BudgetLine) -> None:
    reserved = set_aside(line, "1000.00", "a")
    for _ in range(2):
        with transaction.atomic():
            posting.release(reserved, at=RECEIVED)
    spent = set_aside(line, "1000.00", "b")
    with transaction.atomic():
        posting.spend(spent, Posting(yuan("1000.00"), MARCH, "b", RECEIVED))
    with pytest.raises(posting.CannotSpend), transaction.atomic():
        posting.release(spent, at=RECEIVED)


def test_nothing_goes_into_a_closed_month_until_it_is_opened_again(line: BudgetLine, gao: User, zhou: User) -> None:
    posted(line, "1.00", "before")
    period = close_period(MARCH, by=gao, at=IN_APRIL)
    with pytest.raises(PeriodClosed, match="2026-03"):
        posted(line, "1.00", "after")
    posted(line, "1.00", "in-april", date(2026, 4, 1))
    reopen_period(period, reason="late_invoice", by=zhou, at=IN_APRIL)
    posted(line, "1.00", "after")
    assert available(line) == yuan("997.00")


def test_a_mistake_in_a_closed_month_is_put_right_in_the_next(line: BudgetLine, gao: User) -> None:
    wrong = posted(line, "100.00", "wrong")
    close_period(MARCH, by=gao, at=IN_APRIL)
    with pytest.raises(PeriodClosed), transaction.atomic():
        posting.reverse(wrong, day=MARCH, at=IN_APRIL)
    with transaction.atomic():
        posting.reverse(wrong, day=IN_APRIL.date(), at=IN_APRIL)
    assert available(line) == yuan("1000.00")
    with pytest.raises(posting.AlreadyReversed), transaction.atomic():
        posting.reverse(wrong, day=IN_APRIL.date(), at=IN_APRIL)


def test_money_does_not_leave_the_books_of_an_organisation(line: BudgetLine, agency: Organisation) -> None:
    theirs = posting.funds(agency.pk)
    with pytest.raises(ValueError, match="one organisation"), transaction.atomic():
        posting.post(Posting(yuan("1.00"), MARCH, "a", RECEIVED), debit=line.account, credit=theirs)


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_the_database_holds_no_transfer_of_nothing(line: BudgetLine, amount: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        posted(line, amount, "a")


def test_the_four_numbers_of_all_lines_are_one_query(gao: User, django_assert_num_queries: object) -> None:
    for number in range(5):
        posted(budget(gao, "100.00", f"{number}"), "1.00", f"{number}")
    with django_assert_num_queries(1):  # type: ignore[operator]
        rows = queries.standings(queries.lines_visible_to(gao))
    assert [row.available for row in rows] == [yuan("99.00")] * 5


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["commit", "spend", "release", "post", "reverse"]),
        st.integers(min_value=0, max_value=1),
        st.integers(min_value=1, max_value=60_000),
    ),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_is_done_all_balances_are_nothing_together_and_no_line_is_overspent(
    gao: User, acts: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        lines = [budget_within(gao, "1000.00", name) for name in ("甲", "乙")]
        model = [[Decimal(0), Decimal(0)] for _ in lines]  # what should be set aside, and paid
        reserved: list[tuple[Commitment, int]] = []
        paid: list[tuple[Transfer, int]] = []
        for number, (act, place, cents) in enumerate(acts):
            money = Money(Decimal(cents).scaleb(-2))
            left = Decimal(1000) - sum(model[place])
            entry = Posting(money, MARCH, f"k{number}", RECEIVED)
            try:
                with transaction.atomic():
                    if act == "commit":
                        reserved.append((posting.commit(lines[place], money, key=f"k{number}", at=RECEIVED), place))
                        assert money.amount <= left
                        model[place][0] += money.amount
                    elif act == "post":
                        paid.append(
                            (
                                posting.post(
                                    entry, debit=lines[place].account, credit=posting.funds(gao.organisation_id)
                                ),
                                place,
                            )
                        )
                        assert money.amount <= left
                        model[place][1] += money.amount
                    elif act == "reverse" and paid:
                        back, where = paid.pop()
                        posting.reverse(back, day=MARCH, at=RECEIVED)
                        model[where][1] -= back.amount
                    elif act in ("spend", "release") and reserved:
                        one, where = reserved.pop()
                        model[where][0] -= one.amount
                        if act == "release":
                            posting.release(one, at=RECEIVED)
                        else:
                            part = Money(min(one.amount, money.amount))
                            paid.append((posting.spend(one, Posting(part, MARCH, f"k{number}", RECEIVED)), where))
                            model[where][1] += part.amount
            except BudgetExceeded:
                assert money.amount > left
        for line, (committed, spent) in zip(lines, model, strict=True):
            found = queries.standing(line)
            assert (found.committed.amount, found.paid.amount) == (committed, spent)
            assert found.available == found.budget - found.committed - found.paid >= Money.zero()
        assert total(queries.balances(gao.organisation_id).values()) == Money.zero()
        transaction.set_rollback(True)


def budget_within(gao: User, amount: str, name: str) -> BudgetLine:
    """A line made without an operation, which begins a transaction of its own."""
    account = posting.account(gao.organisation_id, f"line-{name}")
    return BudgetLine.objects.create(
        owner=gao.organisation, name=name, amount=Decimal(amount), account=account, set_at=RECEIVED,
        from_day=date(2026, 1, 1), to_day=date(2026, 12, 31),
    )  # fmt: skip


def test_of_two_who_spend_the_last_of_a_budget_one_is_refused(transactional_db: None, gao: User) -> None:
    line = budget(gao, "1000.00")
    problems = together(*(lambda key=key: set_aside(line, "600.00", key) for key in "abcd"))
    assert [type(problem) for problem in problems] == [BudgetExceeded] * 3
    assert available(line) == yuan("400.00")


def test_what_is_posted_while_a_month_is_closed_is_in_it_or_refused(transactional_db: None, gao: User) -> None:
    line = budget(gao, "1000.00")
    posted(line, "1.00", "first")
    problems = together(
        lambda: close_period(MARCH, by=gao, at=IN_APRIL),
        *(lambda key=key: posted(line, "1.00", key) for key in "abc"),
    )
    assert {type(problem) for problem in problems} <= {PeriodClosed}
    period = queries.periods_visible_to(gao).get()
    assert period.is_closed
    assert queries.digest(queries.transfers_of(period)) == period.digest


def test_the_same_key_from_two_sides_is_posted_once(transactional_db: None, gao: User) -> None:
    line = budget(gao, "1000.00")
    assert together(*[lambda: posted(line, "1.00", "same")] * 4) == []
    assert Transfer.objects.count() == 1
