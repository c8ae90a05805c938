"""Commands that need the database start with this."""

import os

import click
import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from encore.cli.files import reader_language


def start() -> None:
    """Makes Django ready to be imported from."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "encore.config.settings")
    django.setup()


def speak() -> None:
    """From here on messages come in the language of the terminal."""
    from django.utils import translation

    translation.activate("zh-hans" if reader_language() == "zh" else "en")


def require_migrated() -> None:
    """Refuses to go on with a database that is older than the code."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise click.ClickException("The database is not up to date. Run: encore migrate")
