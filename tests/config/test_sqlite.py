"""Many threads write to one SQLite file, and each has its turn."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, sleep

import pytest
from django.db.utils import OperationalError, load_backend
from pytest_django import DjangoDbBlocker

from encore.config.database import database


@pytest.fixture(autouse=True)
def _unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """These databases are none of the project's."""
    with django_db_blocker.unblock():
        yield


def test_writers_take_turns_and_none_is_turned_away(tmp_path: Path) -> None:
    settings = {
        **database(f"sqlite:///{tmp_path}/queue.sqlite3", tmp_path),
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_HEALTH_CHECKS": False,
        "TIME_ZONE": None,
    }
    backend = load_backend("encore.config.sqlite")
    with sqlite3.connect(tmp_path / "queue.sqlite3") as made:
        made.execute("CREATE TABLE written (who INTEGER)")

    def write(who: int) -> float:
        connection = backend.DatabaseWrapper(settings)
        waited = 0.0
        for _ in range(10):
            asked = perf_counter()
            connection.ensure_connection()
            connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
            waited = max(waited, perf_counter() - asked)
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO written VALUES (%s)", [who])
            sleep(0.001)
            connection.commit()
            connection.set_autocommit(True)
        connection.close()
        return waited

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(write, range(8)))
    with sqlite3.connect(tmp_path / "queue.sqlite3") as made:
        assert made.execute("SELECT count(*) FROM written").fetchone() == (80,)
    assert len(waits) == 8


def test_who_waits_too_long_is_told_that_the_database_is_locked(tmp_path: Path) -> None:
    settings = {**database(f"sqlite:///{tmp_path}/held.sqlite3", tmp_path), "AUTOCOMMIT": True, "TIME_ZONE": None}
    settings = {**settings, "CONN_HEALTH_CHECKS": False, "OPTIONS": {**settings["OPTIONS"], "timeout": 0.2}}
    backend = load_backend("encore.config.sqlite")
    holder, waiter = backend.DatabaseWrapper(settings), backend.DatabaseWrapper(settings)
    holder.ensure_connection()
    waiter.ensure_connection()
    holder.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with pytest.raises(OperationalError, match="locked"):
        waiter.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    holder.rollback()
    holder.set_autocommit(True)
    sleep(0.1)  # the one that gave up hands the lock on
    waiter.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    waiter.rollback()
    waiter.set_autocommit(True)
    holder.close()
    waiter.close()


def test_the_settings_that_keep_what_was_acknowledged_are_on(tmp_path: Path) -> None:
    settings = {**database(f"sqlite:///{tmp_path}/kept.sqlite3", tmp_path), "AUTOCOMMIT": True, "TIME_ZONE": None}
    connection = load_backend("encore.config.sqlite").DatabaseWrapper({**settings, "CONN_HEALTH_CHECKS": False})
    with connection.cursor() as cursor:
        for pragma, expected in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            cursor.execute(f"PRAGMA {pragma}")
            assert cursor.fetchone() == (expected,)
    connection.close()
