"""Whether all is well: told to a monitor without names, and to the manager with what to do."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from encore.accounts.models import User
from encore.accounts.rights import NotYours, require
from encore.cli.main import main
from encore.contracts.models import Contract
from encore.jobs.models import Hold, Job
from encore.ledger.checkpoints import seal
from encore.ledger.models import Event
from encore.running import health
from encore.running.health import Sign, State
from encore.running.heartbeat import BACKUP, EVERY, TICK, VERIFICATION, WORKER, Pulse, beat, heard
from tests.cast import DAY, HOUR, complain, recording_at, signed_in
from tests.jobs import work

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Path:
    settings.ENCORE_HOME = tmp_path
    return tmp_path


def all_well(at: datetime) -> None:
    for name in (TICK, WORKER, BACKUP, VERIFICATION):
        beat(name, at)


def signs(at: datetime) -> dict[str, Sign]:
    return {sign.name: sign for sign in health.signs(at)}


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


def test_a_house_in_which_everything_beats_is_well(contract: Contract) -> None:
    at = now()
    seal(at)
    all_well(at)
    assert {sign.state for sign in health.signs(at)} == {State.WELL}
    answer = Client().get("/health/")
    assert (answer.status_code, answer.json()["state"]) == (200, "well")
    assert "no-store" in answer["Cache-Control"]


def test_the_monitor_hears_states_moments_and_numbers_and_nothing_else(zhou: User, home: Path) -> None:
    all_well(now())
    answer = Client(REMOTE_ADDR="203.0.113.9").get("/health/")
    told = answer.json()
    assert set(told) == {"state", "at", "signs"}
    names = {"database", "tick", "worker", "queue", "parked", "disk", "backup", "verification", "checkpoint"}
    assert set(told["signs"]) == names
    for name, sign in told["signs"].items():
        assert set(sign) == ({"state"} if name == "database" else {"state", "at", "number"})
    for secret in (str(home), zhou.name, zhou.username):
        assert secret not in answer.content.decode()


@pytest.mark.parametrize("name", [TICK, WORKER])
def test_who_is_silent_for_a_minute_is_missed(name: str) -> None:
    at = now()
    assert signs(at)[name].state == State.BAD, "never heard of"
    beat(name, at)
    assert signs(at + MINUTE)[name].state == State.WELL
    assert signs(at + MINUTE + timedelta(seconds=1))[name].state == State.BAD
    assert Client().get("/health/").status_code == 503


def test_jobs_that_wait_for_long_are_seen() -> None:
    at = now()
    assert signs(at)["queue"].state == State.WELL
    number = work.found_house.enqueue("a").id
    for waited, state in ((9 * MINUTE, State.WELL), (11 * MINUTE, State.WORRYING), (61 * MINUTE, State.BAD)):
        Job.objects.filter(pk=number).update(run_at=at - waited)
        assert (signs(at)["queue"].state, signs(at)["queue"].number) == (state, 1)


def test_what_waits_for_people_is_counted() -> None:
    number = work.found_house.enqueue("a").id
    assert signs(now())["parked"].state == State.WELL
    Job.objects.filter(pk=number).update(state="dead", ended_at=now())
    assert (signs(now())["parked"].state, signs(now())["parked"].number) == (State.WORRYING, 1)


def test_what_is_held_back_after_a_restore_is_no_fault_of_the_worker() -> None:
    at = now()
    Hold.objects.create(since=at)
    number = work.send.enqueue("a").id
    Job.objects.filter(pk=number).update(run_at=at - 5 * HOUR)
    found = signs(at)
    assert (found["held"].state, found["queue"].state) == (State.WORRYING, State.WORRYING)


def test_a_backup_is_wanted_every_day_and_a_verification_every_week() -> None:
    at = now()
    assert {signs(at)[name].state for name in (BACKUP, VERIFICATION)} == {State.WORRYING}
    for name, kept in ((BACKUP, 26 * HOUR), (VERIFICATION, 8 * DAY)):
        beat(name, at)
        assert signs(at + kept)[name].state == State.WELL
        assert signs(at + kept + MINUTE)[name].state == State.WORRYING


@pytest.mark.parametrize(
    ("status", "state"), [(0, "well"), (3, "bad"), (4, "worrying"), (5, "worrying"), (1, "worrying")]
)
def test_what_a_verification_found_stays_to_be_seen(status: int, state: str) -> None:
    beat(VERIFICATION, now(), status)
    assert signs(now())["verification"].state == state


def test_verifying_by_hand_is_noted() -> None:
    at = now()
    assert CliRunner().invoke(main, ["verify"]).exit_code == 0
    last = heard()[VERIFICATION]
    assert last.number == 0
    assert last.at >= at
    CliRunner().invoke(main, ["verify", "--help"])
    assert heard()[VERIFICATION].at == last.at


def test_events_that_nobody_seals_are_seen(contract: Contract) -> None:
    at = Event.objects.latest("pk").recorded_at
    assert signs(at)["checkpoint"].state == State.WELL, "they are new"
    with recording_at(at + 6 * MINUTE):
        complain(contract, at=at)
    assert signs(at + 6 * MINUTE)["checkpoint"].state == State.BAD, "also where new ones come all the time"
    seal(at)
    assert signs(at + 6 * MINUTE)["checkpoint"].state == State.WELL


def test_a_loop_beats_now_and_then_however_often_it_goes_round(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pulse, at = Pulse(TICK), now()
    with django_assert_num_queries(1):
        for _ in range(100):
            pulse.keep(at)
    assert heard()[TICK].at == at
    assert EVERY.total_seconds() < 60


def test_a_heartbeat_that_cannot_be_written_ends_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE running_heartbeat")
    from django.db import transaction

    with transaction.atomic():
        savepoint = transaction.savepoint()
        Pulse(TICK).keep(now())
        transaction.savepoint_rollback(savepoint)


@pytest.mark.parametrize("jobs", [0, 40])
def test_asking_costs_the_same_however_much_there_is(
    contract: Contract, django_assert_max_num_queries: DjangoAssertNumQueries, jobs: int
) -> None:
    for number in range(jobs):
        work.found_house.enqueue(str(number))
    with django_assert_max_num_queries(9):
        Client().get("/health/")


def test_the_manager_reads_what_to_do(desk: Client) -> None:
    page = desk.get("/house/health/").content.decode()
    assert "encore serve" in page
    assert "encore backup" in page
    assert "运行状况" in page


def test_only_the_manager_of_the_venue_reads_it(desk: Client, lin: User, he: User) -> None:
    assert Client(REMOTE_ADDR="203.0.113.9").get("/house/health/")["Location"] == "/sign-in/?next=/house/health/"
    for stranger in (lin, he):
        assert signed_in(stranger).get("/house/health/").status_code == 403
        with pytest.raises(NotYours):
            require("running.look_after", stranger)


def test_the_manager_lets_things_go_out_again(desk: Client) -> None:
    assert "/jobs/let-out/" not in desk.get("/jobs/").content.decode()
    Hold.objects.create(since=now())
    work.send.enqueue("a")
    assert "/jobs/let-out/" in desk.get("/jobs/").content.decode()
    assert desk.get("/jobs/let-out/").status_code == 405
    assert Client(REMOTE_ADDR="203.0.113.9").post("/jobs/let-out/").status_code == 403
    assert Hold.objects.count() == 1
    assert desk.post("/jobs/let-out/").status_code == 302
    assert not Hold.objects.exists()
