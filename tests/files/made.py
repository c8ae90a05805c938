"""Files as people send them, made here."""

import io
import struct
import wave
import zipfile

import docx
import openpyxl
from PIL import Image

from encore.files import store
from encore.files.demo import photograph
from encore.files.store import Stored
from tests.cast import RECEIVED


def photo(seed: int = 1) -> bytes:
    """With camera and place written into it."""
    return photograph(RECEIVED, seed)


def put(content: bytes, name: str, limit: int | None = None) -> Stored:
    return store.put(io.BytesIO(content), name=name, limit=limit)


def picture(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, "teal").save(made, kind)
    return made.getvalue()


def archive(**members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, text in (members or {"a.txt": "x"}).items():
            zipped.writestr(name, text)
    return made.getvalue()


def sound(seconds: float = 0.1) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\1" * int(8000 * seconds))
    return made.getvalue()


def container(brand: bytes, size: int = 0) -> bytes:
    """As much of an MP4 as says what it is."""
    return struct.pack(">I", 16) + b"ftyp" + brand + bytes(4) + struct.pack(">I", 8 + size) + b"mdat" + bytes(size)


def webm(document: bytes = b"webm") -> bytes:
    return (
        bytes.fromhex("1a45dfa3")
        + b"\x9f\x42\x86\x81\x01\x42\x82"
        + bytes([0x80 | len(document)])
        + document
        + bytes(40)
    )


def sheet() -> bytes:
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    return made.getvalue()


def paper() -> bytes:
    made = io.BytesIO()
    docx.Document().save(made)
    return made.getvalue()
