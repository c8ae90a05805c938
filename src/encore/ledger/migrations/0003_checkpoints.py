"""The tree over all events, its signed checkpoints, and which judge found the clocks of a subject.

On PostgreSQL an event takes its number only in a transaction that has one of its own: checkpoints tell by the numbers of
transactions which events may still come.
"""

from collections.abc import Iterator

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_KEPT = ("ledger_leaf", "ledger_checkpoint")


def _sqlite() -> Iterator[str]:
    for table in _KEPT:
        for act in ("update", "delete"):
            stays = f"BEGIN SELECT RAISE(ABORT, '{table} is never changed'); END"
            yield f"CREATE TRIGGER {table}_{act} BEFORE {act} ON {table} {stays}"


def _postgresql() -> Iterator[str]:
    number = "BEGIN PERFORM pg_current_xact_id(); RETURN NULL; END"
    yield f"CREATE FUNCTION ledger_numbered() RETURNS trigger LANGUAGE plpgsql AS $$ {number} $$"
    numbered = "BEFORE INSERT ON ledger_event FOR EACH STATEMENT EXECUTE FUNCTION ledger_numbered()"
    yield f"CREATE TRIGGER ledger_event_numbered {numbered}"
    for table in _KEPT:
        refused = "EXECUTE FUNCTION ledger_refuse()"
        yield f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refused}"
        yield f"CREATE TRIGGER {table}_is_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refused}"


def guard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _sqlite() if editor.connection.vendor == "sqlite" else _postgresql():
        editor.execute(statement, params=None)


def unguard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION ledger_numbered() CASCADE")
        for table in _KEPT:
            editor.execute(f"DROP TRIGGER {table}_stays ON {table}")
            editor.execute(f"DROP TRIGGER {table}_is_kept ON {table}")
        return
    for statement in _sqlite():
        editor.execute(f"DROP TRIGGER {statement.split()[2]}")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_chain")]

    operations = [
        migrations.CreateModel(
            "Leaf",
            [
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event", models.BigIntegerField(unique=True)),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            "Checkpoint",
            [
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("peaks", models.BinaryField()),
                ("note", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            "Sealing",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("settled_to", models.BigIntegerField()),
                ("seen_to", models.BigIntegerField()),
                ("seen_transaction", models.BigIntegerField()),
            ],
        ),
        migrations.AddField("memo", "judged_by", models.CharField(db_default="", max_length=40)),
        migrations.RunPython(guard, unguard),
    ]
