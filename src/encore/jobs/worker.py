"""The worker: takes what is due, a few jobs at a time, and keeps the table in order.

The main thread only looks after leases and hands jobs out; each job runs in one of a few threads. Any number of workers on
any number of machines share a table.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue
from typing import Final

from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils.timezone import now
from django_tasks.base import TaskContext

from encore.jobs.backend import JobTask, UnknownTask, found, stored_result
from encore.jobs.leases import LEASE, Claimed, by_database, claim, fail, give_back, renew, sweep, take_back
from encore.jobs.models import Job, State
from encore.jobs.recurring import enqueue_recurring
from encore.jobs.running import LostLease, effects, is_finished, running

log = logging.getLogger("encore.jobs")

_SHORTEST_WAIT: Final = 0.05  # seconds, doubled as long as nothing is due
_LONGEST_WAIT: Final = 1.0
_GRACE: Final = 15.0  # for what runs when the worker is to end
_SWEEP_EVERY: Final = 3600.0
_LOOK_EVERY: Final = 60.0  # whether it is time again for what recurs


def run_due() -> int:
    """Runs whatever is due, here and now, and whatever it sets going. How many jobs."""
    count = 0
    while job := claim(_name(), now()):
        perform(job)
        count += 1
    return count


def _name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def perform(job: Claimed) -> None:
    """Runs a job; whatever becomes of it stands in the table and in the log."""
    began = time.monotonic()
    state: State | None
    try:
        try:
            _call(found(job.task), job)
            state = State.DONE
        except LostLease as error:
            state = None
            _log(job, "job was no longer ours", began, error=error)
        except (Exception, SystemExit) as error:  # work that ends itself does not end its thread
            state = fail(job, error, now())
            _log(job, f"job failed and is {state}" if state else "job failed when it was over", began, error=error)
    except (OperationalError, InterfaceError) as error:
        state = None
        _log(job, "what became of the job could not be noted; its lease will run out", began, error=error)
    if state == State.DONE:
        _log(job, "job done", began)


def _call(task: JobTask[..., object], job: Claimed) -> None:
    token = running.set(job.running)
    try:
        context = [TaskContext(task_result=stored_result(Job.objects.get(pk=job.id)))] if task.takes_context else []
        task.func(*context, *job.args, **job.kwargs)
        if not is_finished(job.running):
            with effects():  # there was nothing to write, or only something to send
                pass
    finally:
        running.reset(token)


def _log(job: Claimed, message: str, began: float, *, error: BaseException | None = None) -> None:
    fields = {
        "job": job.id,
        "task": job.task,
        "attempt": job.attempt,
        "ms": round((time.monotonic() - began) * 1000, 1),
    }
    level = logging.INFO if error is None else logging.WARNING
    log.log(level, message, exc_info=error, extra={"fields": fields})


@dataclass(frozen=True)
class _Held:
    """A job that one of the threads has, and until when that may take."""

    job: Claimed
    most: float  # by time.monotonic()


class Worker:
    def __init__(self, *, slots: int = 2, lease: timedelta = LEASE, grace: float = _GRACE) -> None:
        self._lease, self._grace = lease, grace
        self._longest_wait = min(_LONGEST_WAIT, lease.total_seconds() / 4)
        self._handed: SimpleQueue[Claimed | None] = SimpleQueue()
        self._held: dict[str, _Held] = {}  # by token
        self._ended = threading.Event()  # one of the jobs has
        self._threads = [threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(slots)]
        self._beat_at = self._swept_at = self._looked_at = float("-inf")

    def run(self, is_wanted: Callable[[], bool]) -> bool:
        """Works until it is no longer wanted; false where a job hangs, so that only a new process can go on."""
        for thread in self._threads:
            thread.start()
        wait = _SHORTEST_WAIT
        while is_wanted() and not self._hanging():
            try:
                close_old_connections()
                self._keep_order()
                has_begun = self._begin_due()
            except (OperationalError, InterfaceError) as error:
                log.warning("the database does not answer", exc_info=error)
                has_begun, wait = False, self._longest_wait
            if has_begun or self._ended.wait(wait):
                wait = _SHORTEST_WAIT
            else:
                wait = min(wait * 2, self._longest_wait)
            self._ended.clear()
        return self._end()

    def _work(self) -> None:
        while job := self._handed.get():
            try:
                close_old_connections()
                perform(job)
            except Exception:
                log.exception("a job broke its thread's hold on it", extra={"fields": {"job": job.id}})
            finally:
                del self._held[job.token]
                self._ended.set()
        connections.close_all()

    def _begin_due(self) -> bool:
        if len(self._held) >= len(self._threads):
            return False
        job = claim(_name(), by_database(), self._lease)
        if job is None:
            return False
        self._held[job.token] = _Held(job, time.monotonic() + _longest(job).total_seconds())
        self._handed.put(job)
        return True

    def _keep_order(self) -> None:
        """Leases are renewed three times in their length; those of others that ran out, looked for as often."""
        moment = time.monotonic()
        if moment - self._beat_at < self._lease.total_seconds() / 3:
            return
        self._renew()
        for job in take_back(by_database()):
            fields = {"job": job.pk, "task": job.task, "attempt": job.attempts, "worker": job.worker}
            log.warning("nothing is heard of a job; it is %s", job.state, extra={"fields": fields})
        self._beat_at = moment
        if moment - self._looked_at >= _LOOK_EVERY:
            enqueue_recurring(by_database())
            self._looked_at = moment
        if moment - self._swept_at >= _SWEEP_EVERY:
            if gone := sweep(now()):
                log.info("old jobs removed", extra={"fields": {"jobs": gone}})
            self._swept_at = moment

    def _renew(self) -> None:
        moment = time.monotonic()
        in_time = [held.job.running for held in list(self._held.values()) if held.most > moment]
        if in_time:
            renew(in_time, by_database() + self._lease)

    def _hanging(self) -> bool:
        """Whether a job takes so long that its lease is let go, and its thread is lost with it."""
        moment = time.monotonic()
        lost = [held.job for held in list(self._held.values()) if held.most < moment]
        for job in lost:
            log.error("a job hangs", extra={"fields": {"job": job.id, "task": job.task, "attempt": job.attempt}})
        return bool(lost)

    def _end(self) -> bool:
        """Lets the jobs come to their end. What does not is given back, or if it may have gone out, left to its lease."""
        for _thread in self._threads:
            self._handed.put(None)
        last = time.monotonic() + self._grace
        while self._held and time.monotonic() < last:
            try:
                self._keep_order()
            except (OperationalError, InterfaceError) as error:
                log.warning("the database does not answer", exc_info=error)
            self._ended.wait(0.1)
            self._ended.clear()
        for held in list(self._held.values()):
            if held.most < time.monotonic():
                continue  # it hangs, and so it may well do again
            try:
                give_back(held.job.running, now())
            except (OperationalError, InterfaceError) as error:
                log.warning("a job could not be given back", exc_info=error)
        if not self._held:
            for thread in self._threads:
                thread.join()
        connections.close_all()
        return not self._held


def _longest(job: Claimed) -> timedelta:
    try:
        return found(job.task).longest
    except UnknownTask:
        return timedelta(minutes=1)  # it will fail at once
