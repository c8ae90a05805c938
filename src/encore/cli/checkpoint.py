"""`encore checkpoint`: what to hand out, so that the ledger can be held to it."""

import click

from encore.cli.django import require_migrated, start


@click.command()
@click.option("--key", is_flag=True, help="Print the public key instead, as `name+id+key`.")
def checkpoint(key: bool) -> None:
    """Seal what is new and print the latest checkpoint, signed.

    Whoever keeps it can show later, with `encore verify --checkpoint`, whether the ledger still contains all that it
    contained then.
    """
    start()
    require_migrated()
    from django.utils.timezone import now

    from encore.ledger.checkpoints import NoKey, make_key, seal, signing
    from encore.ledger.models import Checkpoint

    try:
        make_key()
        seal(now())
    except NoKey as missing:
        raise click.ClickException(str(missing)) from None
    if key:
        click.echo(signing())
    elif last := Checkpoint.objects.order_by("number").last():
        click.echo(last.note, nl=False)
    else:
        raise click.ClickException("Nothing has been recorded yet.")
