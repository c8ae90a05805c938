"""Work for the tests of jobs: its effects are organisations, since those are easily counted."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskContext, task

from encore.accounts.models import Organisation, Role, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.jobs import NothingWentOut, effects

sent: list[str] = []
"""What left the house."""

meanwhile: list[Callable[[], Any]] = []
"""What happens while the next job runs, before its effects."""


def _happens() -> None:
    if meanwhile:
        meanwhile.pop(0)()


@contextmanager
def interrupted(*by: Callable[[], Any]) -> Iterator[None]:
    meanwhile[:] = by
    sent.clear()
    yield
    meanwhile.clear()


@task
def found_house(name: str) -> None:
    _happens()
    with effects():
        Organisation.objects.create(name=name, role=Role.VENUE)


@task
def found_and_stumble(name: str) -> None:
    with effects():
        Organisation.objects.create(name=name, role=Role.VENUE)
        raise RuntimeError("after the effect")


@task(unique=True)
def found_once(name: str) -> None:
    with effects():
        Organisation.objects.create(name=name, role=Role.VENUE)


@task(most_attempts=3)
def stumble() -> None:
    raise RuntimeError("13800138000 lin@example.com")


@task
def look(*, numbers: list[int]) -> None:
    """Nothing to write."""


@task(most_attempts=1)
def end_everything() -> None:
    sys.exit("I am done")


@task(outside=True)
def send_and_miss_a_library(name: str) -> None:
    sent.append(name)
    raise ImportError("no library to write the receipt with")


@task(outside=True, label=_("Board"))
def send(name: str) -> None:
    sent.append(name)
    _happens()


@task(outside=True, takes_context=True)
def send_under_its_number(context: TaskContext) -> None:
    sent.append(f"{context.task_result.id}/{context.attempt}")


@task(outside=True)
def not_sent(final: bool) -> None:
    raise NothingWentOut("the line is dead", final=final)


gate = threading.Event()
inside = threading.Semaphore(0)


@task(longest=timedelta(minutes=1))
def wait_at_the_gate(name: str) -> None:
    inside.release()
    gate.wait(20)
    with effects():
        Organisation.objects.create(name=name, role=Role.VENUE)


@task(longest=timedelta(seconds=0.2))
def hang() -> None:
    inside.release()
    gate.wait(20)


@task
def verify(complaint: int, by: int) -> None:
    _happens()
    operations.verify(Complaint.objects.get(pk=complaint), by=User.objects.get(pk=by), at=now())


@task
def verify_two(first: int, second: int, by: int) -> None:
    """What no job should do: two operations."""
    verify.func(first, by)
    verify.func(second, by)
