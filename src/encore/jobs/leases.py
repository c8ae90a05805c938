"""Who may run a job, for how long, and what becomes of it if nothing is heard of them.

Leases run by the clock of the database, which all workers share, whatever their own machines say.
"""

import json
import random
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.timezone import now

from encore.jobs.backend import UnknownTask
from encore.jobs.models import Job, State
from encore.jobs.running import NothingWentOut, Running

LEASE: Final = timedelta(seconds=30)

_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_BATCH: Final = 1_000
_DUE: Final = "state = 'ready' AND run_at <= %s AND NOT (outside AND EXISTS (SELECT 1 FROM jobs_hold))"

# What is over, and how long it is kept. An unclear job stays until somebody has decided.
_KEPT: Final = (
    (Q(state=State.DONE), timedelta(days=7)),
    (Q(state=State.DEAD) | Q(state=State.UNCLEAR, settled_at__isnull=False), timedelta(days=90)),
)


@dataclass(frozen=True)
class Claimed:
    """A job under a lease."""

    id: int
    token: str
    task: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    outside: bool
    attempt: int
    most_attempts: int

    @property
    def running(self) -> Running:
        return Running(self.id, self.token)


def by_database() -> datetime:
    """The present moment. On SQLite there is one machine, and its clock is the database's."""
    if connection.vendor != "postgresql":
        return now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def claim(worker: str, at: datetime, lease: timedelta = LEASE) -> Claimed | None:
    """Takes what has been due for longest. Several workers at once take different jobs."""
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:  # looking needs no lock
        cursor.execute(f"SELECT 1 FROM jobs_job WHERE {_DUE} LIMIT 1", [adapt(at)])  # noqa: S608
        if cursor.fetchone() is None:
            return None
    unlocked = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update else ""
    token = uuid.uuid4().hex
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET state = 'running', token = %s, worker = %s, started_at = %s, lease_until = %s,"  # noqa: S608
            " attempts = attempts + 1 WHERE id = (SELECT id FROM jobs_job"
            f" WHERE {_DUE} ORDER BY run_at, id LIMIT 1 {unlocked})"
            " RETURNING id, task, arguments, outside, attempts, most_attempts",
            [token, worker, adapt(at), adapt(at + lease), adapt(at)],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    id, task, text, outside, attempt, most_attempts = row
    told = json.loads(text)
    return Claimed(id, token, task, told["args"], told["kwargs"], bool(outside), attempt, most_attempts)


def renew(jobs: Collection[Running], until: datetime) -> None:
    """Prolongs the leases of those that are still ours. One that is just being finished is passed over."""
    tokens = {job.id: job.token for job in jobs}
    with transaction.atomic():
        rows = Job.objects.filter(pk__in=tokens, state=State.RUNNING).order_by("pk").select_for_update(skip_locked=True)
        ours = [id for id, token in rows.values_list("pk", "token") if tokens[id] == token]
        Job.objects.filter(pk__in=ours).update(lease_until=until)


def give_back(job: Running, at: datetime) -> None:
    """Leaves a job that could not be ended before the worker ends. It was not its fault: the attempt does not count."""
    ours = Job.objects.filter(pk=job.id, token=job.token, state=State.RUNNING, outside=False)
    ours.update(state=State.READY, token="", run_at=at, lease_until=None, attempts=F("attempts") - 1)


def fail(job: Claimed, error: BaseException, at: datetime) -> State | None:
    """What becomes of a job that raised this. None where it was no longer ours.

    Where something may have left the house, trying again is for people to decide: also where all went well outside, and
    what is to be written about it failed.
    """
    final = isinstance(error, NothingWentOut) and error.final
    if job.outside and not isinstance(error, NothingWentOut | UnknownTask):
        state = State.UNCLEAR
    elif final or isinstance(error, UnknownTask) or job.attempt >= job.most_attempts:
        state = State.DEAD
    else:
        state = State.READY
    ours = Job.objects.filter(pk=job.id, token=job.token)
    if isinstance(error, NothingWentOut):  # then a job that was thought lost is not unclear either
        ours = ours.filter(state__in=[State.RUNNING, State.UNCLEAR], settled_at=None)
    else:
        ours = ours.filter(state=State.RUNNING)
    changed = ours.update(
        state=state,
        token="",
        run_at=at + pause(job.attempt),
        lease_until=None,
        ended_at=None if state == State.READY else at,
        error=_told(error),
    )
    return state if changed else None


def pause(attempt: int) -> timedelta:
    """Twice as long after every attempt, and never the same for two jobs that failed for one reason."""
    doubled: timedelta = _FIRST_PAUSE * 2 ** min(attempt - 1, 20)
    return min(doubled, _LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def _told(error: BaseException) -> str:
    """Kind and place. Its words may name a person or an address; they are in the log, and go with it."""
    place = ""
    if frames := extract_tb(error.__traceback__):
        place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name})"
    return f"{type(error).__qualname__}{place}"[:300]


def take_back(at: datetime) -> list[Job]:
    """Ends the attempts of which nothing is heard any more. An unclear job keeps its token: it may yet turn out well."""
    with connection.cursor() as cursor:  # looking needs no lock
        moment = connection.ops.adapt_datetimefield_value(at)
        cursor.execute("SELECT 1 FROM jobs_job WHERE state = 'running' AND lease_until < %s LIMIT 1", [moment])
        if cursor.fetchone() is None:
            return []
    lapsed = Job.objects.filter(state=State.RUNNING, lease_until__lt=at).order_by("pk")
    with transaction.atomic():
        jobs = list(lapsed.select_for_update(skip_locked=True)[:_BATCH])
        for job in jobs:
            job.lease_until, job.error = None, "WorkerLost"
            if job.outside:
                job.state, job.ended_at = State.UNCLEAR, at
            elif job.attempts >= job.most_attempts:
                job.state, job.ended_at, job.token = State.DEAD, at, ""
            else:
                job.state, job.run_at, job.token = State.READY, at, ""
        Job.objects.bulk_update(jobs, ["state", "ended_at", "run_at", "token", "lease_until", "error"])
    return jobs


def sweep(at: datetime) -> int:
    """Removes what has been over for long. How many."""
    gone = 0
    for over, kept in _KEPT:
        old = Job.objects.filter(over, ended_at__lt=at - kept)
        while numbers := list(old.order_by("ended_at").values_list("pk", flat=True)[:_BATCH]):
            gone += old.filter(pk__in=numbers).delete()[0]
    return gone
