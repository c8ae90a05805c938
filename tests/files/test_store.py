"""What is kept is kept whole, once, under its hash; and what somebody sends is what they say that it is."""

import errno
import hashlib
import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from encore.files import pictures, sniffing, store
from encore.files.sniffing import LIMITS, NotTaken, Sort, kept_name
from tests.files import made
from tests.files.made import put

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Path:
    settings.ENCORE_HOME = tmp_path
    return tmp_path


TAKEN = {
    "酒单.jpg": (made.picture("JPEG"), "image/jpeg"),
    "a.PNG": (made.picture("PNG"), "image/png"),
    "a.webp": (made.picture("WEBP"), "image/webp"),
    "IMG_1.HEIC": (made.container(b"heic"), "image/heic"),
    "IMG_2.heic": (made.container(b"mif1"), "image/heic"),
    "录像.mp4": (made.container(b"isom"), "video/mp4"),
    "a.mov": (made.container(b"qt  "), "video/quicktime"),
    "a.webm": (made.webm(), "video/webm"),
    "语音.m4a": (made.container(b"M4A "), "audio/mp4"),
    "a.mp3": (b"ID3\x03" + bytes(60), "audio/mpeg"),
    "b.mp3": (b"\xff\xfb\x90\x44" + bytes(500), "audio/mpeg"),
    "a.amr": (b"#!AMR\n" + b"\x3c" * 40, "audio/amr"),
    "a.wav": (made.sound(), "audio/wav"),
    "a.ogg": (b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead", "audio/ogg"),
    "合同.pdf": (b"%PDF-1.7\n1 0 obj\n", "application/pdf"),
    "表.xlsx": (made.sheet(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "信.docx": (made.paper(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "说明.txt": ("酒是温的。\n".encode(), "text/plain"),
    "老.txt": ("酒是温的。\n".encode("gb18030"), "text/plain"),
    "没有后缀": (made.picture("JPEG"), "image/jpeg"),
    "账单 2026.3.5": (b"%PDF-1.7\n", "application/pdf"),
}


@pytest.mark.parametrize(("name", "content", "type"), [(name, *one) for name, one in TAKEN.items()], ids=list(TAKEN))
def test_a_file_is_known_by_what_it_holds(name: str, content: bytes, type: str) -> None:
    stored = put(content, name)
    assert (stored.type, stored.size, stored.name) == (type, len(content), name)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert store.place(stored.sha256).read_bytes() == content


REFUSED = {
    "photo.jpg": made.archive(),
    "photo.png": made.picture("JPEG"),
    "sound.mp3": made.archive(),
    "sheet.xlsx": made.paper(),
    "letter.docx": made.archive(**{"[Content_Types].xml": "", "word/document.xml": "", "word/vbaProject.bin": ""}),
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page.txt": b"<!DOCTYPE html><script>alert(1)</script>",
    "page.html": b"<html><body>hello</body></html>",
    "run.txt": b"<?php system($_GET['c']); ?>",
    "x.phar": b"<?php __HALT_COMPILER(); ?>" + bytes(20),
    "setup.exe": b"MZ" + bytes(80),
    "setup.jpg": b"MZ" + bytes(80),
    "moving.gif": made.picture("GIF"),
    "film.mkv": made.webm(b"matroska"),
    "nothing.jpg": b"",
    "bytes.txt": b"a\x00b\x07",
    "image.jpg.exe": made.picture("JPEG"),
    "archive.zip": made.archive(),
}


@pytest.mark.parametrize(("name", "content"), list(REFUSED.items()), ids=list(REFUSED))
def test_what_is_no_such_file_is_refused_in_words_and_leaves_nothing(name: str, content: bytes, home: Path) -> None:
    with pytest.raises(NotTaken) as refusal:
        put(content, name)
    assert kept_name(name) in str(refusal.value)
    assert [path for path in (home / "files").rglob("*") if path.is_file()] == []


def test_a_zip_that_is_called_a_picture_is_told_by_its_name() -> None:
    with pytest.raises(NotTaken, match=r"“photo\.jpg” is not taken: inside is a ZIP archive"):
        put(made.archive(), "photo.jpg")
    with pytest.raises(NotTaken, match="inside is this: JPEG picture"):
        put(made.picture("JPEG"), "photo.png")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\周\\合同.pdf", "合同.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("  a\x00b\n.jpg ", "ab.jpg"),
        (".htaccess", "htaccess"),
        ("", "–"),
        ("..", "–"),
        ("图" * 300 + ".jpg", "图" * 116 + ".jpg"),
    ],
)
def test_a_name_is_text_and_never_a_path(sent: str, shown: str) -> None:
    assert kept_name(sent) == shown


@given(st.text())
def test_a_name_leads_nowhere_and_hides_nothing(name: str) -> None:
    shown = kept_name(name)
    assert shown
    assert len(shown) <= sniffing.LONGEST_NAME
    assert not {"/", "\\", "\0", "\u202e"} & set(shown)
    assert kept_name(shown) == shown


@given(st.binary(max_size=4096))
def test_whatever_comes_is_taken_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    with suppress(NotTaken):
        assert sniffing.type_of(path, "") in sniffing.TYPES.values()


def test_the_same_bytes_lie_there_once_and_are_never_written_again() -> None:
    first = put(made.photo(), "a.jpg")
    was = store.place(first.sha256).stat()
    second = put(made.photo(), "b.jpg")
    now = store.place(second.sha256).stat()
    assert (first.sha256, first.name, second.name) == (second.sha256, "a.jpg", "b.jpg")
    assert (was.st_ino, was.st_nlink) == (now.st_ino, now.st_nlink)
    assert now.st_mode & 0o777 == 0o400


def test_many_at_once_keep_the_same_file_whole() -> None:
    content = made.photo(3)
    threads = [threading.Thread(target=put, args=(content, f"{n}.jpg")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sha256 = hashlib.sha256(content).hexdigest()
    assert store.is_whole(sha256)
    assert list(store.incoming("x").parent.iterdir()) == []


def test_a_size_is_refused_while_it_comes_and_not_after() -> None:
    class Endless:
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return b"x" * size

    endless = Endless()
    with pytest.raises(store.TooLarge, match="at most 2 MB"):
        store.put(endless, name="big.txt", limit=2 << 20)
    assert endless.given < 5 << 20


def test_each_sort_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {sort: most >> 20 for sort, most in LIMITS.items()} == {
        Sort.PICTURE: 20, Sort.SOUND: 50, Sort.FILM: 2048, Sort.DOCUMENT: 20,
    }  # fmt: skip
    monkeypatch.setattr(store, "LIMITS", {**LIMITS, Sort.PICTURE: 100})
    put(made.sound(), "a.wav")
    with pytest.raises(store.TooLarge):
        put(made.picture("PNG", (400, 400)) + bytes(200), "a.png")


def test_a_full_disk_is_said_and_what_was_there_is_whole(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    kept = put(made.photo(), "a.jpg")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(store.NoRoom, match="no room for this file"):
        put(made.photo(2), "b.jpg")
    monkeypatch.undo()
    assert store.is_whole(kept.sha256)
    assert list((home / "files/.incoming").iterdir()) == []
    monkeypatch.setattr(store, "RESERVE", 1 << 60)
    with pytest.raises(store.NoRoom):
        store.require_room(1)


# --- piece by piece ------------------------------------------------------------------------------------------------------


@given(pieces=st.lists(st.binary(max_size=50), max_size=8), lost=st.integers(0, 7))
def test_pieces_make_the_file_whatever_is_sent_twice(pieces: list[bytes], lost: int) -> None:
    film = uuid4().hex
    store.begin(film)
    size, at = sum(map(len, pieces)), 0
    for number, piece in enumerate(pieces):
        end = store.append(film, io.BytesIO(piece), at=at, most=size)
        if number == lost and piece:  # the answer was lost: it is sent once more
            with pytest.raises(store.Elsewhere) as elsewhere:
                store.append(film, io.BytesIO(piece), at=at, most=size)
            assert elsewhere.value.offset == end
        at = end
    assert store.incoming(film).read_bytes() == b"".join(pieces)


def test_a_damaged_piece_is_not_kept_and_a_cut_one_as_far_as_it_came() -> None:
    store.begin("film")
    right = hashlib.sha256(b"abcd").hexdigest()
    assert store.append("film", io.BytesIO(b"abcd"), at=0, most=100, sha256=right) == 4
    with pytest.raises(store.Damaged):
        store.append("film", io.BytesIO(b"abXd"), at=4, most=100, sha256=right)
    assert store.offset("film") == 4

    def broken() -> Iterator[bytes]:
        yield b"efgh"
        raise ConnectionResetError

    class Line:
        pieces = broken()

        def read(self, size: int = -1, /) -> bytes:
            return next(self.pieces)

    with pytest.raises(ConnectionResetError):
        store.append("film", Line(), at=4, most=100)
    assert store.offset("film") == 8


def test_more_than_was_announced_is_not_taken() -> None:
    store.begin("film")
    with pytest.raises(store.Damaged):
        store.append("film", io.BytesIO(b"x" * 11), at=0, most=10)
    assert store.offset("film") == 0


def test_a_disk_that_fills_up_in_the_middle_loses_nothing_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    store.begin("film")
    store.append("film", io.BytesIO(b"abcd"), at=0, most=100)
    monkeypatch.setattr(store, "_write_all", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(store.NoRoom):
        store.append("film", io.BytesIO(b"efgh"), at=4, most=100)
    monkeypatch.undo()
    assert store.append("film", io.BytesIO(b"efgh"), at=4, most=8) == 8


# --- pictures ------------------------------------------------------------------------------------------------------------


def opened(sha256: str) -> Image.Image:
    return Image.open(io.BytesIO(store.place(sha256).read_bytes()))


def test_a_picture_for_looking_has_nothing_of_what_the_camera_wrote() -> None:
    original = made.photo()
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(0x8825)
    stored = put(original, "IMG_1.jpg")
    assert [one.name for one in stored.renditions] == ["view", "thumbnail"]
    for one in stored.renditions:
        picture = opened(one.sha256)
        assert (picture.format, dict(picture.getexif()), picture.info.get("exif")) == ("WEBP", {}, None)
        content = store.place(one.sha256).read_bytes()
        assert b"Lanqi" not in content
        assert b"LQ-12" not in content
        assert max(picture.size) <= pictures.SIDES[one.name]
    assert store.place(stored.sha256).read_bytes() == original


def test_what_hides_behind_a_picture_is_not_in_the_one_for_looking() -> None:
    hidden = made.archive(**{"evil.php": "<?php"})
    stored = put(made.picture("JPEG", (300, 200)) + hidden, "a.jpg")
    assert stored.type == "image/jpeg"
    for one in stored.renditions:
        assert b"evil.php" not in store.place(one.sha256).read_bytes()


def test_a_picture_that_lies_on_its_side_is_turned() -> None:
    made_of, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # a quarter to the right
    Image.new("RGB", (400, 200)).save(made_of, "JPEG", exif=exif)
    view, _ = put(made_of.getvalue(), "a.jpg").renditions
    assert opened(view.sha256).size == (200, 400)


def test_large_pictures_become_small_and_small_ones_stay() -> None:
    view, small = put(made.picture("PNG", (5000, 100)), "wide.png").renditions
    assert (opened(view.sha256).size, opened(small.sha256).size) == ((2000, 40), (320, 6))
    view, small = put(made.picture("PNG", (200, 100), "RGBA"), "small.png").renditions
    assert opened(view.sha256).size == opened(small.sha256).size == (200, 100)


def test_a_bomb_of_pixels_is_kept_as_evidence_and_never_unpacked() -> None:
    bomb = made.picture("PNG", (20_000, 20_000), "1")  # 50 kB, as raw pixels 1.2 GB
    assert len(bomb) < 100_000
    assert put(bomb, "bomb.png").renditions == ()


def test_a_damaged_picture_is_kept_and_not_shown() -> None:
    assert put(made.photo()[:20_000], "half.jpg").renditions == ()


# --- clearing away -------------------------------------------------------------------------------------------------------


def test_what_was_wanted_again_meanwhile_is_not_removed() -> None:
    stored = put(b"%PDF-1.7\n", "a.pdf")
    old = datetime.now(UTC) - timedelta(days=3)
    os.utime(store.place(stored.sha256), (old.timestamp(), old.timestamp()))
    limit = datetime.now(UTC) - timedelta(days=1)
    assert list(store.all_older_than(limit)) == [stored.sha256]
    put(b"%PDF-1.7\n", "b.pdf")
    assert store.remove([stored.sha256], older_than=limit) == 0
    os.utime(store.place(stored.sha256), (old.timestamp(), old.timestamp()))
    assert store.remove([stored.sha256], older_than=limit) == 1
    assert not store.is_whole(stored.sha256)
