"""The cache in the database, a statement a write; what counts tries to sign in lies here, the same for all processes.

Django's own counts the whole table before each write, so as to throw something away where it has grown too large: with a
flood of names, perhaps the very lock that holds the flood off. Here nothing is thrown away before its time is over, and
what is over goes by a job.
"""

import base64
import pickle
from datetime import UTC, datetime
from typing import Any, Final

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connection, transaction
from django.utils.timezone import now

_FOR_EVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_BATCH: Final = 1_000


class Cache(DatabaseCache):
    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        until = self.get_backend_timeout(timeout)
        adapt = connection.ops.adapt_datetimefield_value
        expires = adapt(_FOR_EVER if until is None else datetime.fromtimestamp(until, UTC).replace(microsecond=0))
        moment = adapt(now().replace(microsecond=0))
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        values: list[Any]
        if mode == "touch":
            sql = f"UPDATE {table} SET expires = %s WHERE cache_key = %s AND expires >= %s"  # noqa: S608
            values = [expires, key, moment]
        else:
            content = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode()
            sql = (
                f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)"  # noqa: S608
                " ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
            )
            values = [key, content, expires]
            if mode == "add":
                sql, values = f"{sql} WHERE {table}.expires < %s", [*values, moment]
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:  # on SQLite writers queue there
            cursor.execute(sql, values)
            return bool(cursor.rowcount)

    def clear_expired(self, at: datetime) -> int:
        """How many there were."""
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        gone: int = 0
        sql = (
            f"DELETE FROM {table} WHERE cache_key IN (SELECT cache_key FROM {table} WHERE expires < %s LIMIT {_BATCH})"  # noqa: S608
        )
        while True:
            with transaction.atomic(savepoint=False), connection.cursor() as cursor:
                cursor.execute(sql, [connection.ops.adapt_datetimefield_value(at)])
                gone += int(cursor.rowcount)
                if cursor.rowcount < _BATCH:
                    return gone
