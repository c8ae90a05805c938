from datetime import datetime, timedelta

import pytest
from django_tasks import task

from encore.jobs.leases import by_database
from encore.jobs.models import Job
from encore.jobs.recurring import enqueue_recurring, recurring
from encore.jobs.worker import Worker

NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
HOUR = timedelta(hours=1)


@task(unique=True)
def look_around(hour: int) -> None: ...


@pytest.fixture(autouse=True)
def only_one(db: None, nothing_recurs: None) -> None:
    recurring(every=HOUR)(look_around)


def put_in() -> int:
    return Job.objects.count()


def test_what_recurs_is_put_in_once_a_period_however_many_ask() -> None:
    for minutes in (0, 0, 1, 59):
        enqueue_recurring(NOON + timedelta(minutes=minutes))
    assert put_in() == 1
    enqueue_recurring(NOON + HOUR)
    assert put_in() == 2


def test_a_period_in_which_nobody_worked_is_left_out() -> None:
    enqueue_recurring(NOON)
    enqueue_recurring(NOON + 9 * HOUR)
    assert put_in() == 2


def test_what_several_would_put_in_has_to_be_unique() -> None:
    with pytest.raises(TypeError, match="unique"):
        recurring(every=HOUR)(task(look_around.func))


@pytest.mark.parametrize("every", [timedelta(0), timedelta(days=8)])
def test_a_period_is_no_longer_than_its_job_is_kept(every: timedelta) -> None:
    with pytest.raises(ValueError, match="week"):
        recurring(every=every)(look_around)


def test_the_worker_puts_in_what_recurs() -> None:
    worker = Worker()
    worker._keep_order()
    worker._beat_at = float("-inf")
    worker._keep_order()
    assert put_in() == 1


@pytest.mark.postgresql
def test_leases_run_by_the_clock_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encore.jobs.leases.now", lambda: NOON)  # a machine whose clock is wrong
    assert abs(by_database() - NOON) > HOUR
