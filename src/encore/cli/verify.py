"""`encore verify`: whether the ledger is what it was. The exit status says what the gravest finding is."""

import sys
from pathlib import Path
from typing import Final

import click

from encore.cli.django import require_migrated, speak, start

ALTERED: Final = 3
WRONG: Final = 4
STALE: Final = 5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each finding, and one for the whole.")
@click.option(
    "--checkpoint",
    "notes",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that somebody has kept; the ledger must still be a continuation of it. May be repeated.",
)
@click.option("--key", "keys", multiple=True, help="The key that signs, as `name+id+key`, where keys/ is not trusted.")
def verify(as_json: bool, notes: tuple[Path, ...], keys: tuple[str, ...]) -> None:
    """Check every recorded byte, and judge every clock again.

    Reads one snapshot and keeps nobody from working. Nothing that is stored is changed, and no event's content is printed.
    Exit status:

    \b
    0  all is as it was recorded, and every clock as the events give it
    3  altered: bytes, a chain, the tree or a signature do not fit
    4  wrong: the same judge finds other clocks in the events
    5  stale: another engine or calendar judged some clocks; see encore rejudge

    Where there are several, the gravest: the lowest number but 0.
    """
    start()
    require_migrated()
    import orjson
    from django.utils.timezone import now
    from django.utils.translation import gettext

    from encore.ledger.checkpoints import NotANote, Verifier, handed_on
    from encore.ledger.checkpoints import verifiers as own
    from encore.ledger.verification import Kind, Tally, kept_by_others
    from encore.ledger.verification import verify as findings

    speak()
    try:
        trusted = handed_on([Verifier.parse(key) for key in keys] or own())
        kept = [kept_by_others(path.read_text("utf-8"), path.name, trusted) for path in notes]
    except (NotANote, UnicodeDecodeError):
        raise click.UsageError(gettext("This is no checkpoint that the key has signed, or no key.")) from None
    tally = Tally()
    for found in findings(tally, now(), kept, trusted):
        if as_json:
            said = {"finding": found.kind, "row": found.row, "said": str(found.said)}
            click.echo(orjson.dumps(said).decode())
        else:
            click.echo(f"{found.kind.label}  {found.row}: {found.said}")
    if as_json:
        click.echo(orjson.dumps(tally.numbers()).decode())
    else:
        click.echo(tally.sentence())
    statuses = {Kind.ALTERED: ALTERED, Kind.WRONG: WRONG, Kind.STALE: STALE}
    sys.exit(next((statuses[kind] for kind in Kind if tally.findings[kind]), 0))
