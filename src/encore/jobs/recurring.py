"""Work that comes again and again: a package says which of its tasks is due in every so long, the worker puts it in.

Each period has a number, counted from 1970; the job's key is that number, so that of several workers one puts it in. A
period in which no worker ran is left out.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django_tasks.base import Task

from encore.jobs.backend import JobTask

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RECURRING: Final[dict[str, tuple[JobTask[[int], Any], timedelta]]] = {}


def recurring(every: timedelta) -> Callable[[Task[[int], Any]], JobTask[[int], Any]]:
    """Above `@task(unique=True)`, on a function that takes the number of the period. At most a week: jobs are kept as long."""

    def declared(task: Task[[int], Any]) -> JobTask[[int], Any]:
        if not (isinstance(task, JobTask) and task.unique):
            raise TypeError(f"{task.module_path} is put in by several workers: it has to be unique.")
        if not timedelta(0) < every <= timedelta(days=7):
            raise ValueError(f"{task.module_path}: a period is at most a week, as long as its job is kept.")
        _RECURRING[task.module_path] = task, every
        return task

    return declared


def enqueue_recurring(at: datetime) -> None:
    """Puts in what belongs to the period that it is, unless that has been done."""
    for task, every in _RECURRING.values():
        task.enqueue((at - _START) // every)
