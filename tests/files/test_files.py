"""What hangs on a complaint: who sees it, who saw it, how long it stays, and how it leaves the house."""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import zipfile
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import now
from PIL import Image

from encore.accounts.models import AccessLog, Organisation, Post, Role, User
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.files import operations, queries, store
from encore.files.demo import hang_on
from encore.files.models import File, Upload
from encore.files.tasks import look_for_old
from encore.jobs.worker import run_due
from encore.ledger.nouns import key_of
from encore.ledger.queries import timeline
from tests.cast import DAY, HOUR, RECEIVED, person, signed_in
from tests.files import made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Path:
    settings.ENCORE_HOME = tmp_path
    return tmp_path


@pytest.fixture
def photo(complaint: Complaint, lin: User) -> File:
    [file] = hang_on(complaint, number=1, by=lin, at=RECEIVED + HOUR)
    return file


def add(content: bytes, name: str, complaint: Complaint, by: User, purpose: str = "evidence") -> File:
    [file] = operations.add([made.put(content, name)], row=complaint, purpose=purpose, by=by, at=RECEIVED + HOUR)
    return file


def whole(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def acts(file: File) -> list[tuple[str, User | None, str]]:
    return [(look.act, look.user, look.reason) for look in queries.looks([file]).reverse()]


# --- coming in -----------------------------------------------------------------------------------------------------------


def post(client: Client, complaint: Complaint, *files: SimpleUploadedFile, **more: Any) -> Any:
    told = {"purpose": "evidence", "files": files, **more}
    return client.post(f"/files/of/complaint/{complaint}/", told)


def test_a_photo_is_added_by_a_plain_form_and_stands_in_the_ledger(complaint: Complaint, lin: User) -> None:
    answer = post(signed_in(lin), complaint, SimpleUploadedFile("酒瓶.jpg", made.photo()))
    assert (answer.status_code, answer["Location"]) == (302, f"/files/of/complaint/{complaint}/")
    [file] = queries.of(complaint, lin)
    assert (file.name, file.type, file.owner, file.uploaded_by) == ("酒瓶.jpg", "image/jpeg", lin.organisation, lin)
    assert file.keep_until == file.added_at + timedelta(days=3 * 366)
    [event] = [entry for entry in timeline(key_of(complaint)) if entry.type == "file.added"]
    assert event.data == {"file": file.sha256, "purpose": "evidence"}
    assert str(file) in signed_in(lin).get(f"/files/of/complaint/{complaint}/").content.decode()


def test_one_bad_file_does_not_lose_the_others(complaint: Complaint, lin: User) -> None:
    client = signed_in(lin)
    good, bad = SimpleUploadedFile("a.jpg", made.photo()), SimpleUploadedFile("b.jpg", made.archive())
    answer = post(client, complaint, good, bad)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“b.jpg” is not taken: inside is a ZIP archive" in page
    [token] = Upload.objects.values_list("token", flat=True)
    assert f'name="files-kept" value="{token}"' in page
    assert post(client, complaint, **{"files-kept": [token]}).status_code == 302
    assert [file.name for file in queries.of(complaint, lin)] == ["a.jpg"]


def test_a_full_disk_is_said_beside_the_field(complaint: Complaint, lin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RESERVE", 1 << 60)
    answer = post(signed_in(lin), complaint, SimpleUploadedFile("a.jpg", made.photo()), purpose="receipt")
    assert answer.status_code == 507
    assert "There is no room for this file" in answer.content.decode()
    assert '<option value="receipt" selected>' in answer.content.decode()


def test_a_form_without_a_file_says_so(complaint: Complaint, lin: User) -> None:
    answer = post(signed_in(lin), complaint)
    assert (answer.status_code, "Choose a file first." in answer.content.decode()) == (422, True)


# --- who sees ------------------------------------------------------------------------------------------------------------


def test_both_parties_see_what_hangs_on_their_complaint_and_nobody_else(photo: File, lin: User, tang: User) -> None:
    assert queries.visible_to(lin).get() == queries.visible_to(tang).get() == photo
    other = person("吴昊", Organisation.objects.create(name="别家", role=Role.VENUE), Post.MANAGER)
    assert not queries.visible_to(other).exists()
    for address in ("", "view/", "thumbnail/", "play/", "download/"):
        assert signed_in(other).get(f"/files/{photo}/{address}").status_code == 404
        assert signed_in(other).post(f"/files/{photo}/{address}").status_code in (404, 405)
    assert not AccessLog.objects.filter(act__startswith="file.").exists()


def test_personal_papers_are_seen_by_their_owner_only(complaint: Complaint, lin: User, tang: User) -> None:
    papers = add(b"%PDF-1.7\n", "合同.pdf", complaint, lin, "papers")
    assert papers in queries.of(complaint, lin)
    assert papers not in queries.of(complaint, tang)
    assert signed_in(tang).get(f"/files/{papers}/").status_code == 404
    assert not queries.shown_to_guest(complaint).exists()
    assert papers.keep_until is None


def test_a_list_takes_as_many_queries_for_fifty_as_for_one(
    complaint: Complaint, lin: User, django_assert_max_num_queries: Any
) -> None:
    hang_on(complaint, number=1, by=lin, at=RECEIVED + HOUR)
    client = signed_in(lin)
    client.get("/files/")
    for _ in range(12):
        add(b"%PDF-1.7\n", "a.pdf", complaint, lin)
    with django_assert_max_num_queries(12):
        assert client.get("/files/").status_code == 200
    with django_assert_max_num_queries(14):
        assert client.get(f"/files/of/complaint/{complaint}/").status_code == 200


# --- how it leaves -------------------------------------------------------------------------------------------------------


def test_the_original_leaves_as_an_attachment_and_stands_in_its_custody_with_the_reason(photo: File, lin: User) -> None:
    client = signed_in(lin)
    assert client.get(f"/files/{photo}/download/").status_code == 302
    assert client.post(f"/files/{photo}/download/").status_code == 422
    answer = client.post(f"/files/{photo}/download/", {"reason": "insurer"})
    assert hashlib.sha256(whole(answer)).hexdigest() == photo.sha256
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert acts(photo) == [("file.exported", lin, "insurer")]
    page = client.get(f"/files/{photo}/").content.decode()
    assert "for an insurer" in page
    assert photo.sha256 in page


def test_only_the_picture_made_anew_is_shown_inside_a_page(photo: File, tang: User) -> None:
    answer = signed_in(tang).get(f"/files/{photo}/view/", headers={"accept-encoding": "gzip"})
    content = whole(answer)
    assert (answer["Content-Type"], answer["Content-Disposition"].split(";")[0]) == ("image/webp", "inline")
    assert dict(Image.open(io.BytesIO(content)).getexif()) == {}
    assert answer["Content-Length"] == str(len(content))
    whole(signed_in(tang).get(f"/files/{photo}/thumbnail/"))
    assert [act for act, _, _ in acts(photo)] == ["file.seen", "file.previewed"]


def test_a_paper_is_never_shown_inside_a_page(complaint: Complaint, lin: User) -> None:
    paper = add(b"plain words", "a.txt", complaint, lin)
    assert signed_in(lin).get(f"/files/{paper}/view/").status_code == 404
    assert signed_in(lin).get(f"/files/{paper}/play/").status_code == 404
    answer = signed_in(lin).post(f"/files/{paper}/download/", {"reason": "handling"})
    assert (answer["Content-Type"], whole(answer)) == ("application/octet-stream", b"plain words")


@pytest.mark.parametrize(
    ("asked", "status", "first", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, None),
        ("bytes=-44", 206, -44, None),
        ("bytes=0-999999", 206, 0, None),
        ("bytes=-999999", 206, 0, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("rubbish", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("bytes=999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=20-10", 416, 0, 0),
    ],
)
def test_a_player_gets_the_part_that_it_asks_for(
    complaint: Complaint, lin: User, asked: str, status: int, first: int, end: int | None
) -> None:
    content = made.sound()
    file = add(content, "语音.wav", complaint, lin)
    answer = signed_in(lin).get(f"/files/{file}/play/", headers={"range": asked, "accept-encoding": "gzip"})
    assert answer.status_code == status
    body = whole(answer) if answer.streaming else answer.content
    assert body == content[first:end]
    if status == 206:
        start = len(content) + first if first < 0 else first
        assert answer["Content-Range"] == f"bytes {start}-{start + len(body) - 1}/{len(content)}"
        assert answer["Content-Length"] == str(len(body))
    elif status == 416:
        assert answer["Content-Range"] == f"bytes */{len(content)}"


def test_playing_on_is_the_same_look(complaint: Complaint, lin: User) -> None:
    file = add(made.sound(), "a.wav", complaint, lin)
    for asked in ("bytes=0-", "bytes=500-", "bytes=900-"):
        whole(signed_in(lin).get(f"/files/{file}/play/", headers={"range": asked}))
    assert acts(file) == [("file.played", lin, "")]


def test_a_guest_opens_one_picture_by_a_key_that_ages(
    photo: File, monkeypatch: pytest.MonkeyPatch, complaint: Complaint, lin: User
) -> None:
    key = queries.guest_key(photo, "view")
    answer = Client().get(f"/f/{key}/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    whole(answer)
    assert acts(photo) == [("file.seen", None, "guest")]
    assert Client().get(f"/f/{key[:-1]}/").status_code == 404
    papers = add(b"%PDF-1.7\n", "a.pdf", complaint, lin, "papers")
    assert Client().get(f"/f/{queries.guest_key(papers, '')}/").status_code == 404
    monkeypatch.setattr(queries, "_LINK", timedelta(seconds=-1))
    assert Client().get(f"/f/{key}/").status_code == 404


def test_all_files_leave_in_an_archive_that_sha256sum_checks(
    photo: File, complaint: Complaint, tang: User, tmp_path: Path
) -> None:
    add(made.sound(), "=cmd|' /C calc'!A0.wav", complaint, tang)
    client = signed_in(tang)
    assert client.post(f"/files/of/complaint/{complaint}/export/").status_code == 422
    answer = client.post(f"/files/of/complaint/{complaint}/export/", {"reason": "dispute"})
    assert f'filename="{complaint}.zip"' in answer["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(whole(answer)))
    assert archive.testzip() is None
    folder = tmp_path / "out"
    archive.extractall(folder)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    told = json.loads(archive.read("manifest.json"))
    assert (told["of"], told["files"][0]["sha256"]) == (str(complaint), photo.sha256)
    custody = archive.read("custody.csv").decode("utf-8-sig").splitlines()
    assert [row.split(",")[2] for row in custody[1:]] == ["file.exported", "file.exported"], "this export among them"
    assert acts(photo) == [("file.exported", tang, "dispute")]


def test_an_archive_says_what_was_altered_on_the_disk(photo: File, complaint: Complaint, lin: User) -> None:
    gone = add(b"%PDF-1.7\n", "a.pdf", complaint, lin)
    store.place(gone.sha256).unlink()
    place = store.place(photo.sha256)
    place.chmod(0o600)
    place.write_bytes(b"another picture")
    answer = signed_in(lin).post(f"/files/of/complaint/{complaint}/export/", {"reason": "dispute"})
    faults = zipfile.ZipFile(io.BytesIO(whole(answer))).read("FAULTS.txt").decode()
    assert "was altered on the disk" in faults
    assert "is not there any more" in faults


# --- how long it stays ---------------------------------------------------------------------------------------------------


_periods = count()


def let_years_pass() -> None:
    """Everybody's time is over, and nothing has been touched for long. Then the job looks."""
    File.objects.update(keep_until=now() - HOUR)
    long_ago = (now() - 1000 * DAY).timestamp()
    for path in store.root().rglob("*"):
        os.utime(path, (long_ago, long_ago))
    look_for_old.enqueue(next(_periods))
    run_due()


def test_bytes_go_when_their_time_is_over_and_the_row_stays(
    photo: File, complaint: Complaint, zhou: User, lin: User
) -> None:
    hashes = [photo.sha256, *photo.renditions.values_list("sha256", flat=True)]
    look_for_old.enqueue(next(_periods))
    run_due()
    assert all(map(store.is_whole, hashes))
    let_years_pass()
    assert not any(map(store.is_whole, hashes))
    photo.refresh_from_db()
    assert (photo.is_erased, photo.sha256) == (True, hashes[0])
    [event] = [entry for entry in timeline(key_of(complaint)) if entry.type == "file.erased"]
    assert event.data == {"file": hashes[0], "reason": "retention"}
    page = signed_in(lin).get(f"/files/{photo}/")
    assert (page.status_code, hashes[0] in page.content.decode()) == (200, True)
    assert signed_in(lin).get(f"/files/{photo}/view/").status_code == 404
    assert signed_in(lin).post(f"/files/{photo}/download/", {"reason": "handling"}).status_code == 404


def test_what_another_row_needs_too_is_not_erased_with_the_first(photo: File, complaint: Complaint, zhou: User) -> None:
    same = made.put(store.place(photo.sha256).read_bytes(), "same.jpg")
    [receipt] = operations.add([same], row=complaint, purpose="receipt", by=zhou, at=RECEIVED + 2 * HOUR)
    operations.hold([receipt], reason="dispute", by=zhou, at=RECEIVED + DAY)
    let_years_pass()
    photo.refresh_from_db()
    assert photo.is_erased
    assert store.is_whole(photo.sha256)


def test_what_is_held_stays_until_the_party_that_held_it_lets_go(photo: File, zhou: User, he: User, lin: User) -> None:
    operations.hold([photo], reason="dispute", by=lin, at=RECEIVED + DAY)
    operations.hold([photo], reason="authority", by=he, at=RECEIVED + DAY)
    with pytest.raises(operations.CannotHold):
        operations.hold([photo], reason="dispute", by=zhou, at=RECEIVED + DAY)
    let_years_pass()
    operations.release([photo], by=zhou, at=RECEIVED + 2 * DAY)
    with pytest.raises(operations.CannotRelease):
        operations.release([photo], by=zhou, at=RECEIVED + 2 * DAY)
    let_years_pass()
    with pytest.raises(operations.CannotErase):
        operations.erase(photo, by=zhou, at=now())
    assert store.is_whole(photo.sha256)
    operations.release([photo], by=he, at=RECEIVED + 3 * DAY)
    let_years_pass()
    assert not store.is_whole(photo.sha256)


def test_nothing_is_erased_before_its_time(photo: File, zhou: User) -> None:
    with pytest.raises(operations.CannotErase):
        operations.erase(photo, by=zhou, at=RECEIVED + DAY)


def test_holding_and_releasing_by_the_page(photo: File, complaint: Complaint, lin: User, tang: User) -> None:
    client = signed_in(lin)
    assert client.post(f"/files/{photo}/hold/", {"reason": "weather"}).status_code == 422
    assert client.post(f"/files/{photo}/hold/", {"reason": "dispute"}).status_code == 302
    assert client.post(f"/files/{photo}/hold/", {"reason": "dispute"}).status_code == 409
    assert "a dispute is under way" in client.get(f"/files/{photo}/").content.decode()
    assert client.post(f"/files/{photo}/release/").status_code == 302
    assert client.post(f"/files/of/complaint/{complaint}/hold/", {"reason": "insurer"}).status_code == 302
    refused = signed_in(tang).post(f"/files/{photo}/hold/", {"reason": "dispute"})
    assert refused.status_code == 403


# --- backup --------------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_the_files_and_not_what_is_still_coming_in(
    photo: File, contract: Contract, tmp_path: Path
) -> None:
    from encore.running import backup

    store.begin("half")
    target = tmp_path / "backups" / "b.tar.gz"
    backup.make(target, now())
    with tarfile.open(target) as tar:
        names = tar.getnames()
    assert f"files/{photo.sha256[:2]}/{photo.sha256[2:4]}/{photo.sha256}" in names
    assert [name for name in names if "half" in name or "/." in name] == []
