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
    _say_what_is_stale()


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


def _say_what_is_stale() -> None:
    """Nobody judges a whole house anew on the way; but who has just updated should know that it is to be done."""
    from django.utils.translation import gettext as _

    from encore.ledger.judged_by import judged_by
    from encore.ledger.models import Memo

    if Memo.objects.exclude(judged_by__in=[judged_by(), ""]).exists():
        said = _(
            "Some clocks were judged by an earlier engine or calendar, and keep its deadlines and warnings until they are"
            " judged again. To see what would change: encore rejudge --dry-run; to do it: encore rejudge"
        )
        click.echo(said, err=True)
