"""The database as SQLite has it: one file, copied by its own means for that while others write."""

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection

from encore.running.archive import DATABASE, Table, Writer


def dump(writer: Writer, room: Path) -> dict[str, Any]:
    """One moment of the database, while writers go on. What the manifest says of it."""
    copy = room / DATABASE
    origin = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(origin, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # in one step: in several, every write by others would begin it anew
        target.execute("PRAGMA journal_mode = DELETE")  # one file
        said = {"tables": tables(target), "migrations": migrations(target)}
    with copy.open("rb") as content:
        writer.add(DATABASE, content, copy.stat().st_size)
    copy.unlink()
    return said


def tables(database: sqlite3.Connection) -> dict[str, Table]:
    names = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    return {name: Table(rows=_count(database, name)) for (name,) in sorted(names)}


def _count(database: sqlite3.Connection, table: str) -> int:
    [number] = database.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()  # noqa: S608 - the database names it
    return int(number)


def migrations(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return list(database.execute("SELECT app, name FROM django_migrations ORDER BY id"))


def fault(copy: Path, tables_said: dict[str, Table]) -> str:
    """What is wrong with a database that was just unpacked; nothing where it is sound."""
    with closing(sqlite3.connect(copy)) as database:
        [found] = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            return str(found)
        return "" if tables(database) == tables_said else "the tables have other rows"


def move_on(copy: Path, steps: Iterable[tuple[str, int]]) -> None:
    """Leaves out so many numbers of each table before the next row."""
    with closing(sqlite3.connect(copy)) as database, database:
        for table, step in steps:
            database.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?", [step, table])


def require_alone(place: Path) -> None:
    """Takes the journal into the database. `OperationalError` where somebody else has it open."""
    with closing(sqlite3.connect(place)) as database:
        try:
            [mode] = database.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise OperationalError(str(error)) from error
        if mode != "delete":
            raise OperationalError(mode)


def put(copy: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    near = place.with_name(f".{place.name}.restored")
    shutil.move(copy, near)  # it may lie on another disk than the home
    with near.open("rb") as written:
        os.fsync(written.fileno())
    near.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
