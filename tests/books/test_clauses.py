"""The clauses on money, of the editions that come with the product, walked through its books."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from encore.accounts.models import Organisation, Post, User
from encore.books.operations import Budget, set_budget
from encore.ledger.models import Clock, Event
from encore.ledger.tick import tick
from encore.workflows.operations import submit_cost
from tests.books.conftest import budget, claim, yuan
from tests.cast import CHINA, HOUR, RECEIVED, person, recording_at, signed_in
from tests.clauses import clause
from tests.complaints.house import clock, house, page_of, sent, tones

SECOND = timedelta(seconds=1)


@clause("C", "6.2.1")
def test_under_c_who_laid_money_out_for_a_complaint_fills_in_the_form_within_five_working_days(
    zhou: User, agency: Organisation
) -> None:
    under = house("C", zhou, agency)
    desk = signed_in(zhou, "zh-CN")
    service = person("林静", zhou.organisation, Post.CUSTOMER_SERVICE)
    line = budget(person("高远", zhou.organisation, Post.FINANCE), "5000.00")
    decided = {"grounds": "洗衣店的小票。", "remedy": "compensation", "amount": "300.00"}
    # Five working days after Wednesday, 11 March: Thursday, Friday, Monday, Tuesday, Wednesday.
    due = datetime(2026, 3, 19, tzinfo=CHINA)
    for second, state, tone in ((timedelta(0), "fulfilled", "kept"), (SECOND, "late", "missed")):
        complaint = under.taken(under.told(), "assess", "reply")
        assert sent(desk, complaint, "resolve", RECEIVED + 3 * HOUR, **decided, laid_out="on").status_code == 302
        found = clock(complaint, "reimburse")
        assert (found.clause, found.due_at, found.state) == ("6.2.1", due, "open")
        with recording_at(due + second):
            cost = submit_cost(claim(line, about=complaint), by=service, at=due + second)
        found.refresh_from_db()
        assert (found.state, found.closed_at) == (state, due + second)
        label = under.edition.label(under.edition.duties["reimburse"], "zh-Hans")
        assert tones(page_of(desk, complaint), "6.2.1", label) == [tone]
        paper = signed_in(service, "zh-CN").get(f"/documents/cost/{cost}/reimbursement-form.pdf")
        assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    nothing = under.taken(under.told(), "assess", "reply")
    assert sent(desk, nothing, "resolve", RECEIVED + 3 * HOUR, **decided).status_code == 302
    assert not Clock.objects.filter(noun="complaint", noun_id=nothing.pk, duty="reimburse").exists()


@pytest.fixture
def books(zhou: User) -> Client:
    return signed_in(person("高远", zhou.organisation, Post.FINANCE), "zh-CN")


@clause("C", "6.1.1", "6.1.2")
def test_under_c_a_budget_in_the_lines_of_the_contract_is_set_every_quarter(
    books: Client, zhou: User, agency: Organisation
) -> None:
    under = house("C", zhou, agency)
    finance = person("高敏", zhou.organisation, Post.FINANCE)
    page = books.get("/money/budget/new/").content.decode()
    for key, row in under.edition.vocabulary["budget_line"].items():
        assert f'value="{under.contract.pk}:{key}"' in page
        assert row.label["zh-Hans"] in page
    at = RECEIVED
    for number, key in enumerate(under.edition.vocabulary["budget_line"]):
        wanted = Budget(f"科目{number}", yuan("1000.00"), date(2026, 1, 1), date(2026, 12, 31), key, under.contract)
        with recording_at(at):
            set_budget(wanted, by=finance, at=at)
    assert Event.objects.filter(type="budget.set").count() == len(under.edition.vocabulary["budget_line"])
    tick(datetime(2026, 9, 10, tzinfo=CHINA))
    periods = Clock.objects.filter(contract=under.contract.pk, duty="budget").order_by("index")
    kept, missed = periods[:2]
    assert (kept.clause, kept.state, missed.state) == ("6.1.1", "fulfilled", "breached")
    assert (kept.due_at, missed.due_at) == (datetime(2026, 6, 3, tzinfo=CHINA), datetime(2026, 9, 3, tzinfo=CHINA))
    shown = books.get("/money/budget/", {"on": "2026-03-11"}).content.decode()
    assert "科目0" in shown
