import click

from encore.cli.django import speak, start


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Name each step.")
@click.option("--without-backup", is_flag=True, help="Where one has just been made otherwise.")
def migrate(verbose: bool, without_backup: bool) -> None:
    """Bring the database up to date, or make it.

    Where there is something to lose, a backup is made first, in the folder `backups` of ENCORE_HOME.
    """
    start()
    from django.core.management import call_command

    from encore.ledger.checkpoints import NoKey, make_key

    speak()
    if not without_backup:
        _back_up()
    call_command("migrate", interactive=False, verbosity=1 if verbose else 0)
    call_command("createcachetable", verbosity=0)
    try:
        make_key()
    except NoKey as missing:
        click.echo(str(missing), err=True)


def _back_up() -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.utils.timezone import now
    from django.utils.translation import gettext as _

    from encore.running.backup import CannotBackUp, make, usual_place
    from encore.running.restore import at_stake

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()) or not at_stake():
        return
    at = now()
    try:
        made = make(usual_place(at, "before-update"), at)
    except (CannotBackUp, OSError) as error:
        said = _("Nothing was changed, since no backup could be made first: {error}")
        raise click.ClickException(said.format(error=error)) from None
    click.echo(_("Backed up before the update: {path}").format(path=made.path))
