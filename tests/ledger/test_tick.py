from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction

from encore.accounts.models import Organisation, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.ledger.judging import hold_contract
from encore.ledger.models import Clock, Event, Memo, Memory
from encore.ledger.tick import tick
from tests.cast import CHINA, DAY, EFFECTIVE, HOUR, RECEIVED, agreed, complain, recording_at
from tests.ledger.events import EDITION, clock, drafted, happen, rebuilt, stored

NOW = datetime(2026, 3, 20, 9, tzinfo=CHINA)


@pytest.fixture
def trial(zhou: User, agency: Organisation) -> Contract:
    contract = agreed(EDITION.encode(), zhou, agency)
    for number in range(7, 12):
        happen(drafted(contract, "complaint.received", f"complaint:{number}", RECEIVED + number * HOUR), now=NOW)
    happen(drafted(contract, "complaint.planned", "complaint:9", RECEIVED + 20 * HOUR), now=NOW)
    return contract


def told() -> set[tuple[str, int, datetime, bytes]]:
    """What was found out, without when it was."""
    found = Event.objects.filter(type__startswith="duty.")
    return {(one.type, one.noun_id, one.occurred_at, bytes(one.body).split(b'"recorded_at"')[0]) for one in found}


def test_a_breach_is_stamped_with_its_deadline(trial: Contract) -> None:
    tick(NOW)
    found = clock("verify", "complaint:7")
    assert (found.state, found.breached_at, found.is_ended) == ("breached", found.due_at, False)
    breach = Event.objects.get(type="duty.breached", noun="complaint", noun_id=7)
    assert (breach.occurred_at, breach.actor) == (RECEIVED + 31 * HOUR, "ledger")


def test_an_act_in_time_that_is_recorded_after_the_tick_was_in_time(trial: Contract) -> None:
    tick(NOW)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + 8 * HOUR), now=NOW + HOUR)
    assert (clock("verify", "complaint:7").state, clock("verify", "complaint:7").breached_at) == ("fulfilled", None)
    assert Event.objects.filter(type="duty.corrected", noun="complaint", noun_id=7).exists()
    assert stored(trial) == rebuilt(trial, NOW + HOUR)


def test_at_the_deadline_itself_nothing_is_breached(trial: Contract) -> None:
    due = clock("verify", "complaint:7").due_at
    tick(due)
    assert clock("verify", "complaint:7").state == "open"


def test_a_prohibition_that_was_kept_is_fulfilled(trial: Contract) -> None:
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + 20 * HOUR), now=NOW)
    tick(NOW)
    assert clock("silence", "complaint:7").state == "fulfilled"


def test_periods_that_have_begun_are_opened(trial: Contract) -> None:
    tick(NOW)
    periods = Clock.objects.filter(duty="review").order_by("index")
    assert [period.state for period in periods] == ["breached", "breached", "open"]
    assert [period.opened_at for period in periods] == [EFFECTIVE, EFFECTIVE + 8 * DAY, EFFECTIVE + 15 * DAY]
    memo = Memo.objects.get(noun="contract")
    assert memo.wakes_at == EFFECTIVE + 22 * DAY


def test_a_second_tick_finds_nothing_more_to_do(trial: Contract) -> None:
    assert tick(NOW) > 0
    events = Event.objects.count()
    assert tick(NOW) == 0
    assert Event.objects.count() == events


def test_a_tick_that_comes_days_late_finds_what_ticks_in_time_would_have_found(
    trial: Contract, zhou: User, agency: Organisation
) -> None:
    tick(NOW)
    late = {(duty, *row) for (_, duty, _), row in readable(stored(trial)).items()}
    findings = {(kind, at) for kind, _, at, _ in told()}

    other = agreed(EDITION.encode(), zhou, agency)
    for number in range(7, 12):
        received = drafted(other, "complaint.received", f"complaint:{number + 100}", RECEIVED + number * HOUR)
        happen(received, now=RECEIVED + number * HOUR)
    happen(drafted(other, "complaint.planned", "complaint:109", RECEIVED + 20 * HOUR), now=RECEIVED + 20 * HOUR)
    moment = EFFECTIVE
    while moment <= NOW:
        tick(moment)
        moment += 5 * HOUR
    tick(NOW)
    assert {(duty, *row) for (_, duty, _), row in readable(stored(other)).items()} == late
    assert {(kind, at) for kind, _, at, _ in told()} == findings


def readable(
    rows: dict[tuple[object, str, int], tuple[object, ...]],
) -> dict[tuple[object, str, int], tuple[object, ...]]:
    """Rows without the numbers of events, which are others in another contract."""
    return {place: (place[2], *row[:9]) for place, row in rows.items()}


def test_a_contract_that_cannot_be_judged_holds_up_no_other(
    trial: Contract, zhou: User, agency: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    other = agreed(EDITION.encode(), zhou, agency)
    happen(drafted(other, "complaint.received", "complaint:50", RECEIVED), now=NOW)
    Memory.objects.filter(contract=trial.pk).update(body={"versions": [[0, "unknown", {}]]})
    tick(NOW)
    assert clock("verify", "complaint:7").state == "open"
    assert clock("verify", "complaint:50").state == "breached"
    assert "a contract was passed over" in caplog.text


def test_more_is_due_than_one_transaction_takes(trial: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encore.ledger.tick._BATCH", 2)
    tick(NOW)
    assert Clock.objects.filter(duty="verify", state="breached").count() == 5


@pytest.fixture
def apart(transactional_db: None, zhou: User, agency: Organisation) -> Contract:
    """A contract that other threads see, too."""
    contract = agreed(EDITION.encode(), zhou, agency)
    received = [drafted(contract, "complaint.received", f"complaint:{number}", RECEIVED) for number in range(60)]
    happen(*received, now=NOW)
    return contract


def at_once(*acts: Callable[[], object]) -> list[BaseException]:
    """Runs the acts in threads of their own; what went wrong."""
    problems: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@pytest.mark.postgresql  # SQLite lets one transaction write at a time
def test_who_waits_to_have_a_contract_alone_is_not_passed_by_those_who_come_after(
    transactional_db: None, zhou: User, agency: Organisation
) -> None:
    contract, order = agreed(EDITION.encode(), zhou, agency), list[str]()

    def hold(name: str, *, alone: bool) -> None:
        with transaction.atomic():
            hold_contract(contract.pk, alone=alone)
            order.append(name)

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return int(cursor.fetchone()[0])

    def until(number: int) -> None:
        last = monotonic() + 20
        while waiting() < number and not order:
            assert monotonic() < last, "nobody waits"
            sleep(0.02)

    threads = [Thread(target=at_once, args=(partial(hold, name, alone=name == "alone"),)) for name in ("alone", "next")]
    with transaction.atomic():
        hold_contract(contract.pk)
        for number, thread in enumerate(threads, 1):
            thread.start()
            until(number)
    for thread in threads:
        thread.join()
    assert order == ["alone", "next"]


def test_acts_ticks_and_force_majeure_at_once_leave_the_clocks_that_the_events_give(
    transactional_db: None, zhou: User, agency: Organisation, tang: User
) -> None:
    contract = agreed(EDITION.encode(), zhou, agency)
    house = [complain(contract, at=RECEIVED) for _ in range(12)]

    def verify(some: list[Complaint]) -> None:
        for complaint in some:
            operations.verify(complaint, by=tang, at=NOW)

    def stop_and_go() -> None:
        for number in range(3):
            at = RECEIVED + (number * 10 + 1) * HOUR
            happen(drafted(contract, "force_majeure.declared", "force_majeure:1", at), now=NOW)
            happen(drafted(contract, "force_majeure.lifted", "force_majeure:1", at + HOUR), now=NOW)

    with recording_at(NOW):
        assert not at_once(
            partial(verify, house[:4]), partial(verify, house[4:8]), stop_and_go, partial(tick, NOW), partial(tick, NOW)
        )
    tick(NOW)
    assert stored(contract) == rebuilt(contract, NOW)
    assert Clock.objects.filter(duty="verify", state="late").count() == 8


def test_four_ticks_at_once_record_each_breach_once(apart: Contract) -> None:
    assert not at_once(*[partial(tick, NOW)] * 4)
    tick(NOW)
    assert Event.objects.filter(type="duty.breached", noun="complaint").count() == 60
    assert stored(apart) == rebuilt(apart, NOW)


STARTS, ENDS = "complaint.planned", "complaint.archived"


@pytest.mark.parametrize("first", [STARTS, ENDS])
@pytest.mark.parametrize("known", [False, True])
def test_what_refers_to_a_subject_is_not_missed_while_another_starts_its_first_clock(
    transactional_db: None, zhou: User, agency: Organisation, first: str, known: bool
) -> None:
    """The series on complaint 7 ends with what happens to complaint 8, whichever of the two commits first."""
    contract = agreed(EDITION.encode(), zhou, agency)
    if known:
        happen(drafted(contract, "complaint.received", "complaint:7", RECEIVED), now=RECEIVED)
    acts = {
        STARTS: drafted(contract, STARTS, "complaint:7", RECEIVED + HOUR),
        ENDS: drafted(contract, ENDS, "complaint:8", RECEIVED + 2 * HOUR, "complaint:7"),
    }
    [second] = acts.keys() - {first}
    problems: list[BaseException] = []
    other = Thread(target=lambda: problems.extend(at_once(partial(happen, acts[second], now=NOW))))
    with transaction.atomic():
        happen(acts[first], now=NOW)
        other.start()
        other.join(0.5)  # it has come as far as it can while this transaction is open
    other.join()
    assert not problems
    tick(NOW)
    assert clock("care", "complaint:7").state == "discharged"
    assert stored(contract) == rebuilt(contract, NOW)
