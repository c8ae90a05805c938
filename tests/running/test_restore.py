"""A backup, and the house that is made of it."""

import os
import re
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from encore.running.archive import checked
from tests.running.conftest import House, Rows

Found = Callable[[], House]

# What a restore writes itself.
ITS_OWN = ("running_heartbeat", "jobs_hold")


def without_its_own(rows: Rows) -> Rows:
    return {table: found for table, found in rows.items() if table not in ITS_OWN}


def files(house: House) -> dict[str, bytes]:
    folder = house.home / "files"
    kept = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_what_is_restored_elsewhere_is_row_by_row_what_was_backed_up(
    house: House, found: Found, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar.gz"
    house.encore("backup", str(file))
    other = found()
    said = other.encore("restore", str(file))
    assert "Restored as of" in said
    assert without_its_own(other.rows()) == without_its_own(house.rows())
    assert len(house.rows()["ledger_event"]) > 50
    assert files(other) == files(house)
    assert files(house).keys() > {"ab/cd/abcd1", "ab/cd/abcd2", "ff/00/ff00"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Altered: 0, wrong: 0, stale: 0." in other.encore("verify")


def test_numbers_given_out_after_the_backup_are_not_given_again(house: House, found: Found, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    house.encore("backup", str(file))
    other = found()
    other.encore("restore", str(file))
    [(last,)] = house.asked("SELECT MAX(id) FROM accounts_organisation")
    [(next_one,)] = other.asked(
        "INSERT INTO accounts_organisation (name, role, is_made_up) VALUES ('x', 'venue', false) RETURNING id"
    )
    assert next_one > last + 999


def test_a_backup_taken_while_others_write_holds_one_moment(house: House, found: Found, tmp_path: Path) -> None:
    file, other = tmp_path / "backup.tar.gz", found()
    writers = [house.begin("-m", "tests.running.work", "complain_on") for _ in range(2)]
    try:
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "complained\n"
        [(before,)] = house.asked("SELECT COUNT(*) FROM complaints_complaint")
        house.encore("backup", str(file))
        [(after,)] = house.asked("SELECT COUNT(*) FROM complaints_complaint")
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    other.encore("restore", str(file))
    assert "Altered: 0, wrong: 0, stale: 0." in other.encore("verify")
    [(there,)] = other.asked("SELECT COUNT(*) FROM complaints_complaint")
    assert before <= there < after, "they went on writing meanwhile"


def test_nothing_leaves_the_house_after_a_restore_until_somebody_lets_it(
    house: House, found: Found, tmp_path: Path
) -> None:
    house.said("-m", "tests.running.work", "leave_undone")
    file, other = tmp_path / "backup.tar.gz", found()
    house.encore("backup", str(file))
    other.encore("restore", str(file))
    jobs = other.asked("SELECT outside, state, token, attempts FROM jobs_job ORDER BY outside, id")
    assert [(bool(outside), *rest) for outside, *rest in jobs] == [
        *[(False, "ready", "", 0)] * 3,
        *[(True, "unclear", "", attempts) for attempts in (1, 0, 0)],
    ]
    assert other.asked("SELECT COUNT(*) FROM jobs_job WHERE lease_until IS NOT NULL") == [(0,)]
    assert other.said("-m", "tests.running.work", "run_due").splitlines() == ["counted running", "counted due"]
    assert other.said("-m", "tests.running.work", "send_once_more") == "", "not even what is asked for anew"
    other.asked("DELETE FROM jobs_hold")
    assert other.said("-m", "tests.running.work", "run_due") == "sent new\n"


def test_a_house_with_something_in_it_is_replaced_only_by_who_says_what_is_lost(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    house.encore("backup", str(file))
    then = house.rows()
    house.asked("INSERT INTO accounts_organisation (name, role, is_made_up) VALUES ('x', 'venue', false)")
    before = house.rows()
    refusal = house.encore("restore", str(file), status=1)
    words = re.search(rf'--force "(lose \d+ events, \d+ other rows, {len(files(house))} files)"', refusal)
    assert words, refusal
    house.encore("restore", str(file), "--force", "yes", status=1)
    assert house.rows() == before
    said = house.encore("restore", str(file), "--force", words[1])
    assert without_its_own(house.rows()) == without_its_own(then)
    assert house.encore("verify")
    if house.is_sqlite:
        kept = re.search(r"is kept as (\S+);", said)
        assert kept
        assert sqlite3.connect(kept[1]).execute("SELECT 1 FROM accounts_organisation WHERE name = 'x'").fetchone()


def test_a_house_that_is_open_is_not_replaced(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    house.encore("backup", str(file))
    lost = re.search(r'--force "([^"]+)"', house.encore("restore", str(file), status=1))
    assert lost
    worker = house.begin("-m", "encore", "work")
    try:
        for _ in range(300):
            if house.asked("SELECT 1 FROM running_heartbeat WHERE name = 'worker'"):
                break
        said = house.encore("restore", str(file), "--force", lost[1], status=1)
    finally:
        worker.terminate()
        worker.communicate()
    assert "Encore is running on this database" in said


def test_a_database_made_empty_by_migrate_counts_as_empty(house: House, found: Found, tmp_path: Path) -> None:
    file, other = tmp_path / "backup.tar.gz", found()
    house.encore("backup", str(file))
    other.encore("migrate")
    other.encore("restore", str(file))
    assert without_its_own(other.rows()) == without_its_own(house.rows())


@pytest.mark.parametrize("option", ["--with-keys", None])
def test_private_keys_travel_only_when_asked_for(
    house: House, found: Found, tmp_path: Path, option: str | None
) -> None:
    file, other = tmp_path / "backup.tar.gz", found()
    said = house.encore("backup", str(file), *([option] if option else []))
    assert ("The private keys are in it" in said) == bool(option)
    other.encore("migrate")  # has a key of its own by then
    own = (other.home / "keys/checkpoints").read_bytes()
    said = other.encore("restore", str(file))
    [aside] = other.home.glob("keys/checkpoints.before-*")
    assert aside.read_bytes() == own
    assert (other.home / "keys/checkpoints.pub").read_text() == (house.home / "keys/checkpoints.pub").read_text()
    assert (other.home / "keys/checkpoints").exists() == bool(option)
    assert ("nothing is sealed until" in said) != bool(option)
    other.encore("verify")
    (other.home / "keys/checkpoints").write_bytes((house.home / "keys/checkpoints").read_bytes())
    other.asked("DELETE FROM jobs_hold")
    assert "number " in other.encore("checkpoint")


def test_a_backup_that_is_killed_leaves_no_half_file_and_the_next_clears_up(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    big = house.home / "files/zz"
    big.mkdir()
    for number in range(12):
        (big / f"zz{number:02}").write_bytes(os.urandom(8 << 20))
    process = house.begin("-m", "encore", "backup", str(folder / "one.tar.gz"))
    while not (rooms := list(folder.glob(".*.encore-part/archive"))) or rooms[0].stat().st_size < 1 << 20:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == []
    house.encore("backup", str(folder / "two.tar.gz"))
    assert [path.name for path in folder.iterdir()] == ["two.tar.gz"]
    with (folder / "two.tar.gz").open("rb") as file:
        assert checked(file).files.number == len(files(house)) > 12


def test_a_backup_that_is_ended_clears_up_itself(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    (house.home / "files/zz").write_bytes(os.urandom(64 << 20))
    process = house.begin("-m", "encore", "backup", str(folder / "one.tar.gz"))
    while not list(folder.glob(".*.encore-part/archive")):
        assert process.poll() is None
    process.terminate()
    process.communicate()
    assert process.returncode == 1
    assert list(folder.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_text("mine")
    assert "There is already a file" in house.encore("backup", str(file), status=1)
    assert file.read_text() == "mine"


def test_an_update_makes_a_backup_first(house: House, found: Found) -> None:
    house.said("manage.py", "migrate", "running", "zero", "-v0")
    house.said("manage.py", "migrate", "jobs", "0001", "-v0")
    before = house.rows()
    said = house.encore("migrate")
    made = re.search(r"Backed up before the update: (\S+)", said)
    assert made
    other = found()
    assert "Restored as of" in other.encore("restore", made[1])
    after, there = house.rows(), other.rows()
    assert set(there) == set(after) > set(before), "the restore brings it up to date as well"
    for rows in (after, there):
        rows["django_migrations"] = sorted(row[1:3] for row in rows["django_migrations"])
    assert without_its_own(there) == without_its_own(after)
    assert len(there["jobs_hold"]) == 1
    assert "Backed up" not in house.encore("migrate")


def test_a_database_with_nothing_in_it_is_updated_without_a_backup(found: Found) -> None:
    empty = found()
    assert "Backed up" not in empty.encore("migrate")
    assert not (empty.home / "backups").exists()


def test_where_there_is_no_database_there_is_nothing_to_back_up(found: Found, tmp_path: Path) -> None:
    empty = found()
    assert "Run: encore migrate" in empty.encore("backup", str(tmp_path / "a"), status=1)
    assert not (tmp_path / "a").exists()


def test_a_restore_that_is_killed_leaves_nothing_behind_that_the_next_does_not_clear(
    house: House, found: Found, tmp_path: Path
) -> None:
    file, other = tmp_path / "backup.tar.gz", found()
    (house.home / "files/zz").write_bytes(os.urandom(64 << 20))
    house.encore("backup", str(file))
    process = other.begin("-m", "encore", "restore", str(file))
    while not list(other.home.glob(".*.encore-part/files/zz")):
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert other.rows() == {}
    other.encore("restore", str(file))
    assert without_its_own(other.rows()) == without_its_own(house.rows())
    assert [path.name for path in other.home.iterdir() if path.name.startswith(".")] == []
