"""All files of a row in one archive, with a list of their hashes that `sha256sum -c` reads, and who saw them."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from encore.accounts.models import AccessLog
from encore.files import store
from encore.files.models import File

_PIECE: Final = 256 << 10
SUMS: Final = "SHA256SUMS"


class _Sink(io.RawIOBase):
    """Where the archive is written to, and given on from at once: it is never whole anywhere."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        taken = bytes(piece)  # type: ignore[call-overload]
        self._written.append(taken)
        return len(taken)

    def taken(self) -> bytes:
        given, self._written = b"".join(self._written), []
        return given


def archive(reference: str, files: Sequence[File], looks: Sequence[AccessLog], at: datetime) -> Iterator[bytes]:
    """The archive piece by piece. What is no longer there, or not what it was, is named in it."""
    sink = _Sink()
    faults: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as zipped:
        for file in files:
            if file.is_erased:
                continue
            try:
                opened = store.opened(file.sha256)
            except store.Missing:
                faults.append(_("%(path)s: is not there any more") % {"path": path_of(file)})
                continue
            digest = hashlib.sha256()
            with opened, zipped.open(_info(path_of(file), file.added_at), "w", force_zip64=True) as target:
                while piece := opened.read(_PIECE):
                    digest.update(piece)
                    target.write(piece)
                    yield sink.taken()
            if digest.hexdigest() != file.sha256:
                faults.append(_("%(path)s: was altered on the disk") % {"path": path_of(file)})
        lists = {"manifest.json": _manifest(reference, files, at), "custody.csv": _custody(files, looks)}
        sums = "".join(f"{file.sha256}  {path_of(file)}\n" for file in files if not file.is_erased)
        for name, text in lists.items():
            zipped.writestr(_info(name, at), text)
            sums += f"{hashlib.sha256(text).hexdigest()}  {name}\n"
        zipped.writestr(_info(SUMS, at), sums.encode())
        if faults:
            zipped.writestr(_info("FAULTS.txt", at), "\n".join(faults).encode())
    yield sink.taken()


def path_of(file: File) -> str:
    """Where it lies in the archive: our number first, so that no two are one, and nothing that leads elsewhere."""
    plain = "".join("_" if letter in '\\/:*?"<>|' else letter for letter in file.name)
    return f"files/{file.reference}-{plain}"


def _info(name: str, at: datetime) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, at.timetuple()[:6])
    made.external_attr = 0o644 << 16
    return made


def _manifest(reference: str, files: Sequence[File], at: datetime) -> bytes:
    told = {
        "of": reference,
        "made_at": at.isoformat(),
        "files": [
            {
                "reference": file.reference,
                "path": None if file.is_erased else path_of(file),
                "name": file.name,
                "type": file.type,
                "bytes": file.size,
                "sha256": file.sha256,
                "purpose": file.purpose,
                "owner": str(file.owner),
                "added_at": file.added_at.isoformat(),
                "added_by": file.uploaded_by.name if file.uploaded_by else "guest",
                "keep_until": file.keep_until.isoformat() if file.keep_until else None,
                "erased_at": file.erased_at.isoformat() if file.erased_at else None,
                "held_by": [str(hold.owner) for hold in file.holds.all() if hold.is_open],
            }
            for file in files
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


def _custody(files: Sequence[File], looks: Sequence[AccessLog]) -> bytes:
    """Who saw what, when and why; in a form that spreadsheets read as text."""
    references = {file.pk: file.reference for file in files}
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(["at", "file", "act", "who", "organisation", "why"])
    for look in looks:
        who = (look.user.name, str(look.user.organisation)) if look.user else ("guest", "")
        row = [look.at.isoformat(), references.get(look.noun_id or 0, ""), look.act, *who, look.reason]
        written.writerow([_as_text(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _as_text(cell: str) -> str:
    """What a spreadsheet would take for a formula begins with an apostrophe instead."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
