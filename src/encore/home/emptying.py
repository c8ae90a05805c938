"""Throws the demonstration away: the whole database is emptied, after a backup, and one's own house begins in it.

The ledger lets nothing be deleted. Here its guards stand aside for one transaction, in which nothing of it remains: no
history loses a part, one made-up history ends and another begins. Where anything real is, this refuses.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from django.conf import settings
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from encore.accounts import access
from encore.accounts.models import Organisation, Post, Role, User
from encore.ledger.checkpoints import make_key
from encore.ledger.refusal import Refusal
from encore.running import backup

# What migrations laid down, and the signs of life of the processes, which are about this installation.
KEPT: Final = frozenset({"django_migrations", "django_content_type", "auth_permission", "running_heartbeat"})
# Others know jobs by their number, and would take the second one of a number for the first.
_NUMBERED_ON: Final = frozenset({"jobs_job"})


class CannotThrowAway(Refusal):
    pass


@dataclass(frozen=True)
class Own:
    """The house that begins in place of the made-up one, and who manages it. Without a password they come in by a link."""

    organisation: str
    role: Role
    manager: str
    username: str
    password: str | None

    @classmethod
    def without_password(cls, organisation: str, manager: str) -> Self:
        """A venue whose manager comes in by a link and chooses then how to sign in."""
        return cls(organisation, Role.VENUE, manager, f"invited-{secrets.token_hex(8)}", None)


def is_all_made_up() -> bool:
    """Whether there is a demonstration here, and nothing but that."""
    known = set(Organisation.objects.values_list("is_made_up", flat=True))
    return known == {True}


def throw_away(own: Own, at: datetime) -> tuple[User, Path]:
    """The manager of what begins, and the backup of what was here."""
    if not is_all_made_up():
        raise refusal()
    try:
        made = backup.make(backup.usual_place(at, "before-own-house"), at)
    except (backup.CannotBackUp, OSError) as error:
        raise CannotThrowAway(
            _("Nothing was thrown away, since no backup could be made first: %(error)s") % {"error": error}
        ) from None
    with transaction.atomic(durable=True), _emptied():
        manager = _begin(own, at)
        access.note("demonstration_thrown_away", user=manager, at=at)
        _renew_key(at)
    return manager, made.path


def refusal() -> CannotThrowAway:
    return CannotThrowAway(_("There is a house here that is not made up: nothing is thrown away."))


def _begin(own: Own, at: datetime) -> User:
    organisation = Organisation.objects.create(name=own.organisation, role=own.role)
    joined = at if own.password else None
    manager = User(
        username=own.username, name=own.manager, organisation=organisation, post=Post.MANAGER,
        entered_at=at, joined_at=joined,
    )  # fmt: skip
    manager.set_password(own.password)
    manager.save()
    return manager


def _renew_key(at: datetime) -> None:
    """Two histories under one key would look like one that was changed. What was signed by the old one can still be checked."""
    key = Path(settings.ENCORE_HOME) / "keys" / "checkpoints"
    if key.exists():
        key.replace(key.with_name(f"{key.name}{backup.SET_ASIDE}{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"))
    make_key()


@contextmanager
def _emptied() -> Iterator[None]:
    """Within a transaction: every row is gone, every number begins again, and the guards are back before anything is written."""
    if connection.vendor == "postgresql":
        _empty_postgresql()
    else:
        _empty_sqlite()
    yield


def _empty_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20s'")  # whoever is at work with it now is waited for so long
        tables = [name for name in connection.introspection.table_names(cursor) if name not in KEPT]
        names = {name: connection.ops.quote_name(name) for name in tables}
        cursor.execute(f"LOCK TABLE {', '.join(sorted(names.values()))} IN ACCESS EXCLUSIVE MODE")
        if not is_all_made_up():
            raise refusal()
        for name in names.values():
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(names.values())}")
        for name in names.values():
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        sequences = [one for one in connection.introspection.sequence_list() if one["table"] in names]
        again = [one for one in sequences if one["table"] not in _NUMBERED_ON]
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), again):
            cursor.execute(statement)


def _empty_sqlite() -> None:
    if not is_all_made_up():  # nobody else writes: the transaction has the lock from its beginning
        raise refusal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        # A virtual table keeps its rows in tables of its own, which go with it.
        cursor.execute(
            "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
        )
        tables = [name for name, _type in cursor.fetchall() if name not in KEPT and not name.startswith("sqlite_")]
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
        for name in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")  # noqa: S608 - the database's own names
        kept = ", ".join(["%s"] * len(_NUMBERED_ON))
        cursor.execute(f"DELETE FROM sqlite_sequence WHERE name NOT IN ({kept})", sorted(_NUMBERED_ON))  # noqa: S608
        for _name, sql in triggers:
            cursor.execute(sql)
