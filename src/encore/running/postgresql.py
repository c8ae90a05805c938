"""The database as PostgreSQL has it: each table copied out within one snapshot, and in again within one transaction."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from encore.ledger.verification import snapshot
from encore.running.archive import TABLES, Content, Manifest, Table, Writer

_PIECE: Final = 1 << 20


def dump(writer: Writer, room: Path) -> dict[str, Any]:
    """One moment of the database, while writers go on. What the manifest says of it."""
    with snapshot():
        found = {name: _dumped(writer, name, room) for name in tables()}
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
            return {"tables": found, "migrations": cursor.fetchall()}


def tables() -> list[str]:
    """Ours, among what the schema holds: also those of an older version, whose models are gone."""
    with connection.cursor() as cursor:
        there = {info.name for info in connection.introspection.get_table_list(cursor) if info.type in ("t", "p")}
        if "django_migrations" not in there:
            return []
        cursor.execute("SELECT DISTINCT app FROM django_migrations")
        labels = tuple(f"{app}_" for (app,) in cursor.fetchall())
    of_models = connection.introspection.django_table_names()
    return sorted(name for name in there if name == "django_migrations" or name in of_models or name.startswith(labels))


def _dumped(writer: Writer, table: str, room: Path) -> Table:
    names, rows = _columns(table), 0
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(_named(table), _listed(names))
    with tempfile.TemporaryFile(dir=room) as content:  # its size is written before it
        with connection.connection.cursor().copy(statement) as copy:
            for piece in copy:
                rows += bytes(piece).count(b"\n")  # one ends each row; within them it is written as \n
                content.write(piece)
        size = content.tell()
        content.seek(0)
        writer.add(f"{TABLES}{table}", content, size)
    return Table(rows=rows, columns=names, sequences=_sequences(table))


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' ORDER BY attnum",
            [connection.ops.quote_name(table)],
        )
        return [name for (name,) in cursor.fetchall()]


def _sequences(table: str) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for row in connection.introspection.get_sequences(cursor, table):
            name, column = row["name"], row["column"]
            assert name
            assert column
            cursor.execute(f"SELECT last_value FROM {connection.ops.quote_name(name)}")  # noqa: S608
            found[column] = cursor.fetchone()[0]
    return found


def _named(table: str) -> sql.Identifier:
    return sql.Identifier(table)


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


# --- in again ----------------------------------------------------------------------------------------------------------


def clear() -> None:
    """Takes our tables away, with the functions that their triggers call."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        if found := tables():
            _execute(sql.SQL("DROP TABLE {} CASCADE").format(_listed(found)))
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
            " AND prorettype = 'trigger'::regtype"
        )
        labels = tuple(f"{config.label}_" for config in apps.get_app_configs())
        for (name,) in cursor.fetchall():
            if name.startswith(labels):
                _execute(sql.SQL("DROP FUNCTION {} CASCADE").format(sql.Identifier(name)))


def make_tables(manifest: Manifest) -> None:
    """As they were when the backup was made; what came with migrations goes out again. Triggers stand aside from here on."""
    executor = MigrationExecutor(connection)
    executor.recorder.ensure_schema()
    executor.loader.build_graph()
    nodes, applied = executor.loader.graph.node_map, set(manifest.migrations)
    followed = {parent.key for key in applied for parent in nodes[key].parents if parent.key[0] == key[0]}
    executor.migrate([(app, name) for app, name in applied - followed])
    call_command("createcachetable", verbosity=0)  # which no migration makes, and whose rows may vanish
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in manifest.tables:
            _execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(_named(table)))
        _execute(sql.SQL("TRUNCATE {}").format(_listed(manifest.tables)))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def load(table: str, said: Table, content: Content) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(_named(table), _listed(said.columns))
    with connection.connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            shutil.copyfileobj(content, copy, _PIECE)
        assert cursor.rowcount == said.rows, table


def finish(manifest: Manifest, steps: dict[str, int], step: int) -> None:
    """Sets the guards up again, and leaves out so many numbers before the next row."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, said in manifest.tables.items():
            _execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(_named(table)))
            for column, last in said.sequences.items():
                quoted = connection.ops.quote_name(table)
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
                    [quoted, column, last + steps.get(table, step)],
                )


def _execute(statement: sql.Composed) -> None:
    connection.connection.execute(statement)
