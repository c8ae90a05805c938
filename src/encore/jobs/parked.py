"""Jobs that wait for people: given up, or unclear whether something left the house. Nothing else decides about them.

What jobs do concerns the whole installation, which the venue runs: its people decide, not the agency's.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from encore.accounts.models import User
from encore.accounts.rights import may, require
from encore.jobs.backend import UnknownTask, found
from encore.jobs.models import Hold, Job, State
from encore.web.paging import Place, after
from encore.web.tables import PAGE

log = logging.getLogger("encore.jobs")

_STATES = (State.DEAD, State.UNCLEAR)


class AlreadyDecided(Exception):
    """Somebody else was faster, or the job has come to a good end after all. Its text is for people."""


def may_decide(user: User) -> bool:
    return may("jobs.try_again", user)


def _parked() -> QuerySet[Job]:
    # That it has ended goes without saying, but not for SQLite, which else would not use the index.
    return Job.objects.filter(state__in=_STATES, settled_at=None, ended_at__isnull=False)


def number(most: int) -> int:
    """How many wait for a decision, counted up to `most`."""
    return _parked()[:most].count()


def page(place: Place | None) -> list[Job]:
    """Those that wait for a decision, the latest first, and one more than go on a page."""
    rows = _parked().filter(after("ended_at", place, descending=True))
    return list(rows.order_by("-ended_at", "-pk")[: PAGE + 1])


@dataclass(frozen=True)
class Load:
    """What the workers have before them. `since`: since when the first one has been due."""

    due: int
    since: datetime | None
    later: int
    running: int


def load(at: datetime, most: int) -> Load:
    """How many jobs are due, wait for their time, and run, each counted up to `most`."""
    ready = Job.objects.filter(state=State.READY)
    due = (
        ready.filter(run_at__lte=at).order_by("run_at", "pk")[:most].aggregate(number=Count("pk"), since=Min("run_at"))
    )
    later = ready.filter(run_at__gt=at)[:most].count()
    running = Job.objects.filter(state=State.RUNNING)[:most].count()
    return Load(due["number"], due["since"], later, running)


def label(job: Job) -> str | Promise:
    """What people call this work; the name of the function where nobody has said."""
    try:
        return found(job.task).label or job.task
    except UnknownTask:
        return job.task


def try_again(job: int, *, by: User, at: datetime) -> None:
    """Puts the job back, as if it had just been enqueued. An unclear one may go out a second time."""
    require("jobs.try_again", by)
    with transaction.atomic():
        row = _locked(job)
        row.state, row.run_at, row.token, row.attempts, row.ended_at = State.READY, at, "", 0, None
        row.save(update_fields=["state", "run_at", "token", "attempts", "ended_at"])
    log.info("job tried again", extra={"fields": {"job": job, "task": row.task, "by": by.pk}})


def settle(job: int, *, by: User, at: datetime) -> None:
    """Lets it be: it did go out, or it is no longer needed."""
    require("jobs.settle", by)
    with transaction.atomic():
        row = _locked(job)
        row.settled_by, row.settled_at = by, at
        row.save(update_fields=["settled_by", "settled_at"])
    log.info("job settled", extra={"fields": {"job": job, "task": row.task, "by": by.pk}})


def held_since() -> datetime | None:
    """Since when nothing leaves the house, because a backup was restored."""
    return Hold.objects.aggregate(since=Min("since"))["since"]  # type: ignore[no-any-return]


def let_out(*, by: User) -> None:
    """What is to leave the house leaves it again, also what has been asked for meanwhile."""
    require("jobs.try_again", by)
    Hold.objects.all().delete()
    log.info("jobs let out", extra={"fields": {"by": by.pk}})


def _locked(job: int) -> Job:
    row = _parked().select_for_update().filter(pk=job).first()
    if row is None:
        raise AlreadyDecided(_("This job no longer waits for a decision."))
    return row
