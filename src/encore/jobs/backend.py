"""How work gets into the table: `@task(...)` declares it, `.enqueue(...)` puts it in, within the transaction under way."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from inspect import signature
from typing import Any, Final, ParamSpec, TypeVar

from django.db import connection
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist

from encore.jobs.arguments import written
from encore.jobs.models import Job, State

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask(Task[P, T]):
    """What `@task(...)` makes of a function here.

    The function runs one operation, or writes within one `with effects():`; either finishes the job in its own
    transaction. Slow work comes before it. A refusal that means that there is nothing left to do is caught; any other
    exception means another try. What the function returns is not kept.
    """

    label: str | Promise = ""
    """What people call this work."""

    outside: bool = False
    """Something leaves the house. Call out first, then write; raise `NothingWentOut` where that is certain."""

    unique: bool = False
    """One job for the same arguments, as long as that one is kept: 7 days after it is done."""

    most_attempts: int = 8
    """Tries before the job is given up: with the usual pauses, some twenty minutes."""

    longest: timedelta = timedelta(minutes=10)
    """After that the lease is not renewed: whoever hangs has lost the job."""


_STATUS: Final = {
    State.READY: TaskResultStatus.READY,
    State.RUNNING: TaskResultStatus.RUNNING,
    State.DONE: TaskResultStatus.SUCCESSFUL,
    State.DEAD: TaskResultStatus.FAILED,
    State.UNCLEAR: TaskResultStatus.FAILED,
}


class DatabaseBackend(BaseTaskBackend):
    task_class = JobTask
    supports_defer = True
    supports_get_result = True

    def enqueue(self, task: Task[P, T], args: Any, kwargs: Any) -> TaskResult[T]:
        """`TypeError` for arguments that the function does not take, `ValueError` for such as are no keys."""
        assert isinstance(task, JobTask)
        self.validate_task(task)
        signature(task.func).bind(*([None] if task.takes_context else []), *args, **kwargs)
        return stored_result(_enqueued(task, args, kwargs))

    def get_result(self, result_id: str) -> TaskResult[Any]:
        job = Job.objects.filter(pk=int(result_id)).first() if result_id.isdecimal() else None
        if job is None:
            raise TaskResultDoesNotExist(result_id)
        return stored_result(job)


_COLUMNS: Final = (
    "task, arguments, outside, unique_key, state, attempts, most_attempts, enqueued_at, run_at, token, worker, error"
)


def _enqueued(task: "JobTask[P, T]", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Job:
    at, text = now(), written(args, kwargs)
    key = hashlib.sha256(text.encode()).hexdigest() if task.unique else ""
    job = Job(
        task=task.module_path,
        arguments={"args": list(args), "kwargs": dict(kwargs)},
        outside=task.outside,
        unique_key=key,
        most_attempts=task.most_attempts,
        enqueued_at=at,
        run_at=task.run_after or at,
    )
    adapt = connection.ops.adapt_datetimefield_value
    times = adapt(job.enqueued_at), adapt(job.run_at)
    values = [job.task, text, job.outside, key, "ready", 0, job.most_attempts, *times, "", "", ""]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO jobs_job ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(values))})"  # noqa: S608 - names of ours
            " ON CONFLICT DO NOTHING RETURNING id",
            values,
        )
        if row := cursor.fetchone():
            job.pk = row[0]
            return job
    return Job.objects.get(task=job.task, unique_key=key)


class UnknownTask(Exception):
    """The code no longer has this work, or cannot load it: nothing of it has begun."""


def found(path: str) -> "JobTask[..., Any]":
    """The task of that name. `UnknownTask` where there is none."""
    try:
        task = import_string(path)
    except Exception as error:  # whatever its module stumbles over
        raise UnknownTask(path) from error
    if not isinstance(task, JobTask):
        raise UnknownTask(path)
    return task


def stored_result(job: Job) -> TaskResult[Any]:
    """What the API tells about a job. Its number is the same in every attempt: a key for what must not go out twice."""
    return TaskResult(
        task=found(job.task),
        id=str(job.pk),
        status=_STATUS[State(job.state)],
        enqueued_at=job.enqueued_at,
        started_at=job.started_at,
        finished_at=job.ended_at,
        last_attempted_at=job.started_at,
        args=job.arguments["args"],
        kwargs=job.arguments["kwargs"],
        backend="default",
        errors=[TaskError(exception_class_path="", traceback=job.error)] if job.error else [],
        worker_ids=[job.worker] * job.attempts,
    )
