"""What a file is, by what it holds. Its name and what a browser says of it are only claims, which have to agree."""

import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import puremagic
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEGABYTE: Final = 1 << 20
LONGEST_NAME: Final = 120
_HEAD: Final = 64 << 10


class Sort(StrEnum):
    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"
    DOCUMENT = "document"

    @property
    def label(self) -> str | Promise:
        return SORT_LABELS[self]


SORT_LABELS: Final[Mapping[Sort, str | Promise]] = {
    Sort.PICTURE: _("picture"),
    Sort.SOUND: _("sound recording"),
    Sort.FILM: _("video"),
    Sort.DOCUMENT: _("document"),
}

LIMITS: Final[Mapping[Sort, int]] = {
    Sort.PICTURE: 20 * MEGABYTE,
    Sort.SOUND: 50 * MEGABYTE,
    Sort.FILM: 2048 * MEGABYTE,
    Sort.DOCUMENT: 20 * MEGABYTE,
}


@dataclass(frozen=True)
class Type:
    """A type that is taken. `extensions`: the first is what it is called by where its name has none."""

    mime: str
    sort: Sort
    label: str | Promise
    extensions: tuple[str, ...]


TYPES: Final[Mapping[str, Type]] = {
    one.mime: one
    for one in (
        Type("image/jpeg", Sort.PICTURE, _("JPEG picture"), ("jpg", "jpeg", "jpe", "jfif")),
        Type("image/png", Sort.PICTURE, _("PNG picture"), ("png",)),
        Type("image/webp", Sort.PICTURE, _("WebP picture"), ("webp",)),
        Type("image/heic", Sort.PICTURE, _("HEIC picture"), ("heic", "heif")),
        Type("video/mp4", Sort.FILM, _("MP4 video"), ("mp4", "m4v")),
        Type("video/quicktime", Sort.FILM, _("QuickTime video"), ("mov", "qt")),
        Type("video/webm", Sort.FILM, _("WebM video"), ("webm",)),
        Type("audio/mp4", Sort.SOUND, _("M4A recording"), ("m4a", "m4b")),
        Type("audio/mpeg", Sort.SOUND, _("MP3 recording"), ("mp3",)),
        Type("audio/amr", Sort.SOUND, _("AMR recording"), ("amr",)),
        Type("audio/wav", Sort.SOUND, _("WAV recording"), ("wav",)),
        Type("audio/ogg", Sort.SOUND, _("Ogg recording"), ("ogg", "oga", "opus")),
        Type("application/pdf", Sort.DOCUMENT, _("PDF document"), ("pdf",)),
        Type(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Sort.DOCUMENT,
            _("Excel sheet"),
            ("xlsx",),
        ),
        Type(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Sort.DOCUMENT,
            _("Word document"),
            ("docx",),
        ),
        Type("text/plain", Sort.DOCUMENT, _("plain text"), ("txt", "csv", "log", "md")),
    )
}

ACCEPTED: Final = ",".join(f".{extension}" for one in TYPES.values() for extension in one.extensions)


class NotTaken(Exception):
    """A file that is not kept. Its text is for people, in the reader's language."""


_BRANDS: Final[Mapping[bytes, str]] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "), "video/mp4"),
    b"qt  ": "video/quicktime",
}
_NAMED: Final[Mapping[str, str]] = {  # what puremagic calls them
    ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".mov": "video/quicktime", ".webm": "video/webm",
    ".amr": "audio/amr", ".wav": "audio/wav", ".ogg": "audio/ogg", ".pdf": "application/pdf",
}  # fmt: skip
_OFFICE: Final[Mapping[str, str]] = {"xl/workbook.xml": "xlsx", "word/document.xml": "docx"}
_REFUSED: Final[Mapping[str, Promise]] = {
    ".exe": _("a program"), ".html": _("a web page"), ".svg": _("an SVG drawing"), ".gif": _("a GIF picture"),
    ".bmp": _("a BMP picture"), ".avif": _("an AVIF picture"), ".mkv": _("a Matroska video"), ".tar": _("an archive"),
    ".gz": _("an archive"), ".7z": _("an archive"), ".rar": _("an archive"), ".doc": _("an old Word or Excel file"),
}  # fmt: skip
_MARKUP: Final = re.compile(r"\s*<(!doctype|html|head|body|script|svg|\?php|\?xml|\?=)", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_EXTENSION: Final = re.compile(r"\.([A-Za-z0-9]{1,8})\Z")


def kept_name(name: str) -> str:
    """A file's name as it is shown: its last part, in one form of Unicode, without what hides or turns letters."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = " ".join(_UNSEEN.sub("", last).split()).lstrip(".")
    if len(plain) > LONGEST_NAME:
        extension = _EXTENSION.search(plain)
        end = extension[0] if extension else ""
        plain = plain[: LONGEST_NAME - len(end)] + end
    return plain or "–"


def type_of(path: Path, name: str) -> Type:
    """The type of what lies there. `NotTaken` where it is none that is taken, or other than its name says."""
    found = _recognised(path)
    shown = kept_name(name)
    if isinstance(found, Type):
        claimed = _claimed(shown)
        if claimed and claimed not in found.extensions:
            raise NotTaken(
                _("“%(name)s” is not what its name says: inside is this: %(found)s. Choose the file as it was made.")
                % {"name": shown, "found": found.label}
            )
        return found
    raise NotTaken(
        _("“%(name)s” is not taken: inside is %(found)s. Pictures, recordings, videos, PDF, Word, Excel and text are.")
        % {"name": shown, "found": found}
    )


def _claimed(name: str) -> str:
    """The extension, where it is one: what ends in the digits of a day has none."""
    match = _EXTENSION.search(name)
    return match[1].lower() if match and not match[1].isdigit() else ""


def _recognised(path: Path) -> Type | str | Promise:
    """Its type, or in words what it is instead."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return _("nothing: it is empty")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(path)
    if head[4:8] == b"ftyp":
        mime = _BRANDS.get(head[8:12])
        return TYPES[mime] if mime else _("a kind of video or picture that browsers do not show")
    if head.startswith(b"ID3") or _is_mp3(head):
        return TYPES["audio/mpeg"]
    found = _by_signature(head)
    if isinstance(found, Type):
        return found
    return found or (TYPES["text/plain"] if _is_text(path) else _("something unknown"))


def _by_signature(head: bytes) -> Type | Promise | None:
    try:
        witnesses = puremagic.magic_string(head)
    except puremagic.PureError:
        return None
    surest = max(witness.confidence for witness in witnesses)
    names = [witness.extension for witness in witnesses if witness.confidence == surest]
    for name in names:
        if name in _NAMED:
            return TYPES[_NAMED[name]]
    return next((_REFUSED[name] for name in names if name in _REFUSED), None)


def _packed(path: Path) -> Type | Promise:
    """Word and Excel files are archives. Nothing is unpacked here: only the list of what they hold is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return _("a damaged archive")
    if "[Content_Types].xml" in names:
        if any(name.endswith("vbaProject.bin") for name in names):
            return _("a Word or Excel file with macros")
        for part, extension in _OFFICE.items():
            if part in names:
                return next(one for one in TYPES.values() if extension in one.extensions)
    return _("a ZIP archive")


def _is_mp3(head: bytes) -> bool:
    """The header of a frame of MPEG layer III, without ID3 before it."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C


def _is_text(path: Path) -> bool:
    """Whether all of it reads as text, and as none that a browser would take for a page."""
    if path.stat().st_size > LIMITS[Sort.DOCUMENT]:
        return False
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not _CONTROLS.search(text) and not _MARKUP.match(text)
    return False
