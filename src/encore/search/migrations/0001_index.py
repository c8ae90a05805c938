"""The index of words: a table of FTS5's on SQLite, a tsvector and its index on PostgreSQL.

What is written into it are single characters and pairs of them, which `words.py` makes; neither database takes text apart.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import encore.search.models


def make(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("CREATE TABLE search_entry (rowid bigint PRIMARY KEY, words tsvector NOT NULL)")
        # What waits to be put into the index is read whole by every search: 1 MB of it, not the usual 4.
        editor.execute(
            "CREATE INDEX search_entry_words ON search_entry USING gin (words) WITH (gin_pending_list_limit = 1024)"
        )
    else:
        editor.execute("CREATE VIRTUAL TABLE search_entry USING fts5(words, tokenize = 'ascii', columnsize = 0)")


def drop(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute("DROP TABLE search_entry")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make, drop)],
            state_operations=[
                migrations.CreateModel(
                    name="Entry",
                    fields=[
                        ("id", models.BigIntegerField(db_column="rowid", primary_key=True, serialize=False)),
                        ("words", encore.search.models.Words()),
                    ],
                ),
            ],
        ),
    ]
