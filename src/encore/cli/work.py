"""The worker by hand, and as the process that `encore serve` runs beside its web workers."""

import os
import signal
import sys
from datetime import timedelta

import click

from encore.cli.django import require_migrated, start


@click.command()
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 16), help="Jobs at a time.")
@click.option("--lease", type=click.FloatRange(min=1), hidden=True, help="Seconds of silence after which it is lost.")
@click.option("--beside", type=int, hidden=True, help="End with this process, which started this one.")
def work(jobs: int, lease: float | None, beside: int | None) -> None:
    """Do the jobs that are due, until Ctrl-C."""
    told: list[int] = []
    # A list, since a handler must not wait for a lock that the main thread may hold.
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    signal.signal(signal.SIGINT, lambda number, _frame: told.append(number))
    start()
    require_migrated()
    from django.utils.timezone import now

    from encore.jobs.leases import LEASE
    from encore.jobs.worker import Worker
    from encore.running.heartbeat import WORKER, Pulse

    worker, pulse = Worker(slots=jobs, lease=timedelta(seconds=lease) if lease else LEASE), Pulse(WORKER)

    def is_wanted() -> bool:  # asked about once a second
        pulse.keep(now())
        return not told and beside in (None, os.getppid())

    if not worker.run(is_wanted):
        sys.exit(1)
