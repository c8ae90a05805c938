"""`encore keys`: what checkpoints are signed with, and a new key in the place of the old one."""

import click

from encore.cli.django import require_migrated, speak, start


@click.group(invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """List the keys that checkpoints are signed with: the one that signs now, and those that it was handed over by.

    Only public keys are printed.
    """
    if context.invoked_subcommand is not None:
        return
    start()
    require_migrated()
    from django.utils.translation import gettext as _

    from encore.ledger.checkpoints import NoKey, NotANote, handovers, make_key, read_signed, signing, verifiers

    speak()
    ended: dict[str, str] = {}
    for one in handovers().iterator():
        try:
            said, signed_by = read_signed(one.note, verifiers())
        except NotANote:
            continue
        ended |= {
            str(key): _("until checkpoint {number}, {at}").format(number=said.number, at=said.at) for key in signed_by
        }
    try:
        make_key()
        present = str(signing())
    except NoKey as missing:
        click.echo(str(missing), err=True)
        present = ""
    for key in map(str, verifiers()):
        state = ended.get(key) or (_("signs now") if key == present else _("signs no more, and handed over to none"))
        click.echo(f"{key}  {state}")


@keys.command()
@click.argument("which", type=click.Choice(["checkpoint"]))
def rotate(which: str) -> None:
    """Make a new key; the old one signs, as its last act, that it hands over to it, and is destroyed.

    Nothing has to be stopped for it. The new public key is printed: hand it out, and keep a copy of keys/ anew.
    """
    start()
    require_migrated()
    from django.utils.timezone import now

    from encore.ledger.checkpoints import CannotRotate, NoKey
    from encore.ledger.checkpoints import rotate as hand_over

    speak()
    try:
        click.echo(hand_over(now()))
    except (CannotRotate, NoKey) as error:
        raise click.ClickException(str(error)) from None
