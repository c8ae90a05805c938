"""`encore reindex`: the index that searches look into, written anew."""

import click

from encore.cli.django import require_migrated, start


@click.command()
def reindex() -> None:
    """Write anew what searches look into.

    Needed once after an upgrade that searches more than before. Others can work meanwhile.
    """
    start()
    require_migrated()
    from encore.search.rebuilding import rebuild

    for noun, number in rebuild():
        click.echo(f"{noun}: {number}")
