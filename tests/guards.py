"""The way past the triggers that refuse to change what was recorded, for tests that empty tables or play the forger."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test import TransactionTestCase


@contextmanager
def unguarded() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            try:
                yield
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        try:
            yield
        finally:
            for _, sql in triggers:
                cursor.execute(sql)


def let_flush() -> None:
    """After a test that commits the tables are emptied: for that the triggers stand aside."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def unhindered(self: TransactionTestCase) -> None:
        with unguarded():
            flush(self)

    TransactionTestCase._fixture_teardown = unhindered  # type: ignore[attr-defined]
