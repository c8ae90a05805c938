from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from encore.accounts.models import Organisation
from encore.jobs import LostLease, effects
from encore.jobs.leases import Claimed, claim, give_back, pause, renew, sweep, take_back
from encore.jobs.models import Job, State
from encore.jobs.running import running
from encore.jobs.worker import perform, run_due
from tests.jobs import work
from tests.ledger.test_tick import at_once

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def now() -> datetime:
    return datetime.now(UTC)


def claimed(at: datetime | None = None) -> Claimed:
    job = claim("w", at or now())
    assert job is not None
    return job


def only() -> Job:
    return Job.objects.get()


def founded(name: str) -> int:
    return Organisation.objects.filter(name=name).count()


def lapse() -> None:
    """Nothing is heard of the running job for longer than its lease."""
    Job.objects.filter(state=State.RUNNING).update(lease_until=now() - MINUTE)
    take_back(now())


# --- effects and end are one ---------------------------------------------------------------------------------------


def test_a_job_that_stumbles_after_its_effect_has_none() -> None:
    work.found_and_stumble.enqueue("a")
    run_due()
    assert (founded("a"), only().state) == (0, State.READY)


def test_a_job_that_was_taken_over_meanwhile_has_its_effect_once() -> None:
    work.found_house.enqueue("a")
    with work.interrupted(lapse):
        perform(claimed())
        assert (founded("a"), only().state) == (0, State.READY)
        run_due()
    assert (founded("a"), only().state, only().attempts) == (1, State.DONE, 2)


def test_the_late_one_of_two_that_run_a_job_changes_nothing_even_if_the_other_is_done() -> None:
    work.found_house.enqueue("a")
    with work.interrupted(lapse, run_due):
        late = claimed()
        lapse()
        perform(claimed())
        perform(late)
    assert (founded("a"), only().state) == (1, State.DONE)


def test_a_job_is_finished_by_its_first_transaction_and_by_no_second() -> None:
    work.found_house.enqueue("a")
    job = claimed()
    token = running.set(job.running)
    try:
        with effects():
            pass
        with pytest.raises(LostLease), effects():
            Organisation.objects.create(name="b", role="venue")
    finally:
        running.reset(token)
    assert (founded("b"), only().state) == (0, State.DONE)


def test_outside_of_a_job_there_is_nothing_to_finish() -> None:
    work.found_house.func("a")
    assert founded("a") == 1


def test_work_that_writes_nothing_is_done_all_the_same() -> None:
    work.look.enqueue(numbers=[1])
    run_due()
    assert only().state == State.DONE


# --- leases --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_get_each_job_once() -> None:
    for number in range(40):
        work.found_house.enqueue(f"a{number}")
    taken: list[int] = []

    def take() -> None:
        while job := claim("w", now()):
            taken.append(job.id)
        connections.close_all()

    assert not at_once(*[take] * 4)
    # Where all that a worker saw was being taken by others, it comes again at its next look.
    take()
    assert sorted(taken) == sorted(Job.objects.values_list("pk", flat=True))


def test_a_job_is_under_its_lease_until_that_runs_out() -> None:
    work.found_house.enqueue("a")
    at = now()
    job = claimed(at)
    assert claim("other", at) is None
    assert take_back(at + timedelta(seconds=29)) == []
    renew([job.running], at + 2 * MINUTE)
    assert take_back(at + MINUTE) == []
    assert [row.state for row in take_back(at + 3 * MINUTE)] == [State.READY]
    assert claimed(at + 3 * MINUTE).token != job.token


def test_a_lease_that_was_lost_cannot_be_renewed() -> None:
    work.found_house.enqueue("a")
    old = claimed()
    lapse()
    new = claimed()
    until = only().lease_until
    renew([old.running], now() + timedelta(days=1))
    assert only().lease_until == until
    renew([new.running], now() + timedelta(days=1))
    assert only().lease_until != until


def test_a_job_that_kills_its_worker_every_time_is_given_up() -> None:
    work.stumble.enqueue()
    for _ in range(3):
        claimed(now() + MINUTE)
        take_back(now() + timedelta(hours=1))
        Job.objects.update(run_at=now())
    assert (only().state, only().attempts, only().error) == (State.DEAD, 3, "WorkerLost")
    assert claim("w", now() + timedelta(days=1)) is None


def test_a_job_given_back_has_not_been_tried() -> None:
    work.found_house.enqueue("a")
    job = claimed()
    give_back(job.running, now())
    assert (only().state, only().attempts) == (State.READY, 0)
    perform(job)
    assert founded("a") == 0, "whoever gave it back has lost it"
    run_due()
    assert founded("a") == 1


# --- failures ------------------------------------------------------------------------------------------------------


def test_what_fails_is_tried_again_later_until_it_is_given_up() -> None:
    work.stumble.enqueue()
    for attempt in (1, 2, 3):
        assert run_due() == 1
        assert run_due() == 0, "not at once"
        assert only().attempts == attempt
        assert only().run_at > now()
        Job.objects.update(run_at=now())
    assert only().state == State.DEAD
    assert run_due() == 0


def test_of_an_error_its_kind_and_place_are_kept_but_not_its_words() -> None:
    work.stumble.enqueue()
    run_due()
    assert only().error.startswith("RuntimeError (work.py:")
    assert "lin@" not in only().error
    assert "138" not in only().error


@given(attempt=st.integers(1, 10_000))
def test_pauses_double_up_to_an_hour_and_are_never_alike(attempt: int) -> None:
    usual = min(10 * 2 ** min(attempt - 1, 30), 3600)
    pauses = {pause(attempt).total_seconds() for _ in range(8)}
    assert all(usual * 0.8 - 0.001 <= one <= usual * 1.2 + 0.001 for one in pauses)
    assert len(pauses) > 1


def test_work_that_the_code_no_longer_has_is_given_up() -> None:
    for task in (work.found_house, work.send):
        task.enqueue("a")
    Job.objects.update(task="tests.jobs.work.gone")
    run_due()
    assert set(Job.objects.values_list("state", "attempts")) == {(State.DEAD, 1)}


# --- what leaves the house -------------------------------------------------------------------------------------------


def test_what_went_out_before_a_library_was_found_missing_is_unclear() -> None:
    work.send_and_miss_a_library.enqueue("a")
    run_due()
    assert (work.sent[-1], only().state) == ("a", State.UNCLEAR)


def test_what_went_out_and_came_back_well_is_done() -> None:
    work.send.enqueue("a")
    with work.interrupted():
        run_due()
    assert (work.sent, only().state) == (["a"], State.DONE)


def boom() -> None:
    raise TimeoutError


@pytest.mark.parametrize("happens", [boom, lapse])
def test_nothing_goes_out_twice_by_itself(happens: Callable[[], object]) -> None:
    work.send.enqueue("a")
    with work.interrupted(happens):
        run_due()
        Job.objects.update(run_at=now() - MINUTE)
        run_due()
        assert work.sent == ["a"]


def test_a_job_that_broke_off_on_the_way_out_is_unclear() -> None:
    work.send.enqueue("a")
    with work.interrupted(boom):
        run_due()
    assert only().state == State.UNCLEAR
    assert only().error.startswith("TimeoutError (test_leases.py:")


def test_a_job_whose_worker_is_lost_on_the_way_out_is_unclear() -> None:
    work.send.enqueue("a")
    claimed()
    lapse()
    assert only().state == State.UNCLEAR
    assert run_due() == 0


def test_an_unclear_job_may_yet_end_well() -> None:
    work.send.enqueue("a")
    with work.interrupted(lapse):
        run_due()
    assert (only().state, only().error) == (State.DONE, "")


def test_nothing_that_stands_outside_is_taken_for_sent_when_its_job_was_put_back() -> None:
    work.send.enqueue("a")

    def put_back() -> None:
        lapse()
        Job.objects.update(state=State.READY, token="", attempts=0)

    with work.interrupted(put_back):
        run_due()
    assert only().state == State.DONE, "by its second attempt"
    assert work.sent == ["a", "a"]


def test_what_certainly_did_not_go_out_is_tried_again() -> None:
    work.not_sent.enqueue(final=False)
    run_due()
    assert (only().state, only().attempts) == (State.READY, 1)


def test_what_the_other_side_will_not_have_is_given_up() -> None:
    work.not_sent.enqueue(final=True)
    run_due()
    assert (only().state, only().attempts) == (State.DEAD, 1)


# --- what is over ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "settled", "days"),
    [(State.DONE, False, 7), (State.DEAD, False, 90), (State.DEAD, True, 90), (State.UNCLEAR, True, 90)],
)
def test_what_is_over_goes_in_time(state: State, settled: bool, days: int) -> None:
    at = now()
    work.found_house.enqueue("a")
    Job.objects.update(state=state, ended_at=at, settled_at=at if settled else None)
    assert sweep(at + timedelta(days=days)) == 0
    assert sweep(at + timedelta(days=days, seconds=1)) == 1
    assert not Job.objects.exists()


@pytest.mark.parametrize("state", [State.UNCLEAR, State.READY, State.RUNNING])
def test_what_is_not_over_stays(state: State) -> None:
    work.found_house.enqueue("a")
    Job.objects.update(state=state, ended_at=now() if state == State.UNCLEAR else None)
    assert sweep(now() + timedelta(days=1_000)) == 0


def test_more_is_over_than_one_statement_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encore.jobs.leases._BATCH", 2)
    for number in range(5):
        work.found_house.enqueue(number)  # type: ignore[arg-type]
    Job.objects.update(state=State.DONE, ended_at=now())
    assert sweep(now() + timedelta(days=8)) == 5
