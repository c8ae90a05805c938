from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django_tasks.base import TaskResultStatus
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist
from pytest_django import DjangoAssertNumQueries

from encore.accounts.models import Organisation
from encore.jobs.backend import DatabaseBackend
from encore.jobs.models import Job
from encore.jobs.worker import run_due
from tests.jobs import work
from tests.ledger.test_tick import at_once

pytestmark = pytest.mark.django_db


def test_a_job_of_a_transaction_that_is_taken_back_never_was() -> None:
    with transaction.atomic():
        work.found_house.enqueue("a")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_putting_a_job_in_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        work.found_house.enqueue("a")
    with django_assert_num_queries(1):
        work.found_once.enqueue("a")


def test_a_job_runs_and_has_its_effect() -> None:
    result = work.found_house.enqueue(name="a")
    assert not result.is_finished
    assert run_due() == 1
    result.refresh()
    assert result.is_finished
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert (result.attempts, result.kwargs) == (1, {"name": "a"})
    assert Organisation.objects.filter(name="a").count() == 1
    assert run_due() == 0


def test_a_job_for_later_waits() -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    result = work.found_house.using(run_after=soon).enqueue("a")
    assert run_due() == 0
    Job.objects.filter(pk=result.id).update(run_at=soon - timedelta(hours=2))
    assert run_due() == 1


def test_what_has_been_due_for_longest_runs_first() -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    work.found_house.enqueue("second")
    work.found_house.using(run_after=past).enqueue("first")
    run_due()
    assert list(Organisation.objects.order_by("pk").values_list("name", flat=True)) == ["first", "second"]


def test_the_same_work_is_put_in_once_where_it_is_declared_unique() -> None:
    first = work.found_once.enqueue("a")
    assert work.found_once.enqueue("a").id == first.id
    run_due()
    again = work.found_once.enqueue("a")
    assert (again.id, again.status) == (first.id, TaskResultStatus.SUCCESSFUL)
    assert work.found_once.enqueue("b").id != first.id
    assert work.found_house.enqueue("a").id != work.found_house.enqueue("a").id


@pytest.mark.django_db(transaction=True)
def test_of_unique_jobs_put_in_at_once_one_remains() -> None:
    assert not at_once(*[partial(work.found_once.enqueue, "a")] * 6)
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    "key", [7, True, None, "complaint:17", "2026-03-05T10:00:00+08:00", "-12.50", "f" * 64, ["a", 1], (1, 2), ""]
)
def test_a_job_is_told_keys(key: object) -> None:
    result = work.found_house.enqueue(key)  # type: ignore[arg-type]
    assert Job.objects.get(pk=result.id).arguments == {
        "args": [list(key) if isinstance(key, tuple) else key],
        "kwargs": {},
    }


@pytest.mark.parametrize(
    "text",
    [
        "酒是温的",
        "two words",
        "lin@example.com",
        "13800138000",
        "+8613800138000",
        "f" * 65,
        0.1,
        {"a": 1},
        [["ü"]],
        b"a",
    ],
)
def test_a_job_is_told_no_text_no_address_and_no_telephone_number(text: object) -> None:
    with pytest.raises(ValueError, match="keys and codes") as refused:
        work.found_house.enqueue(text)  # type: ignore[arg-type]
    assert str(text) not in str(refused.value)
    assert not Job.objects.exists()


def test_a_job_takes_the_events_of_a_tick_but_not_of_a_year() -> None:
    work.look.enqueue(numbers=list(range(10**12, 10**12 + 1_000)))
    assert run_due() == 1
    with pytest.raises(ValueError, match="divide them"):
        work.look.enqueue(numbers=list(range(100_000)))


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), (("a", "b"), {}), ((), {"title": "a"})])
def test_arguments_that_the_work_does_not_take_are_refused_when_it_is_put_in(args: Any, kwargs: Any) -> None:
    with pytest.raises(TypeError):
        work.found_house.enqueue(*args, **kwargs)


def test_work_that_the_table_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidTaskError, match="priority"):
        work.found_house.using(priority=5)
    with pytest.raises(InvalidTaskError, match="aware"):
        work.found_house.using(run_after=datetime(2026, 3, 5))  # noqa: DTZ001


def test_a_job_that_never_was_is_not_found() -> None:
    for number in ("1", "x", "-1", "٣"):
        with pytest.raises(TaskResultDoesNotExist):
            work.found_house.get_result(number)


def test_the_job_knows_its_number_and_how_often_it_was_tried() -> None:
    with work.interrupted():
        first = work.send_under_its_number.enqueue()
        run_due()
    assert work.sent == [f"{first.id}/1"]


def test_the_backend_is_the_table() -> None:
    assert isinstance(work.found_house.get_backend(), DatabaseBackend)
    assert connection.introspection.table_names().count("jobs_job") == 1
