"""Puts a backup in place, all of it or nothing, and sees to it that nothing goes out a second time."""

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from encore.jobs.restored import hold
from encore.ledger.checkpoints import Verifier
from encore.running import heartbeat, postgresql, sqlite
from encore.running.archive import DATABASE, FILES, KEYS, TABLES, Content, Manifest, Unusable, read, too_new
from encore.running.backup import SET_ASIDE, kept_files, room_beside, sync

# What every database has, however empty.
_ALWAYS_THERE: Final = {"django_migrations", "django_content_type", "auth_permission", "running_heartbeat"}

# Numbers that were given out after the backup was made stand in letters and on slips of paper: they are not given again.
_LEFT_OUT: Final = 1_000
_LEFT_OUT_OF: Final = {"jobs_job": 1_000_000}  # others know jobs by their number, and take the second one for the first

_SIGN_OF_LIFE: Final = timedelta(seconds=60)
_PIECE: Final = 1 << 20


class CannotRestore(Exception):
    """Its text is for people."""


@dataclass(frozen=True)
class Lost:
    """What is here now, and would not be any more."""

    events: int
    rows: int
    files: int

    def __bool__(self) -> bool:
        return bool(self.events or self.rows or self.files)

    @property
    def words(self) -> str:
        said = _("lose {events} events, {rows} other rows, {files} files")
        return said.format(events=self.events, rows=self.rows, files=self.files)


def require_fitting(manifest: Manifest) -> None:
    if manifest.database != connection.vendor:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        said = _("The backup is of {theirs}, and ENCORE_DATABASE names {ours}. Restore it to the same kind.")
        raise Unusable(said.format(theirs=names[manifest.database], ours=names[connection.vendor]))
    known = MigrationLoader(None).disk_migrations
    if not {tuple(one) for one in manifest.migrations} <= set(known):
        raise too_new(manifest.encore)


def at_stake() -> Lost:
    files = sum(1 for _path in kept_files(Path(settings.ENCORE_HOME) / FILES))
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return Lost(0, 0, files)
    with connection.cursor() as cursor:
        rows = {}
        # What belongs to a model: the tables that an index keeps for itself are never empty.
        for table in set(connection.introspection.django_table_names(only_existing=True)) - _ALWAYS_THERE:
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
            rows[table] = cursor.fetchone()[0]
    return Lost(events := rows.get("ledger_event", 0), sum(rows.values()) - events, files)


def require_at_rest(at: datetime) -> None:
    """Whoever still works with what is here would go on with it."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return
    if heartbeat.are_kept():
        heard = heartbeat.heard()
        alive = [heard[name].at for name in (heartbeat.TICK, heartbeat.WORKER) if name in heard]
        if any(at - one < _SIGN_OF_LIFE for one in alive):
            raise _in_use()


def _in_use() -> CannotRestore:
    return CannotRestore(_("Encore is running on this database. End it, wait a minute, and try again."))


def restore(file: IO[bytes], manifest: Manifest, size: int, at: datetime) -> list[str]:
    """Replaces database, files and keys by those of an archive that was `checked`. What people have to be told."""
    with room_beside(Path(settings.ENCORE_HOME) / "restoring") as staging:
        if manifest.database == "sqlite":
            told = _into_sqlite(file, manifest, size, staging, at)
        else:
            told = _into_postgresql(file, manifest, size, staging, at)
    return told


def _into_sqlite(file: IO[bytes], manifest: Manifest, size: int, staging: Path, at: datetime) -> list[str]:
    read(file, lambda name, content: _unpack(staging, name, content))
    copy, place = staging / DATABASE, Path(connection.settings_dict["NAME"])
    if fault := sqlite.fault(copy, manifest.tables):
        raise Unusable(_("The database in the archive is damaged: {fault}").format(fault=fault))
    sqlite.move_on(copy, ((table, _LEFT_OUT_OF.get(table, _LEFT_OUT)) for table in manifest.tables))
    with closing(connection.copy()) as restored:
        restored.settings_dict["NAME"] = str(copy)
        begin_anew(restored, manifest, size, at)
    lost = at_stake()
    connection.close()
    if place.exists():
        _require_alone(place)
    told = _set_database_aside(place, at) if lost.events or lost.rows else []
    told += _put_in_place(staging, at)
    sqlite.put(copy, place)
    return told


def _require_alone(place: Path) -> None:
    try:
        sqlite.require_alone(place)
    except OperationalError:
        raise _in_use() from None


def _set_database_aside(place: Path, at: datetime) -> list[str]:
    aside = _aside(place, at)
    place.replace(aside)
    return [_("What was here is kept as {path}; delete it when it is no longer needed.").format(path=aside)]


def _into_postgresql(file: IO[bytes], manifest: Manifest, size: int, staging: Path, at: datetime) -> list[str]:
    def take(name: str, content: Content) -> None:
        if name.startswith(TABLES):
            table = name.removeprefix(TABLES)
            postgresql.load(table, manifest.tables[table], content)
        else:
            _unpack(staging, name, content)

    try:
        with transaction.atomic():
            postgresql.clear()
            postgresql.make_tables(manifest)
            read(file, take)
            postgresql.finish(manifest, _LEFT_OUT_OF, _LEFT_OUT)
            begin_anew(connection, manifest, size, at)
            return _put_in_place(staging, at)
    except OperationalError as error:
        if "lock timeout" in str(error):
            raise _in_use() from None
        raise


def _unpack(staging: Path, name: str, content: Content) -> None:
    """The name has been admitted: it leads nowhere else."""
    path = staging / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - the mode
        shutil.copyfileobj(content, file, _PIECE)
        file.flush()
        os.fsync(file.fileno())


def begin_anew(database: BaseDatabaseWrapper, manifest: Manifest, size: int, at: datetime) -> None:
    """To be done once more after an update: what it needs may not have been there yet when the backup was made."""
    there = database.introspection.table_names()
    if "jobs_hold" in there:
        hold(database, at)
    if "running_heartbeat" in there:
        with database.cursor() as cursor:
            cursor.execute("DELETE FROM running_heartbeat")
        heartbeat.beat(heartbeat.BACKUP, datetime.fromisoformat(manifest.made_at), size, database)
        heartbeat.beat(heartbeat.RESTORE, at, 0, database)


def _aside(path: Path, at: datetime) -> Path:
    return path.with_name(f"{path.name}{SET_ASIDE}{at:%Y%m%dT%H%M%S}")


def _put_in_place(staging: Path, at: datetime) -> list[str]:
    home = Path(settings.ENCORE_HOME)
    for path in kept_files(staging / FILES):
        place = home / path.relative_to(staging)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(place)
    return _put_keys(staging / KEYS, home / KEYS, at)


def _put_keys(staged: Path, keys: Path, at: datetime) -> list[str]:
    """A key that is here already is never lost, and one that has signed none of this does not go on signing unnoticed."""
    keys.mkdir(mode=0o700, exist_ok=True)
    own, public = keys / "checkpoints", staged / "checkpoints.pub"
    arriving = sorted(staged.iterdir()) if staged.is_dir() else []
    if own.exists() and public.exists() and not _has_signed(own, public):
        own.replace(_aside(own, at))
    for path in arriving:
        place = keys / path.name
        if place.exists() and place.read_bytes() != path.read_bytes():
            place.replace(_aside(place, at))
        path.replace(place)
    sync(keys)
    if (keys / "checkpoints.pub").exists() and not own.exists():
        said = _(
            "The key that checkpoints are signed with is not here: nothing is sealed until your copy of it is {path}."
        )
        return [said.format(path=own)]
    return []


def _has_signed(own: Path, public: Path) -> bool:
    key = load_pem_private_key(own.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    content = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return content in {Verifier.parse(line).key for line in public.read_text().splitlines() if line}
