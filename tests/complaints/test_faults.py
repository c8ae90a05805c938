"""Faults that have felled others: terms and calendars that change under open complaints, pauses, links that run."""

from datetime import timedelta

from django.test import Client

from encore.accounts.models import Organisation, User
from encore.complaints import operations
from encore.contracts.models import Contract
from encore.ledger.models import Clock
from encore.ledger.terms import keep_edition
from encore.ledger.tick import tick
from tests.cast import DAY, HOUR, RECEIVED, agreed, complain, recording_at, signed_in
from tests.clauses import content
from tests.ledger.events import drafted, happen, rebuilt, stored

RUNS = "[点这里](javascript:alert(document.cookie)) <a href='javascript:alert(1)'>退款</a>"


def clock(duty: str, number: int) -> Clock:
    return Clock.objects.filter(duty=duty, noun="complaint", noun_id=number).latest("pk")


def test_a3_a_link_that_would_run_is_words_wherever_it_is_written(contract: Contract, zhou: User) -> None:
    complaint = complain(contract, text=RUNS)
    operations.verify(complaint, finding=RUNS, by=zhou, at=RECEIVED + HOUR)
    operations.assess(complaint, severity="one", category="product", by=zhou, at=RECEIVED + 2 * HOUR)
    operations.send_progress(complaint, words=RUNS, channel="web", by=zhou, at=RECEIVED + 3 * HOUR)
    operations.plan(complaint, plan=RUNS, by=zhou, at=RECEIVED + 4 * HOUR)
    for page in (
        signed_in(zhou).get(f"/complaints/{complaint.reference}/"),
        signed_in(zhou).get("/complaints/"),
        Client().get(f"/t/{complaint.token}/"),
    ):
        text = page.content.decode()
        assert "javascript:alert" in text
        assert 'href="javascript' not in text
        assert "href='javascript" not in text


def test_f7_other_terms_under_open_complaints_leave_the_clocks_that_run_and_govern_those_that_start(
    zhou: User, agency: Organisation
) -> None:
    contract = agreed(content("B"), zhou, agency)
    running = [complain(contract) for _ in range(12)]
    before = {one.pk: clock("verify", one.pk).due_at for one in running}
    other = content("B").replace(b'within = "24h"', b'within = "6h"')
    amended = drafted(
        contract, "contract.amended", f"contract:{contract.pk}", RECEIVED + HOUR, edition=keep_edition(other, "b.toml")
    )
    happen(amended, now=RECEIVED + HOUR)
    assert {one.pk: clock("verify", one.pk).due_at for one in running} == before
    later = complain(contract, at=RECEIVED + 2 * HOUR)
    assert clock("verify", later.pk).due_at == RECEIVED + 8 * HOUR
    tick(RECEIVED + 3 * HOUR)
    assert stored(contract) == rebuilt(contract, RECEIVED + 3 * HOUR)


def test_f7_a_calendar_that_changes_moves_the_days_of_open_complaints_and_no_hours(
    zhou: User, agency: Organisation
) -> None:
    contract = agreed(content("A"), zhou, agency)
    complaints = [complain(contract) for _ in range(12)]
    hours = {one.pk: clock("assess", one.pk).due_at for one in complaints}
    days = {one.pk: clock("resolve", one.pk).due_at for one in complaints}
    last = next(iter(days.values())) - timedelta(seconds=1)  # 24:00 of the last day belongs to it
    off = [f"{last:%Y-%m-%d}"]
    at = RECEIVED + HOUR
    happen(
        drafted(contract, "calendar.published", f"contract:{contract.pk}", at, year=last.year, off=off, work=[]), now=at
    )
    assert {one.pk: clock("assess", one.pk).due_at for one in complaints} == hours
    tick(at)
    assert stored(contract) == rebuilt(contract, at)


def test_f10_a_pause_before_the_first_reply_lengthens_its_time_by_as_much_and_a_new_level_keeps_it(
    zhou: User, agency: Organisation
) -> None:
    contract = agreed(content("C"), zhou, agency)
    complaint = complain(contract)
    due = clock("reply", complaint.pk).due_at
    happen(drafted(contract, "force_majeure.declared", f"contract:{contract.pk}", RECEIVED + HOUR), now=RECEIVED + HOUR)
    assert clock("reply", complaint.pk).state == "suspended"
    tick(due + DAY)
    assert clock("reply", complaint.pk).state == "suspended", "nothing is missed while nothing can be done"
    lifted = RECEIVED + 3 * DAY
    happen(drafted(contract, "force_majeure.lifted", f"contract:{contract.pk}", lifted), now=lifted)
    assert clock("reply", complaint.pk).due_at == due + (lifted - RECEIVED - HOUR)
    with recording_at(lifted + HOUR):
        operations.assess(complaint, severity="major", category="service", by=zhou, at=lifted + HOUR)
    major = clock("reply-major", complaint.pk)
    assert major.opened_at == RECEIVED
    assert major.due_at == RECEIVED + 12 * HOUR + (lifted - RECEIVED - HOUR), "the pause counts for it as well"
    tick(lifted + HOUR)
    assert stored(contract) == rebuilt(contract, lifted + HOUR)
