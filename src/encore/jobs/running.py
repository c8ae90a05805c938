"""The job that this thread runs, and how its end is tied to its effects."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.utils.timezone import now


class LostLease(Exception):
    """The job is somebody else's by now, or over: what was done under the lease is taken back.

    Also raised where a job tries a second operation: the first one has finished it.
    """


class NothingWentOut(Exception):
    """Raised by a job with outside effects that knows that there were none: it may be tried again.

    `final`: there is no use in trying, because the other side will not have it.
    """

    def __init__(self, reason: str = "", *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True)
class Running:
    id: int
    token: str


running: Final[ContextVar[Running | None]] = ContextVar("running", default=None)


def finish_running() -> None:
    """Marks the running job as done, in the transaction under way and just before its end; elsewhere it does nothing.

    A job that was thought dead and is *unclear* may still end well, as long as nobody has put it back.
    """
    job = running.get()
    if job is None:
        return
    ended_at = connection.ops.adapt_datetimefield_value(now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET state = 'done', ended_at = %s, lease_until = NULL, error = ''"
            " WHERE id = %s AND token = %s AND state IN ('running', 'unclear')",
            [ended_at, job.id, job.token],
        )
        if cursor.rowcount != 1:
            raise LostLease(f"job {job.id}")


@contextmanager
def effects() -> Iterator[None]:
    """The transaction of a job that runs no operation: what it writes, and that it is done."""
    with transaction.atomic(durable=True):
        yield
        finish_running()


def is_finished(job: Running) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM jobs_job WHERE id = %s AND token = %s AND state = 'done'", [job.id, job.token])
        return cursor.fetchone() is not None
