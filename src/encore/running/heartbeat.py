"""Signs of life: a row each, in the database that they are about."""

import logging
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, InterfaceError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from encore.running.models import Heartbeat

log = logging.getLogger("encore.running")

TICK: Final = "tick"
WORKER: Final = "worker"
BACKUP: Final = "backup"  # its number: bytes
VERIFICATION: Final = "verification"  # its number: the status that `encore verify` ended with
RESTORE: Final = "restore"

EVERY: Final = timedelta(seconds=15)


def beat(name: str, at: datetime, number: int = 0, on: BaseDatabaseWrapper | None = None) -> None:
    database = on or connection
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO running_heartbeat (name, at, number) VALUES (%s, %s, %s)"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at, number = excluded.number",
            [name, database.ops.adapt_datetimefield_value(at), number],
        )


def are_kept() -> bool:
    """Not by a database that is yet to be brought up to date."""
    return "running_heartbeat" in connection.introspection.table_names()


def heard() -> dict[str, Heartbeat]:
    return Heartbeat.objects.in_bulk()


def noted(name: str, at: datetime, number: int = 0) -> None:
    """A beat that is not worth failing for."""
    try:
        beat(name, at, number)
    except (DatabaseError, InterfaceError) as error:
        log.warning("a heartbeat could not be written", exc_info=error)


class Pulse:
    """The beats of a loop, no more often than they are looked at. Of several processes the latest counts."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = float("-inf")

    def keep(self, at: datetime) -> None:
        moment = time.monotonic()
        if moment < self._next:
            return
        self._next = moment + EVERY.total_seconds()
        noted(self._name, at)
