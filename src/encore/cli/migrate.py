import click

from encore.cli.django import start


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Name each step.")
def migrate(verbose: bool) -> None:
    """Bring the database up to date, or make it."""
    start()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1 if verbose else 0)
