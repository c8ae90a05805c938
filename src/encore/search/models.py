from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class Words(models.Field[Any, Any]):
    """On SQLite the one column of an FTS5 table, on PostgreSQL a tsvector. Written and read in plain SQL."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"


class Entry(models.Model):
    """A row of some noun as it is searched. Its number says which: `register.Kind.first` and the row's own added up."""

    id = models.BigIntegerField(primary_key=True, db_column="rowid")
    words = Words()
