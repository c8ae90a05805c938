import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest
from django.db import connections

from encore.accounts.models import Organisation
from encore.jobs.leases import take_back
from encore.jobs.models import Job, State
from encore.jobs.worker import Worker, run_due
from tests.jobs import work

pytestmark = pytest.mark.django_db(transaction=True)


def eventually(holds: Callable[[], bool]) -> None:
    last = monotonic() + 20
    while not holds():
        assert monotonic() < last, "it did not come to that"
        sleep(0.02)


class Running:
    def __init__(self, worker: Worker) -> None:
        self.ended_well: bool | None = None
        self._wanted = True
        self._thread = threading.Thread(target=self._run, args=(worker,), daemon=True)
        self._thread.start()

    def _run(self, worker: Worker) -> None:
        self.ended_well = worker.run(lambda: self._wanted)

    def end(self) -> None:
        self._wanted = False
        self.wait()

    def wait(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def at_work(lease: float = 0.6, slots: int = 2, grace: float = 10) -> Iterator[Running]:
    work.gate.clear()
    while work.inside.acquire(blocking=False):
        pass
    running = Running(Worker(slots=slots, lease=timedelta(seconds=lease), grace=grace))
    try:
        yield running
    finally:
        work.gate.set()
        running.end()


def states() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("state", flat=True))


def test_a_worker_does_what_is_due_and_ends_when_told() -> None:
    for number in range(20):
        work.found_house.enqueue(f"a{number}")
    with at_work() as running:
        eventually(lambda: states() == [State.DONE] * 20)
    assert running.ended_well is True
    assert Organisation.objects.count() == 20


def test_a_worker_does_as_many_jobs_at_a_time_as_it_has_places() -> None:
    for number in range(3):
        work.wait_at_the_gate.enqueue(f"a{number}")
    with at_work(slots=2):
        assert all(work.inside.acquire(timeout=10) for _ in range(2))
        assert not work.inside.acquire(timeout=0.3)
        work.gate.set()
        eventually(lambda: states() == [State.DONE] * 3)


def test_a_job_that_takes_longer_than_a_lease_stays_with_its_worker() -> None:
    work.wait_at_the_gate.enqueue("a")
    with at_work(lease=0.6):
        assert work.inside.acquire(timeout=10)
        begun = Job.objects.get()
        for _ in range(30):
            assert take_back(datetime.now(UTC)) == []
            sleep(0.05)
        assert Job.objects.get().lease_until != begun.lease_until
        work.gate.set()
        eventually(lambda: states() == [State.DONE])
    assert Organisation.objects.count() == 1


def test_a_worker_that_ends_waits_for_its_jobs() -> None:
    work.wait_at_the_gate.enqueue("a")
    with at_work() as running:
        assert work.inside.acquire(timeout=10)
        threading.Timer(0.3, work.gate.set).start()
        running.end()
        assert running.ended_well is True
    assert states() == [State.DONE]


def test_a_worker_that_cannot_wait_gives_its_job_back() -> None:
    work.wait_at_the_gate.enqueue("a")
    with at_work(grace=0.1) as running:
        assert work.inside.acquire(timeout=10)
        running.end()
        assert running.ended_well is False
        assert states() == [State.READY]
    assert Job.objects.get().attempts == 0
    eventually(
        lambda: threading.active_count() == 1 or not any(t.name.startswith("job-") for t in threading.enumerate())
    )
    assert Organisation.objects.count() == 0
    run_due()
    assert Organisation.objects.count() == 1


def test_a_worker_whose_job_hangs_ends_and_the_job_goes_to_another(caplog: pytest.LogCaptureFixture) -> None:
    work.hang.enqueue()
    with at_work(lease=0.5, grace=0.1) as running:
        assert work.inside.acquire(timeout=10)
        running.wait()
        assert running.ended_well is False
        take_back(datetime.now(UTC) + timedelta(seconds=1))
        assert states() == [State.READY]
        assert Job.objects.get().attempts == 1, "a job that hangs uses its attempts up"
    assert "a job hangs" in caplog.text


def test_work_that_ends_itself_does_not_end_the_place_it_runs_in() -> None:
    for _ in range(3):
        work.end_everything.enqueue()
    work.found_house.enqueue("a")
    with at_work(slots=1) as running:
        eventually(lambda: states() == [State.DEAD] * 3 + [State.DONE])
    assert running.ended_well is True


def test_work_whose_module_cannot_be_loaded_is_given_up_and_the_rest_goes_on() -> None:
    for name in ("broken", "gone"):
        work.found_house.enqueue(name)
    Job.objects.filter(arguments__args=["broken"]).update(task="tests.jobs.broken.work")
    Job.objects.filter(arguments__args=["gone"]).update(task="tests.jobs.nowhere.work")
    work.found_house.enqueue("a")
    with at_work() as running:
        eventually(lambda: states() == [State.DEAD, State.DEAD, State.DONE])
    assert running.ended_well is True


def test_a_job_of_a_lost_worker_is_done_by_another() -> None:
    work.found_house.enqueue("a")
    Job.objects.update(
        state=State.RUNNING, token="lost", attempts=1, lease_until=datetime.now(UTC) - timedelta(hours=1)
    )
    with at_work():
        eventually(lambda: states() == [State.DONE])
    assert Job.objects.get().attempts == 2


def test_what_is_over_is_swept_away_by_the_worker() -> None:
    work.found_house.enqueue("a")
    Job.objects.update(state=State.DONE, ended_at=datetime.now(UTC) - timedelta(days=8))
    with at_work():
        eventually(lambda: states() == [])


def test_the_log_names_job_task_attempt_and_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "encore.jobs")
    good, bad = work.found_house.enqueue("a"), work.stumble.enqueue()
    run_due()
    lines = {record.fields["job"]: record for record in caplog.records}  # type: ignore[attr-defined]
    done, failed = lines[int(good.id)], lines[int(bad.id)]
    assert done.getMessage() == "job done"
    assert done.fields["task"] == "tests.jobs.work.found_house"  # type: ignore[attr-defined]
    assert failed.getMessage() == "job failed and is ready"
    assert failed.fields["attempt"] == 1  # type: ignore[attr-defined]
    assert failed.exc_info


def test_a_worker_survives_a_database_that_went_away() -> None:
    with at_work(slots=1):
        work.found_house.enqueue("a")
        eventually(lambda: states() == [State.DONE])
        if connections["default"].vendor == "postgresql":
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        work.found_house.enqueue("b")
        eventually(lambda: states() == [State.DONE, State.DONE])
