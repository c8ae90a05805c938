"""The file that a backup is: a gzipped tar, whose last part says what all the others must be.

Nothing here knows the database. What an archive says is believed only once all of it has been read.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final, Literal, Protocol

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict

VERSION: Final = 1

_OPENING: Final = "encore-backup.json"
_MANIFEST: Final = "manifest.json"
_SEAL: Final = "manifest.sha256"
_LEVEL: Final = 3  # half the time of the usual 6, for a few percent more bytes
_PIECE: Final = 1 << 20
_DAMAGED: Final = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError)
_LONGEST: Final = 16 << 20  # of what is read as a whole: a manifest, a key

DATABASE: Final = "database.sqlite3"
TABLES: Final = "tables/"
FILES: Final = "files/"
KEYS: Final = "keys/"


class Unusable(Exception):
    """A file that nothing can be restored from. Its text is for people."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    bytes: int
    sha256: str


class Table(_Strict):
    """`columns` and `sequence` only where the table is a part of its own: the last number given out, per column."""

    rows: int
    columns: list[str] = []
    sequences: dict[str, int] = {}


class Files(_Strict):
    """`sha256` is that of a line for each file: its hash, its size and its name."""

    number: int
    bytes: int
    sha256: str


class Manifest(_Strict):
    format: Literal["encore-backup"]
    version: int
    encore: str
    made_at: str
    database: Literal["sqlite", "postgresql"]
    migrations: list[tuple[str, str]]
    tables: dict[str, Table]
    parts: dict[str, Part]
    files: Files

    @property
    def has_private_keys(self) -> bool:
        return any(name.startswith(KEYS) and not name.endswith(".pub") for name in self.parts)


class _Opening(BaseModel):
    """Read by every version, so that an old one can say that an archive is too new for it."""

    format: Literal["encore-backup"]
    version: int
    encore: str


class _Contents:
    """What has gone by, in writing or in reading."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self._number = self._bytes = 0
        self._lines = hashlib.sha256()
        self._last: list[str] = []

    def admit(self, name: str) -> None:
        """`ValueError` for a name that leads elsewhere, or twice to the same place."""
        steps = name.split("/")
        if not all(step and not step.startswith(".") and step.isprintable() and "\\" not in step for step in steps):
            raise ValueError(name)
        match steps:
            case ["files", _, *_] if steps > self._last:
                self._last = steps
            case ["database.sqlite3"] | ["tables" | "keys", _] if name not in self.parts:
                pass
            case _:
                raise ValueError(name)

    def note(self, name: str, part: Part) -> None:
        if name.startswith(FILES):
            self._number, self._bytes = self._number + 1, self._bytes + part.bytes
            self._lines.update(f"{part.sha256} {part.bytes} {name}\n".encode())
        else:
            self.parts[name] = part

    @property
    def files(self) -> Files:
        return Files(number=self._number, bytes=self._bytes, sha256=self._lines.hexdigest())


class Content(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Hashing:
    def __init__(self, content: Content) -> None:
        self._content = content
        self._hash = hashlib.sha256()
        self._bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._content.read(size)
        self._hash.update(piece)
        self._bytes += len(piece)
        return piece

    @property
    def part(self) -> Part:
        return Part(bytes=self._bytes, sha256=self._hash.hexdigest())


class Writer:
    """Takes the parts one after the other; files last, in the order of their names."""

    def __init__(self, file: IO[bytes], encore: str) -> None:
        self._encore = encore
        self._contents = _Contents()
        self._zip = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0)
        self._tar = tarfile.open(fileobj=self._zip, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - see `end`
        opening = _Opening(format="encore-backup", version=VERSION, encore=encore)
        self._put(_OPENING, opening.model_dump_json().encode())

    def add(self, name: str, content: Content, size: int) -> Part:
        self._contents.admit(name)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashing = _Hashing(content)
        self._tar.addfile(info, hashing)
        self._tar.members = []  # type: ignore[attr-defined]  # it would remember every file
        self._contents.note(name, hashing.part)
        return hashing.part

    def end(self, **said: Any) -> Manifest:
        manifest = Manifest(
            format="encore-backup", version=VERSION, encore=self._encore, parts=self._contents.parts,
            files=self._contents.files, **said,
        )  # fmt: skip
        text = manifest.model_dump_json().encode()
        self._put(_MANIFEST, text)
        self._put(_SEAL, hashlib.sha256(text).hexdigest().encode())
        self._tar.close()
        self._zip.close()
        return manifest

    def _put(self, name: str, text: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(text), 0o600
        self._tar.addfile(info, io.BytesIO(text))


Take = Callable[[str, Content], None]


def _passed_over(name: str, content: Content) -> None:
    """What is only checked."""


def checked(file: IO[bytes]) -> Manifest:
    """Reads all of it, and writes nothing. `Unusable` where it is no backup, or not whole, or too new."""
    _recognise(file)
    try:
        return read(file)
    except _DAMAGED as error:
        raise Unusable(_("The archive is damaged or cut off: nothing can be restored from it.")) from error


def _recognise(file: IO[bytes]) -> None:
    opening: _Opening | None = None
    file.seek(0)
    with (
        suppress(*_DAMAGED),
        gzip.GzipFile(fileobj=file) as unzipped,
        tarfile.open(fileobj=unzipped, mode="r|") as tar,
    ):
        opening = _Opening.model_validate_json(_whole(_next(tar), tar))
    if opening is None:
        raise Unusable(_("This is no backup of Encore."))
    if opening.version > VERSION:
        raise too_new(opening.encore)


def too_new(encore: str) -> Unusable:
    said = _("This backup was made by a newer version, Encore {version}. Update this one first.")
    return Unusable(said.format(version=encore))


def read(file: IO[bytes], take: Take = _passed_over) -> Manifest:
    """Gives each part to `take`, which may read it or not. What is taken counts only once this has returned.

    `ValueError`, and whatever gzip and tar raise, where not all of it is as the manifest says.
    """
    contents = _Contents()
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as unzipped:
        with tarfile.open(fileobj=unzipped, mode="r|") as tar:
            _whole(_next(tar), tar)
            while (member := _next(tar)).name != _MANIFEST:
                contents.admit(member.name)
                hashing = _Hashing(_content(member, tar))
                take(member.name, hashing)
                while hashing.read(_PIECE):
                    pass
                contents.note(member.name, hashing.part)
            text = _whole(member, tar)
            if _whole(_next(tar), tar) != hashlib.sha256(text).hexdigest().encode() or tar.next() is not None:
                raise ValueError(_MANIFEST)
        while unzipped.read(_PIECE):  # up to the checksum at the end
            pass
    manifest = Manifest.model_validate_json(text)
    if (manifest.parts, manifest.files) != (contents.parts, contents.files):
        raise ValueError(_MANIFEST)
    return manifest


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo:
    member = tar.next()
    tar.members = []  # type: ignore[attr-defined]  # it would remember every file
    if member is None or not member.isreg():
        raise ValueError("a part is missing, or no file")
    return member


def _content(member: tarfile.TarInfo, tar: tarfile.TarFile) -> IO[bytes]:
    content = tar.extractfile(member)
    assert content is not None
    return content


def _whole(member: tarfile.TarInfo, tar: tarfile.TarFile) -> bytes:
    if member.size > _LONGEST:
        raise ValueError(member.name)
    return _content(member, tar).read()
