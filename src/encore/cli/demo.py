import secrets
from pathlib import Path

import click

from encore.cli.django import require_migrated, start
from encore.editions import demonstrated
from encore.engine import EditionError, load_edition


@click.command()
@click.option("--if-empty", is_flag=True, help="Do nothing where there is already a contract.")
@click.option(
    "--edition",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The edition that the contract is made with. Default: one that comes with the product.",
)
@click.option("--complaints", "number", default=120, show_default=True, type=click.IntRange(0, 5000))
def demo(if_empty: bool, edition: Path | None, number: int) -> None:
    """Fill the database with a made-up venue, its promoter agency, a contract and complaints of the past days."""
    start()
    require_migrated()
    from django.utils import translation
    from django.utils.timezone import now

    from encore.accounts.demo import PEOPLE, give_password
    from encore.complaints.demo import complain
    from encore.contracts.demo import agree, record_by_hand
    from encore.contracts.models import Contract
    from encore.ledger.tick import tick

    if Contract.objects.exists():
        if if_empty:
            return
        raise click.ClickException("There is a contract already; the demonstration needs an empty database.")
    at = now()
    name, content = (edition.name, edition.read_bytes()) if edition else demonstrated()
    try:
        load_edition(content, name)
    except EditionError as error:
        raise click.ClickException(str(error)) from None
    contract = agree(name, content, at)
    record_by_hand(contract, at)
    complain(contract, number, at)
    tick(at)
    password = secrets.token_urlsafe(9)
    give_password(password)
    click.echo(f"Made contract {contract} and {number} complaints. To see them: encore serve")
    click.echo(
        f"演示账号（密码都是 {password}，只显示这一次） · People to sign in as, all with the password {password}:"
    )
    for username, called, role, post in PEOPLE:
        with translation.override("zh-hans"):
            told = f"{called} {role.label}{post.label}"
        with translation.override("en"):
            click.echo(f"  {username:<10} {told} · {role.label}, {post.label}")
