"""`encore rejudge`: after an upgrade, what the new engine or calendar finds otherwise."""

import sys

import click

from encore.cli.django import require_migrated, speak, start
from encore.cli.verify import ALTERED


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what is found otherwise.")
@click.option("--wrong", "also_wrong", is_flag=True, help="Also clocks that the same judge finds otherwise.")
def rejudge(dry_run: bool, also_wrong: bool) -> None:
    """Judge again what another engine or calendar version has judged.

    Where a breach that was announced turns out otherwise, `duty.corrected` is recorded; the announcement stays. Nothing is
    judged while `encore verify` finds recorded bytes altered: the exit status is then 3.
    """
    start()
    require_migrated()
    from django.utils.timezone import now
    from django.utils.translation import gettext

    from encore.ledger.rebuild import contracts, differences, judged_up_to, rejudge_stale, rejudge_subjects, subjects
    from encore.ledger.verification import Tally, recorded, snapshot

    speak()
    with snapshot():
        tally = Tally()
        if found := next(recorded(tally), None):
            click.echo(f"{found.kind.label}  {found.row}: {found.said}", err=True)
            sys.exit(ALTERED)
    number = 0
    for contract in contracts():
        moment = judged_up_to(contract, tally.latest(now()))
        for keys in subjects(contract):
            differing = [one for one in differences(contract, keys, moment) if one.is_stale or also_wrong]
            number += len(differing)
            for one in differing:
                click.echo(f"{one.row}: {one.said}")
            if not dry_run and (wrong := {one.place[0] for one in differing if not one.is_stale}):
                rejudge_subjects(contract, sorted(wrong), moment)
        if not dry_run:
            rejudge_stale(contract, moment)
    said = gettext("{number} clocks are found otherwise.") if dry_run else gettext("{number} clocks were put right.")
    click.echo(said.format(number=number))
