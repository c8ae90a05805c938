"""The first manager of a house, and the way back in for who has lost everything. Whoever can run these owns the data."""

from typing import Final

import click

from encore.cli.django import require_migrated, start

_ADDRESS: Final = click.option(
    "--address",
    default="",
    help="Where the server is reached, for the link. Default: ENCORE_BASE_URL, or this machine.",
)


@click.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["venue", "agency", "third_party"]), default="venue", show_default=True)
@click.option("--manager", required=True, help="Who manages it: a person's name.")
@_ADDRESS
def begin(name: str, role: str, manager: str, address: str) -> None:
    """Begin an organisation, and print the link by which its manager chooses a password.

    Each party to a contract is an organisation of its own. The manager invites everybody else.
    """
    start()
    require_migrated()
    from django.db import transaction
    from django.utils.timezone import now

    from encore.accounts import houses
    from encore.accounts.models import Organisation, Role

    if Organisation.objects.filter(name=name).exists():
        raise click.ClickException(f"There is an organisation called {name} already.")
    with transaction.atomic():
        token = houses.begin(name, Role(role), manager, now())
    print_link(token, address)


@click.command()
@click.argument("username")
@click.option("--without-second-step", is_flag=True, help="Also forget their authenticator app, passkeys and codes.")
@_ADDRESS
def link(username: str, without_second_step: bool, address: str) -> None:
    """Print a link by which somebody who signs in as USERNAME chooses a new password."""
    start()
    require_migrated()
    from allauth.mfa.models import Authenticator
    from django.utils.timezone import now

    from encore.accounts import access, links
    from encore.accounts.models import User

    person = User.objects.filter(username__iexact=username, is_active=True).first()
    if person is None:
        raise click.ClickException(f"Nobody signs in as {username}.")
    if without_second_step:
        Authenticator.objects.filter(user=person).delete()
        access.note("second_step_forgotten", user=person, at=now(), reason="command_line")
    access.note("link_made", user=person, at=now(), reason="command_line")
    print_link(links.make(person, links.Purpose.JOIN, now()), address)


def print_link(token: str, address: str) -> None:
    from django.conf import settings
    from django.urls import reverse

    from encore.accounts.links import JOINING

    base = (address or settings.ENCORE_BASE_URL or "http://127.0.0.1:8000").rstrip("/")
    click.echo(f"七天内一次有效 · Good once, for {JOINING.days} days:")
    click.echo(f"  {base}{reverse('people:join', args=[token])}")
