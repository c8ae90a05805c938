"""What is not whole, not ours or too new is refused in one line, before anything is touched."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore.running.archive import Manifest, Unusable, Writer, checked, read
from tests.running.conftest import House

PARTS = {"database.sqlite3": b"rows" * 5_000, "keys/checkpoints.pub": b"key\n"}
FILES = {"files/ab/1": b"one" * 9_000, "files/ab/2": b"", "files/ab0": b"three"}
Member = tuple[str, bytes]


def archive(parts: dict[str, bytes] | None = None, files: dict[str, bytes] | None = None, **said: object) -> io.BytesIO:
    made = io.BytesIO()
    writer = Writer(made, "0.1.0")
    for name, content in {**(PARTS if parts is None else parts), **(FILES if files is None else files)}.items():
        writer.add(name, io.BytesIO(content), len(content))
    writer.end(**{"made_at": "2026-05-01T00:00:00+00:00", "database": "sqlite", "migrations": [], "tables": {}, **said})
    return made


def members(made: io.BytesIO) -> list[Member]:
    made.seek(0)
    with tarfile.open(fileobj=made, mode="r:gz") as tar:
        return [(one.name, content.read()) for one in tar if (content := tar.extractfile(one))]


def written(parts: list[Member | tarfile.TarInfo]) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for one in parts:
            info = one if isinstance(one, tarfile.TarInfo) else tarfile.TarInfo(one[0])
            content = b"" if isinstance(one, tarfile.TarInfo) else one[1]
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return made


def sealed(parts: list[Member], manifest: dict[str, object]) -> list[Member]:
    text = orjson.dumps(manifest)
    return [*parts[:-2], ("manifest.json", text), ("manifest.sha256", hashlib.sha256(text).hexdigest().encode())]


@pytest.fixture(autouse=True)
def _english(english: None) -> None:
    """Refusals are compared in English."""


def test_an_archive_gives_back_what_was_put_in() -> None:
    taken: dict[str, bytes] = {}

    def take(name: str, content: object) -> None:
        taken[name] = content.read()  # type: ignore[attr-defined]

    made = archive()
    manifest = read(made, take)
    assert taken == {**PARTS, **FILES}
    assert manifest == checked(made)
    assert (manifest.files.number, manifest.files.bytes) == (3, sum(map(len, FILES.values())))
    assert manifest.parts["database.sqlite3"].sha256 == hashlib.sha256(PARTS["database.sqlite3"]).hexdigest()


def test_the_same_contents_make_the_same_bytes() -> None:
    assert archive().getvalue() == archive().getvalue()


@given(st.data())
def test_wherever_an_archive_is_cut_off_it_is_refused(data: st.DataObject) -> None:
    whole = archive().getvalue()
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Unusable):
        checked(io.BytesIO(whole[:end]))


@given(st.data())
def test_whatever_byte_is_changed_it_is_refused_unless_it_says_the_same(data: st.DataObject) -> None:
    whole = bytearray(archive().getvalue())
    place = data.draw(st.integers(10, len(whole) - 1))  # before that there is only the head of gzip, which says nothing
    whole[place] ^= data.draw(st.integers(1, 255))
    try:
        manifest = checked(io.BytesIO(whole))
    except Unusable:
        return
    # Zeros may be packed in more than one way; then all is as it was.
    assert members(io.BytesIO(whole)) == members(archive())
    assert manifest == checked(archive())


@pytest.mark.parametrize(
    "content",
    [b"", b"not at all", gzip.compress(b"x" * 100_000), written([("a", b"b")]).getvalue()],
    ids=["nothing", "text", "gzip", "tar"],
)
def test_what_is_no_backup_is_called_none(content: bytes) -> None:
    with pytest.raises(Unusable, match=r"^This is no backup of Encore\.$"):
        checked(io.BytesIO(content))


def test_one_of_a_later_format_says_what_to_do() -> None:
    parts = members(archive())
    parts[0] = (parts[0][0], b'{"format": "encore-backup", "version": 2, "encore": "3.1", "new": 1}')
    with pytest.raises(Unusable, match=r"newer version, Encore 3\.1\. Update this one first"):
        checked(written([*parts]))


@pytest.mark.parametrize(
    "name",
    [
        "files/../../etc/passwd", "files/..", "/files/a", "files//a", "files/a/.hidden", "keys/../../x", "keys/a/b",
        "database.sqlite3x", "tables/../../x", "elsewhere/a", "files/a\\b", "files/a\nb", "files",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_though_all_hashes_fit(name: str) -> None:
    parts = members(archive())
    manifest = orjson.loads(parts[-2][1])
    content = b"mine"
    part = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if name.startswith("files/"):
        lines = f"{part['sha256']} {part['bytes']} {name}\n".encode()
        manifest["files"] = {"number": 1, "bytes": 4, "sha256": hashlib.sha256(lines).hexdigest()}
        parts = [one for one in parts if not one[0].startswith("files/")]
    else:
        manifest["parts"][name] = part
    forged = sealed([*parts[:-2], (name, content), *parts[-2:]], manifest)
    taken: list[str] = []
    with pytest.raises(ValueError, match=r"."):
        read(written([*forged]), lambda name, _: taken.append(name))
    assert name not in taken
    with pytest.raises(Unusable):
        checked(written([*forged]))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_only_files_are_taken_out_of_an_archive(kind: bytes) -> None:
    parts: list[Member | tarfile.TarInfo] = [*members(archive())]
    link = tarfile.TarInfo("files/zz")
    link.type, link.linkname = kind, "/etc/passwd"
    parts.insert(-2, link)
    with pytest.raises(Unusable):
        checked(written(parts))


def test_nothing_comes_twice_and_nothing_after_the_end() -> None:
    parts = members(archive())
    database = parts[1]
    for forged in ([parts[0], database, *parts[1:]], [*parts, ("files/zzz", b"")], [*parts, database]):
        with pytest.raises(Unusable):
            checked(written([*forged]))


def test_a_manifest_with_more_in_it_is_not_believed() -> None:
    parts = members(archive())
    with pytest.raises(Unusable):
        checked(written([*sealed(parts, {**orjson.loads(parts[-2][1]), "more": 1})]))


def test_files_out_of_order_are_not_written() -> None:
    with pytest.raises(ValueError, match="files/a"):
        archive(files={"files/b": b"", "files/a": b""})


def manifest_of(path: Path) -> Manifest:
    with path.open("rb") as file:
        return checked(file)


def test_a_refused_archive_leaves_the_house_as_it_was(house: House, found: Callable[[], House], tmp_path: Path) -> None:
    good, bad, other = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz", found()
    house.encore("backup", str(good))
    parts = members(io.BytesIO(good.read_bytes()))
    manifest = orjson.loads(parts[-2][1])

    def refused(content: bytes) -> str:
        bad.write_bytes(content)
        said = other.encore("restore", str(bad), status=1)
        assert len(said.splitlines()) == 1, said
        assert {path.name for path in other.home.iterdir()} <= {"keys", "encore.sqlite3", "encore.sqlite3.lock"}
        assert other.rows() == {}
        return said

    assert "damaged or cut off" in refused(good.read_bytes()[:-2_000])
    manifest["migrations"].append(["ledger", "9999_to_come"])
    assert "newer version" in refused(written([*sealed(parts, manifest)]).getvalue())
    manifest["migrations"].pop()
    manifest["database"] = "postgresql" if house.is_sqlite else "sqlite"
    assert "Restore it to the same kind" in refused(written([*sealed(parts, manifest)]).getvalue())
