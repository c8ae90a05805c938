"""Makes a backup while the house is at work: nobody waits for it, and it holds one moment of the database.

The files are taken after the database: they are written before the rows that name them, and never changed.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from encore.running import heartbeat, postgresql, sqlite
from encore.running.archive import FILES, KEYS, Manifest, Writer, checked

_ROOM: Final = ".encore-part"
SET_ASIDE: Final = ".before-"


class CannotBackUp(Exception):
    """Its text is for people."""


@dataclass(frozen=True)
class Made:
    path: Path
    bytes: int
    manifest: Manifest


def usual_place(at: datetime, name: str = "encore") -> Path:
    return Path(settings.ENCORE_HOME) / "backups" / f"{name}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar.gz"


def make(target: Path, at: datetime, *, with_keys: bool = False) -> Made:
    """Under its name there is nothing, or all of it: what is broken off leaves a folder that the next backup clears away."""
    if target.exists():
        raise CannotBackUp(_("There is already a file {path}.").format(path=target))
    if "django_migrations" not in connection.introspection.table_names():
        raise CannotBackUp(_("There is no database yet. Run: encore migrate"))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with room_beside(target) as room:
        part = room / "archive"
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b") as file:  # noqa: PTH123 - the mode
            writer = Writer(file, version("encore"))
            said = (postgresql if connection.vendor == "postgresql" else sqlite).dump(writer, room)
            _add_keys(writer, with_keys)
            _add_files(writer)
            writer.end(made_at=at.isoformat(), database=connection.vendor, **said)
            file.flush()
            os.fsync(file.fileno())
            manifest = checked(file)  # a backup that cannot be read is none
        size = part.stat().st_size
        part.replace(target)
        sync(target.parent)
    if heartbeat.are_kept():
        heartbeat.beat(heartbeat.BACKUP, at, size)
    return Made(target, size, manifest)


@contextmanager
def room_beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk, so that what is complete can be moved at once. Those that were left behind are removed."""
    _clear_away(target.parent)
    room = target.with_name(f".{target.name}.{os.getpid()}{_ROOM}")
    room.mkdir(mode=0o700)
    held = os.open(room, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)  # whoever dies lets go of it
        yield room
    finally:
        shutil.rmtree(room)
        os.close(held)


def _clear_away(folder: Path) -> None:
    for room in folder.glob(f".*{_ROOM}"):
        with suppress(FileNotFoundError):
            held = os.open(room, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(room)
            except BlockingIOError:
                pass  # somebody is at it
            finally:
                os.close(held)


def _add_keys(writer: Writer, with_private: bool) -> None:
    folder = Path(settings.ENCORE_HOME) / "keys"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        is_current = path.is_file() and not path.name.startswith(".") and SET_ASIDE not in path.name
        if is_current and (with_private or path.suffix == ".pub"):
            with path.open("rb") as content:
                writer.add(f"{KEYS}{path.name}", content, path.stat().st_size)


def _add_files(writer: Writer) -> None:
    home = Path(settings.ENCORE_HOME)
    for path in kept_files(home / FILES):
        with suppress(FileNotFoundError), path.open("rb") as content:  # its time was up meanwhile
            writer.add(path.relative_to(home).as_posix(), content, os.fstat(content.fileno()).st_size)


def kept_files(folder: Path) -> Iterator[Path]:
    """In the order of their names. What begins with a dot is still being written."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from kept_files(path)
        else:
            yield path


def sync(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    os.fsync(held)
    os.close(held)
