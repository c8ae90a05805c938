"""SQLite with a fair queue for its one write lock.

SQLite lets waiting writers poll: with many threads some wait for ever while others pass them. A file lock taken before
BEGIN IMMEDIATE is granted in the order of asking. Who waits longer than the connection's `timeout` is told that the
database is locked, as SQLite itself would.
"""

import fcntl
import os
import threading
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base


class _Waiting:
    """Waits for the lock in a thread of its own, since a file lock cannot be waited for with a limit."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._granted = threading.Event()
        self._given_up = False
        self._deciding = threading.Lock()
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._deciding:
            self._granted.set()
            if self._given_up:
                os.close(self._file)  # which gives the lock back

    def is_granted(self, seconds: float) -> bool:
        """Whether the lock came in time. If not, the file is closed as soon as it comes."""
        self._granted.wait(seconds)
        with self._deciding:
            self._given_up = not self._granted.is_set()
            return not self._given_up


class DatabaseWrapper(base.DatabaseWrapper):
    _lock_file: int | None = None
    _holds_lock = False

    def _lock(self) -> None:
        if self._lock_file is None:
            path = f"{self.settings_dict['NAME']}.lock"
            self._lock_file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _Waiting(self._lock_file).is_granted(self.settings_dict["OPTIONS"].get("timeout", 5)):
                self._lock_file = None
                raise OperationalError("database is locked") from None
        self._holds_lock = True

    def _unlock(self) -> None:
        if self._holds_lock and self._lock_file is not None:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        self._holds_lock = False

    def _start_transaction_under_autocommit(self) -> None:
        self._lock()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._unlock()
            raise

    def _commit(self) -> Any:
        committed = super()._commit()  # type: ignore[misc]
        if not self.in_atomic_block or not self.connection.in_transaction:
            self._unlock()
        return committed

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._unlock()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._unlock()
            if self._lock_file is not None:
                os.close(self._lock_file)
                self._lock_file = None
