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
@click.option(
    "--throw-away",
    metavar="NAME",
    help="Make a backup, empty the whole database, and begin the organisation of that name. Only where all is made up.",
)
@click.option("--manager", default="", help="With --throw-away: who manages it.")
@click.option("--complaints", "number", default=120, show_default=True, type=click.IntRange(0, 5000))
def demo(if_empty: bool, edition: Path | None, throw_away: str | None, manager: str, number: int) -> None:
    """Fill the database with a made-up venue, its promoter agency, a contract and complaints of the past days."""
    start()
    require_migrated()
    if throw_away:
        _throw_away(throw_away, manager)
        return
    from django.utils import translation
    from django.utils.timezone import now

    from encore.accounts.demo import PEOPLE, give_password
    from encore.approvals.demo import decide
    from encore.channels.demo import write
    from encore.complaints.demo import complain
    from encore.complaints.models import Complaint
    from encore.contracts.demo import agree, record_by_hand
    from encore.contracts.models import Contract
    from encore.customers.demo import know_guests
    from encore.files.demo import bring_evidence
    from encore.ledger.tick import tick
    from encore.people.demo import promote
    from encore.search.rebuilding import rebuild
    from encore.venues.demo import furnish
    from encore.workflows.demo import keep_books

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
    promote(contract.venue, contract.agency, at)
    furnish(contract.venue, at)
    know_guests(contract.venue, at)
    record_by_hand(contract, at)
    complain(contract, number, at)
    bring_evidence(list(Complaint.objects.order_by("-pk")[:5]), at)
    keep_books(contract.venue, at, tuple(Complaint.objects.order_by("pk")[:20]))
    decide(contract.venue, at, tuple(Complaint.objects.order_by("-pk")[:8]))
    write(contract.venue, at)
    tick(at)
    for _noun, _number in rebuild():  # also what no operation made, such as the people of the demonstration
        pass
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


def _throw_away(name: str, manager: str) -> None:
    """A venue begins in place of the demonstration; its manager comes in by the link that is printed."""
    from django.utils.timezone import now

    from encore.accounts import links
    from encore.cli.people import print_link
    from encore.home import emptying
    from encore.ledger.refusal import Refusal

    if not manager:
        raise click.UsageError("Say who manages it: --manager NAME")
    at = now()
    try:
        person, backup = emptying.throw_away(emptying.Own.without_password(name, manager), at)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"The demonstration is gone. A backup of it: {backup}")
    print_link(links.make(person, links.Purpose.JOIN, at), address="")
