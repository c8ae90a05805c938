"""The tick by hand, and as the process that `encore serve` runs beside its web workers."""

import os
import time

import click

from encore.cli.django import require_migrated, start


@click.command()
@click.option("--every", type=click.FloatRange(min=0.1), help="Go on, and tick again after so many seconds.")
@click.option("--beside", type=int, hidden=True, help="End with this process, which started this one.")
def tick(every: float | None, beside: int | None) -> None:
    """Breach what is past its deadline, open periods that have begun."""
    start()
    require_migrated()
    from django.utils.timezone import now

    from encore.ledger.checkpoints import keep_sealed
    from encore.ledger.tick import tick as once
    from encore.running.heartbeat import TICK, Pulse

    pulse = Pulse(TICK)
    changed = once()
    pulse.keep(now())
    if every is None:
        click.echo(f"{changed} clocks changed.")
        return
    while beside in (None, os.getppid()):  # a server that was killed leaves no tick behind
        time.sleep(every)
        once()
        keep_sealed(now())
        pulse.keep(now())
