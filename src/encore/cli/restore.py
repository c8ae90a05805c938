"""`encore restore`: what `encore backup` has made, on this machine or another."""

from pathlib import Path

import click

from encore.cli.django import speak, start


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", metavar="WORDS", help="Replace what is here. WORDS say what is lost; the refusal tells them.")
def restore(file: Path, force: str | None) -> None:
    """Put a backup in place: database, files, and the keys that are in it.

    Refuses where anything is here already. Nothing is touched before all of the archive has been read and found whole.
    Afterwards nothing leaves the house until the manager lets it, on the page of background jobs: nobody knows what went
    out since the backup was made.
    """
    start()
    from django.core.management import call_command
    from django.db import connection
    from django.utils.timezone import now
    from django.utils.translation import gettext as _

    from encore.running import restore as steps
    from encore.running.archive import Unusable, checked

    speak()
    at = now()
    try:
        with file.open("rb") as archive:
            manifest = checked(archive)
            steps.require_fitting(manifest)
            steps.require_at_rest(at)
            if (lost := steps.at_stake()) and force != lost.words:
                said = _('There is something here already. To replace it, say what is lost: --force "{words}"')
                raise steps.CannotRestore(said.format(words=lost.words))
            told = steps.restore(archive, manifest, file.stat().st_size, at)
    except (Unusable, steps.CannotRestore) as refusal:
        raise click.ClickException(f"{file}: {refusal}") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or file}: {error.strerror}") from None
    call_command("migrate", interactive=False, verbosity=0)
    steps.begin_anew(connection, manifest, file.stat().st_size, at)
    click.echo(
        _("Restored as of {moment}, made by Encore {version}.").format(moment=manifest.made_at, version=manifest.encore)
    )
    for one in told:
        click.echo(one, err=True)
    click.echo(
        _("Nothing leaves the house until the manager lets it, on the page of background jobs. Now run: encore verify")
    )
