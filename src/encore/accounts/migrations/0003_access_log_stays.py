"""Triggers that refuse to change what stands in the access log."""

from collections.abc import Iterator

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_TABLE = "accounts_accesslog"


def _sqlite() -> Iterator[str]:
    stays = f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is never changed'); END"
    yield f"CREATE TRIGGER {_TABLE}_update BEFORE UPDATE ON {_TABLE} {stays}"
    yield f"CREATE TRIGGER {_TABLE}_delete BEFORE DELETE ON {_TABLE} {stays}"
    # REPLACE deletes without asking the trigger for it.
    there = f"EXISTS (SELECT 1 FROM {_TABLE} WHERE id = NEW.id)"  # noqa: S608 - nothing comes from outside
    yield f"CREATE TRIGGER {_TABLE}_replace BEFORE INSERT ON {_TABLE} WHEN {there} {stays}"


def _postgresql() -> Iterator[str]:
    refusal = "RAISE EXCEPTION '% of % is refused: what was recorded stays', TG_OP, TG_TABLE_NAME"
    code = "USING ERRCODE = 'integrity_constraint_violation'"
    yield f"CREATE FUNCTION accounts_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refusal} {code}; END $$"
    refused = "EXECUTE FUNCTION accounts_refuse()"
    yield f"CREATE TRIGGER {_TABLE}_stays BEFORE UPDATE OR DELETE ON {_TABLE} FOR EACH ROW {refused}"
    yield f"CREATE TRIGGER {_TABLE}_is_kept BEFORE TRUNCATE ON {_TABLE} FOR EACH STATEMENT {refused}"


def guard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _sqlite() if editor.connection.vendor == "sqlite" else _postgresql():
        editor.execute(statement, params=None)


def unguard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION accounts_refuse() CASCADE")
        return
    for statement in _sqlite():
        editor.execute(f"DROP TRIGGER {statement.split()[2]}")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_people_who_sign_in")]

    operations = [migrations.RunPython(guard, unguard)]
