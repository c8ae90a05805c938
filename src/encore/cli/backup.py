"""`encore backup`: database and files into one archive, while the server runs."""

import signal
import sqlite3
import sys
from pathlib import Path

import click

from encore.cli.django import speak, start


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--with-keys", is_flag=True, help="Also the private keys: whoever has the archive can then sign in your name."
)
def backup(file: Path | None, with_keys: bool) -> None:
    """Put database and files into one archive, while the server goes on.

    FILE is made anew; without it, one named by the time in the folder `backups` of ENCORE_HOME. Nothing has that name
    before all of it is on the disk and was read back.
    """
    start()
    from django.utils.timezone import now
    from django.utils.translation import gettext as _

    from encore.running.backup import CannotBackUp, make, usual_place

    speak()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was begun is cleared away
    at = now()
    try:
        made = make(file.absolute() if file else usual_place(at), at, with_keys=with_keys)
    except CannotBackUp as refusal:
        raise click.ClickException(str(refusal)) from None
    except sqlite3.Error as error:
        raise click.ClickException(f"SQLite: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or file or ''}: {error.strerror}") from None
    said = _("{path}: {bytes} bytes, {rows} rows in {tables} tables, {files} files.")
    rows = sum(table.rows for table in made.manifest.tables.values())
    numbers = {
        "bytes": made.bytes,
        "rows": rows,
        "tables": len(made.manifest.tables),
        "files": made.manifest.files.number,
    }
    click.echo(said.format(path=made.path, **numbers))
    if made.manifest.has_private_keys:
        click.echo(_("The private keys are in it: keep it where nobody else can read it."), err=True)
    else:
        click.echo(_("The private keys are not in it: keep a copy of the folder keys/ apart from it."), err=True)
