"""The bytes of files: by their hash, written once, never changed, and whole or not there at all.

What is put here lies on the disk for good before this returns, so that a transaction may name it. What no row names is
cleared away after a day.
"""

import errno
import fcntl
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final, Protocol

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from encore.files import pictures
from encore.files.sniffing import LIMITS, MEGABYTE, NotTaken, kept_name, type_of

RESERVE: Final = 200 * MEGABYTE  # left free for the database, whatever comes in
UNCLAIMED: Final = timedelta(days=1)

_PIECE: Final = 1 << 20
_INCOMING: Final = ".incoming"  # a backup leaves out what begins with a dot
_LOCK: Final = ".lock"


class NoRoom(Exception):
    """The disk is full. Its text is for people."""

    def __init__(self) -> None:
        super().__init__(
            _("There is no room for this file at the moment. What you wrote is kept: send it without the file.")
        )


class TooLarge(NotTaken):
    pass


class Missing(Exception):
    """What a row names does not lie here, or is not what it was."""


class Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Rendition:
    """A picture made anew from one that was put."""

    name: str
    sha256: str
    size: int
    type: str


@dataclass(frozen=True)
class Stored:
    """What was put. `name` is for showing only. `renditions` are empty where a job will make them, or there are none."""

    sha256: str
    size: int
    type: str
    name: str
    renditions: tuple[Rendition, ...] = ()


def root() -> Path:
    return Path(settings.ENCORE_HOME) / "files"


def place(sha256: str) -> Path:
    return root() / sha256[:2] / sha256[2:4] / sha256


def put(stream: Source, *, name: str, limit: int | None = None) -> Stored:
    """Keeps what the stream gives. `NotTaken` for what it is or how large it is, `NoRoom` where the disk is full."""
    most = min(limit or max(LIMITS.values()), max(LIMITS.values()))
    with _incoming(secrets.token_hex(16)) as (path, file):
        digest = hashlib.sha256()
        size = 0
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > most:
                raise too_large(name, most)
            digest.update(piece)
            file.write(piece)
        return _taken(path, file, digest.hexdigest(), size, name)


def adopt(path: Path, *, name: str, sha256: str = "") -> Stored:
    """Keeps what has come in piece by piece; it may be forgotten then. `Damaged` where its hash is another than was said."""
    with _room(), path.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 and digest != sha256:
            raise Damaged
        return _taken(path, file, digest, path.stat().st_size, name)


def too_large(name: str, most: int) -> TooLarge:
    return TooLarge(
        _("“%(name)s” is too large: at most %(most)s MB are taken.")
        % {"name": kept_name(name), "most": most // MEGABYTE}
    )


def _taken(path: Path, file: IO[bytes], sha256: str, size: int, name: str) -> Stored:
    file.flush()
    type = type_of(path, name)
    if size > LIMITS[type.sort]:
        raise too_large(name, LIMITS[type.sort])
    made = tuple(_remade(path)) if type.mime in pictures.SHOWN and size <= pictures.AT_ONCE else ()
    _keep(path, file, sha256)
    return Stored(sha256, size, type.mime, kept_name(name), made)


def _remade(path: Path) -> Iterator[Rendition]:
    try:
        for name, content in pictures.renditions(path):
            yield put_rendition(name, content)
    except pictures.Unreadable:
        return


def put_rendition(name: str, content: bytes) -> Rendition:
    sha256 = hashlib.sha256(content).hexdigest()
    with _incoming(secrets.token_hex(16)) as (path, file):
        shutil.copyfileobj(io.BytesIO(content), file)
        file.flush()
        _keep(path, file, sha256)
    return Rendition(name, sha256, len(content), pictures.MIME)


def _keep(path: Path, file: IO[bytes], sha256: str) -> None:
    """Gives it its name. The same bytes are there once; that they are wanted again makes them young."""
    os.fsync(file.fileno())
    os.fchmod(file.fileno(), 0o400)
    target = place(sha256)
    with _room(), _locked(fcntl.LOCK_SH):
        made = [folder for folder in (target.parent.parent, target.parent) if not folder.exists()]
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except FileExistsError:
            os.utime(target)
        for folder in (target.parent, *(folder.parent for folder in made)):
            _sync(folder)


# --- incoming ---------------------------------------------------------------------------------------------------------


def incoming(name: str) -> Path:
    """Where a file lies as long as it has not come in whole."""
    return root() / _INCOMING / name


@contextmanager
def _incoming(name: str) -> Iterator[tuple[Path, IO[bytes]]]:
    path = incoming(name)
    with _room():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:  # noqa: PTH123 - the mode
                yield path, file
        finally:
            path.unlink(missing_ok=True)


def require_room(size: int) -> None:
    folder = root()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size + RESERVE:
        raise NoRoom


def begin(name: str) -> None:
    """An empty file that will be appended to."""
    with _room():
        path = incoming(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        _sync(path.parent)


def offset(name: str) -> int:
    """How much of it has come in. `Missing` where it was cleared away."""
    try:
        return incoming(name).stat().st_size
    except FileNotFoundError:
        raise Missing(name) from None


class Elsewhere(Exception):
    """The piece does not begin where the last one ended: `offset` says where that is."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Damaged(Exception):
    """The piece is not what the sender says that it is."""


def append(name: str, stream: Source, *, at: int, most: int, sha256: str = "") -> int:
    """Appends what the stream gives, up to `most` bytes of the whole, and says where the next piece begins.

    With a hash all of the piece is kept or nothing; without one what came before the line broke is kept.
    """
    path = incoming(name)
    if not path.exists():
        raise Missing(name)
    with _room(), path.open("r+b", buffering=0) as file:  # what was written has been, whatever fails next
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Elsewhere(path.stat().st_size) from None
        file.seek(0, os.SEEK_END)
        if file.tell() != at:
            raise Elsewhere(file.tell())
        digest = hashlib.sha256()
        end = at
        try:
            while piece := stream.read(min(_PIECE, most - end + 1)):
                end += len(piece)
                if end > most:
                    raise Damaged
                digest.update(piece)
                _write_all(file, piece)
            if sha256 and digest.hexdigest() != sha256:
                raise Damaged
        except BaseException as error:
            if sha256 or isinstance(error, Damaged):
                file.truncate(at)
            raise
        finally:
            os.fsync(file.fileno())
        return end


def _write_all(file: io.FileIO, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def forget(name: str) -> None:
    incoming(name).unlink(missing_ok=True)


# --- looking and clearing away ----------------------------------------------------------------------------------------


def opened(sha256: str) -> io.BufferedReader:
    try:
        return place(sha256).open("rb")
    except FileNotFoundError:
        raise Missing(sha256) from None


def is_whole(sha256: str) -> bool:
    """Whether it is there, and still what it was."""
    try:
        with opened(sha256) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except Missing:
        return False


def all_older_than(at: datetime) -> Iterator[str]:
    """The hashes of what was last wanted before that."""
    for path in sorted(root().glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
        if not path.name.startswith(".") and _wanted_at(path) < at:
            yield path.name


def leftovers(at: datetime) -> Iterator[str]:
    """The names of incoming files that nobody has written to since."""
    folder = root() / _INCOMING
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _wanted_at(path) < at:
            yield path.name


def remove(hashes: Iterable[str], *, older_than: datetime) -> int:
    """Deletes these, but for those that somebody has wanted again meanwhile. How many."""
    gone = 0
    for sha256 in hashes:
        with _locked(fcntl.LOCK_EX):
            path = place(sha256)
            if path.exists() and _wanted_at(path) < older_than:
                path.unlink()
                gone += 1
    return gone


def _wanted_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)


@contextmanager
def _locked(how: int) -> Iterator[None]:
    """Between that something is wanted again and that it is deleted nothing may come."""
    folder = root()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, how)
        yield
    finally:
        os.close(held)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom from error
        raise


def _sync(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
