"""Files that come piece by piece: from a telephone in a cellar, over a line that breaks, to a disk that fills up."""

import hashlib
import io
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.timezone import now

from encore.accounts.models import User
from encore.files import drafts, queries, store
from encore.files.models import File, Upload
from encore.files.sniffing import MEGABYTE, NotTaken
from encore.files.tasks import clear_away
from encore.jobs.worker import run_due
from tests.cast import signed_in
from tests.files import made

FILM = made.container(b"isom", 300_000)
GUEST = queries.guest_holder("a room's own token")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings, db: None) -> Path:
    settings.ENCORE_HOME = tmp_path
    return tmp_path


class Sender:
    """A browser that sends a file."""

    def __init__(self, client: Client, holder: str) -> None:
        self.client = client
        self.ticket = queries.ticket(holder)
        self.address = ""

    def ask(self, method: str, address: str, body: bytes = b"", **headers: str) -> Any:
        return self.client.generic(
            method, address, body, content_type="application/offset+octet-stream",
            headers={"Upload-Ticket": self.ticket, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )  # fmt: skip

    def begin(self, name: str, size: int, **more: str) -> Any:
        answer = self.ask("POST", "/uploads/", json.dumps({"name": name, "size": size, **more}).encode())
        if answer.status_code == 201:
            self.address = f"/uploads/{answer.json()['token']}/"
        return answer

    def piece(self, body: bytes, at: int, **headers: str) -> Any:
        return self.ask("PATCH", self.address, body, Upload_Offset=str(at), **headers)

    def end(self) -> Any:
        return self.ask("POST", self.address)


@pytest.fixture
def guest() -> Sender:
    return Sender(Client(headers={"accept-language": "en"}), GUEST)


def test_a_film_comes_in_pieces_and_is_whole(guest: Sender) -> None:
    begun = guest.begin("录像.mp4", len(FILM))
    assert (begun.status_code, begun["Upload-Length"]) == (201, str(len(FILM)))
    for start in range(0, len(FILM), 100_000):
        piece = FILM[start : start + 100_000]
        answer = guest.piece(piece, start, Upload_Checksum=hashlib.sha256(piece).hexdigest())
        assert answer.status_code == 200
        assert int(answer["Upload-Offset"]) == start + len(piece)
    assert guest.end().json()["complete"]
    upload = Upload.objects.get()
    assert (upload.name, upload.type, upload.size) == ("录像.mp4", "video/mp4", len(FILM))
    assert store.place(upload.sha256).read_bytes() == FILM
    assert guest.end().json()["complete"], "the answer was lost: asking again does no harm"
    assert [one.sha256 for one in map(queries.stored, queries.uploaded([upload.token], GUEST))] == [upload.sha256]


def test_after_the_line_was_gone_the_sender_asks_where_to_go_on(guest: Sender) -> None:
    guest.begin("a.mp4", len(FILM))
    guest.piece(FILM[:1000], 0)
    again = Sender(Client(), GUEST)  # the page was closed, and the server started anew
    again.address = guest.address
    assert again.ask("HEAD", again.address)["Upload-Offset"] == "1000"
    twice = again.piece(FILM[:1000], 0)
    assert (twice.status_code, twice.json()["offset"]) == (409, 1000)
    assert again.end().status_code == 409
    again.piece(FILM[1000:], 1000)
    assert again.end().json()["complete"]


def test_a_damaged_piece_is_said_and_sent_again(guest: Sender) -> None:
    guest.begin("a.mp4", len(FILM))
    damaged = guest.piece(FILM, 0, Upload_Checksum="0" * 64)
    assert (damaged.status_code, damaged.json()["offset"]) == (460, 0)
    assert "damaged on its way" in damaged.json()["error"]


def test_a_file_whose_sum_is_another_than_was_announced_is_refused(guest: Sender) -> None:
    guest.begin("a.mp4", len(FILM), sha256="0" * 64)
    guest.piece(FILM, 0)
    ended = guest.end()
    assert ended.status_code == 422
    assert "what came in is not what was sent" in ended.json()["error"]
    assert guest.ask("GET", guest.address).status_code == 410


def test_what_the_file_is_not_is_said_in_the_readers_language(home: Path) -> None:
    guest = Sender(Client(headers={"accept-language": "zh-hans"}), GUEST)
    guest.begin("photo.jpg", len(made.archive()))
    guest.piece(made.archive(), 0)
    ended = guest.end()
    assert ended.status_code == 422
    assert "ZIP" in ended.json()["error"]
    assert "未" in ended.json()["error"] or "不" in ended.json()["error"]
    assert [path for path in (home / "files").rglob("*") if path.is_file() and path.name != ".lock"] == []


def test_nobody_goes_on_with_the_upload_of_somebody_else(guest: Sender, zhou: User, lin: User) -> None:
    guest.begin("a.mp4", len(FILM))
    other = Sender(Client(), queries.guest_holder("another room"))
    made_up = Sender(Client(), GUEST)
    made_up.ticket = made_up.ticket[:-2] + "xx"
    for stranger in (other, made_up):
        for method in ("GET", "HEAD", "PATCH", "POST", "DELETE"):
            assert stranger.ask(method, guest.address, b"x", Upload_Offset="0").status_code == 404
    hers = Sender(signed_in(zhou), queries.staff_holder(zhou))
    assert hers.begin("b.mp4", 10).status_code == 201
    stolen = Sender(signed_in(lin), queries.staff_holder(zhou))  # the ticket of a page that zhou left open
    assert stolen.begin("c.mp4", 10).status_code == 404
    assert queries.uploaded([Upload.objects.filter(holder=GUEST).get().token], queries.staff_holder(zhou)) == []


@pytest.mark.parametrize(
    ("name", "size", "status"), [("a.mp4", 3 << 30, 413), ("a.mp4", 0, 422), ("a.mp4", -5, 422), ("a.mp4", "much", 400)]
)
def test_what_cannot_be_is_refused_before_a_byte_is_sent(guest: Sender, name: str, size: Any, status: int) -> None:
    assert guest.begin(name, size).status_code == status
    assert not Upload.objects.exists()


def test_garbage_is_answered_as_such(guest: Sender) -> None:
    for body in (b"", b"[]", b"{", b'"x"', b"\xff"):
        assert guest.ask("POST", "/uploads/", body).status_code == 400
    guest.begin("a.mp4", 100)
    for where in ("", "-1", "x", "9" * 30):
        assert guest.ask("PATCH", guest.address, b"x", Upload_Offset=where).status_code == 400
    assert guest.ask("PATCH", guest.address, b"x", Upload_Offset="0", Upload_Checksum="zz").status_code == 400


def test_a_full_disk_is_a_507_and_what_came_stays(guest: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    guest.begin("a.mp4", len(FILM))
    guest.piece(FILM[:1000], 0)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(store, "_write_all", full)
    refused = guest.piece(FILM[1000:], 1000)
    assert (refused.status_code, "no room" in refused.json()["error"]) == (507, True)
    monkeypatch.setattr(store, "RESERVE", 1 << 60)
    assert guest.begin("b.mp4", 10).status_code == 507
    monkeypatch.undo()
    assert guest.ask("HEAD", f"/uploads/{Upload.objects.get().token}/")["Upload-Offset"] == "1000"


def test_guests_send_so_much_in_a_day_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    at = now()

    def begin(holder: str, size: int) -> None:
        drafts.begin(name="a.mp4", size=size, sha256="", holder=holder, at=at)

    for _ in range(queries.GUEST_FILES):
        begin(GUEST, MEGABYTE)
    with pytest.raises(queries.TooMany):
        begin(GUEST, 1)
    other = queries.guest_holder("another room")
    begin(other, 2000 * MEGABYTE)
    with pytest.raises(queries.TooMany):
        begin(other, 201 * MEGABYTE)
    monkeypatch.setattr(queries, "ALL_GUESTS_BYTES", 2100 * MEGABYTE)
    with pytest.raises(queries.TooMany):
        begin(queries.guest_holder("a third room"), 100 * MEGABYTE)
    Upload.objects.update(begun_at=at - timedelta(days=2))
    begin(GUEST, MEGABYTE)


def test_too_many_is_a_429(guest: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "GUEST_FILES", 1)
    assert guest.begin("a.mp4", 10).status_code == 201
    assert guest.begin("b.mp4", 10).status_code == 429


def test_a_sender_may_think_better_of_it(guest: Sender) -> None:
    guest.begin("a.mp4", 100)
    assert guest.ask("DELETE", guest.address).status_code == 204
    assert (Upload.objects.count(), guest.ask("GET", guest.address).status_code) == (0, 404)


def test_what_was_never_used_goes_after_a_day_and_what_hangs_on_something_stays(
    guest: Sender, complaint: Any, zhou: User
) -> None:
    from encore.files.demo import hang_on

    guest.begin("a.mp4", 100)
    [kept] = hang_on(complaint, number=1, by=zhou, at=now())
    unused = drafts.take(io.BytesIO(made.photo(9)), name="b.jpg", size=100, holder=GUEST, limit=None, at=now())
    shared = drafts.take(io.BytesIO(store.place(kept.sha256).read_bytes()), name="c.jpg", size=1, holder=GUEST,
                         limit=None, at=now())  # fmt: skip
    clear_away.enqueue(1)
    run_due()
    assert store.is_whole(unused.sha256)
    long_ago = now() - timedelta(days=2)
    Upload.objects.update(begun_at=long_ago)
    for path in store.root().rglob("*"):
        os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    clear_away.enqueue(2)
    run_due()
    assert not Upload.objects.exists()
    assert not store.is_whole(unused.sha256)
    assert store.is_whole(shared.sha256)
    assert all(store.is_whole(one.sha256) for one in File.objects.all())
    assert list(store.incoming("x").parent.iterdir()) == []


def test_a_large_picture_is_made_anew_by_a_job(complaint: Any, zhou: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from encore.files import pictures
    from encore.files.demo import hang_on

    monkeypatch.setattr(pictures, "AT_ONCE", 1000)
    [file] = hang_on(complaint, number=1, by=zhou, at=now())
    assert file.is_being_remade
    run_due()
    assert {one.rendition for one in File.objects.get(pk=file.pk).renditions.all()} == {"view", "thumbnail"}


def test_a_refusal_is_no_upload() -> None:
    with pytest.raises(NotTaken):
        drafts.take(io.BytesIO(made.archive()), name="a.jpg", size=100, holder=GUEST, limit=None, at=now())
    assert not Upload.objects.exists()
