"""How fast time is caught up with: 10,000 breaches among 100,000 open clocks, and force majeure over 200,000.

    python -m bench.tick [sqlite] [postgresql]

prints seconds, and for the breaches a ratio to the least that any tick must do, in the same run: insert the events and
update the clocks, in as many transactions, from rows that are ready made.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tests import postgres

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SINCE = NOW - timedelta(days=100)
OPEN, OVERDUE, SUSPENDED, BATCH = 100_000, 10_000, 200_000, 1_000
EDITION = """
[edition]
id = "bench"
title = { en = "A bench" }
version = "1"
[[clause]]
number = "1"
text = { en = "Complaints are verified." }
[[duty]]
id = "verify"
clause = "1"
when = "complaint.received"
done = "complaint.verified"
within = "30d"
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        return measure()
    for name in arguments.databases:
        with tempfile.TemporaryDirectory(prefix="encore-bench-") as home:
            environment = {**os.environ, "ENCORE_HOME": home, "DJANGO_SETTINGS_MODULE": "encore.config.settings"}
            environment.pop("ENCORE_DATABASE", None)
            command = [sys.executable, "-m", "bench.tick", "--here"]
            print(f"{name}:", flush=True)
            if name == "sqlite":
                subprocess.run(command, env=environment, check=True)
                continue
            server = postgres.start(durable=True)
            try:
                subprocess.run(command, env={**environment, "ENCORE_DATABASE": server.url}, check=True)
            finally:
                postgres.stop(server)
    return None


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def tell(what: str, seconds: float, floor: float | None = None) -> None:
    print(f"  {what:60} {seconds:6.2f} s" + (f"  {seconds / floor:5.1f} x bare" if floor else ""), flush=True)


def measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from encore.ledger.models import Clock, Event
    from encore.ledger.tick import tick

    contract = in_force()
    told = dict.fromkeys(range(OVERDUE), 2)
    fill(contract, 1, told, OPEN)
    bare = in_force()
    fill(bare, 2, told, OVERDUE)
    analyse()
    floor = timed(ready_made(bare))
    tell(f"bare INSERT and UPDATE of {OVERDUE:,} rows", floor)
    tell(f"{OVERDUE:,} breaches among {OPEN:,} open clocks", timed(lambda: tick(NOW)), floor)
    breaches = Event.objects.filter(type="duty.breached")
    assert breaches.count() == OVERDUE
    stamped = Clock.objects.filter(contract=contract, state="breached").values_list("noun_id", "due_at")
    assert sorted(breaches.values_list("noun_id", "occurred_at")) == sorted(stamped)
    tell("a tick with nothing to do", timed(lambda: tick(NOW)))

    near = in_force()
    fill(near, 3, {}, OVERDUE, due=NOW + timedelta(days=10))
    tell(f"{OVERDUE:,} warnings", timed(lambda: tick(NOW)), floor)
    assert Event.objects.filter(type="duty.warned").count() == OVERDUE

    wide = in_force()
    fill(wide, 4, {}, SUSPENDED, due=NOW + timedelta(days=29, microseconds=1))
    analyse()
    for type, days in (("declared", 1), ("lifted", 2)):
        at = NOW + timedelta(days=days)
        tell(f"force majeure {type} over {SUSPENDED:,} open clocks", timed(partial(happen, wide, type, at)))
        state = "suspended" if type == "declared" else "open"
        assert Clock.objects.filter(contract=wide, state=state).count() == SUSPENDED


def in_force() -> int:
    """A contract under the bench's edition, of which the ledger knows nothing but that."""
    from encore.ledger.models import Event
    from encore.ledger.nouns import Key
    from encore.ledger.terms import keep_edition
    from encore.ledger.writing import Draft

    number = Event.objects.filter(type="contract.effective").count() + 1
    data = {"edition": keep_edition(EDITION.encode(), "bench.toml"), "parameters": {}}
    record(Draft("contract.effective", 1, Key("contract", number), set(), {number}, "user:1", SINCE, data), SINCE)
    return number


def happen(contract: int, type: str, at: datetime) -> None:
    from encore.ledger.nouns import Key
    from encore.ledger.writing import Draft

    subject = Key("force_majeure", contract)
    record(Draft(f"force_majeure.{type}", 1, subject, set(), {contract}, "user:1", at, {}), at)


def record(draft: Any, now: datetime) -> None:
    """As an operation records it."""
    from django.db import transaction

    from encore.ledger.judging import hold, judge
    from encore.ledger.writing import append

    with transaction.atomic(durable=True):
        held = hold([draft])
        judge(append([draft], now), held, now)


def fill(
    contract: int, series: int, warned: dict[int, int], number: int, due: datetime = NOW + timedelta(days=20)
) -> None:
    """So many complaints, each with its stream, its memo and an open clock; those that were warned of are overdue."""
    from django.db import transaction

    from encore.ledger.models import Clock, Head, Memo

    first, allowed = series * 1_000_000, timedelta(days=30)
    memo: dict[str, Any] = {"shift": 0, "end": None, "need": 0, "breached": None, "moves": [], "version": 0}
    clocks = []
    for one in range(number):
        told = warned.get(one, 0)
        at = (NOW - timedelta(days=50) if told else due) + timedelta(seconds=one)
        warns_at = None if told else at - allowed / 2
        clocks.append(Clock(
            contract=contract, duty="verify", clause="1", noun="complaint", noun_id=first + one, index=0,
            opened_at=at - allowed, due_at=at, state="open", is_ended=False, provisional=False, started_by=1, memo=memo,
            warned=told, warns_at=warns_at,
        ))  # fmt: skip
    with transaction.atomic():
        Clock.objects.bulk_create(clocks, batch_size=1_500)
        Head.objects.bulk_create(
            [Head(noun="complaint", noun_id=first + one, seq=0, chain=b"\x00" * 32) for one in range(number)],
            batch_size=5_000,
        )
        Memo.objects.bulk_create(
            [
                Memo(
                    contract=contract, noun="complaint", noun_id=first + one, judged_to=SINCE, duties=["verify"],
                    body={}, is_referred=False,
                )
                for one in range(number)
            ],
            batch_size=3_000,
        )  # fmt: skip


def analyse() -> None:
    """What PostgreSQL has done by itself where so much has been going on for a while. SQLite does without."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def ready_made(contract: int) -> Callable[[], None]:
    from django.db import connection, transaction

    from encore.ledger.models import Clock
    from encore.ledger.writing import insert

    columns = (
        "noun",
        "noun_id",
        "seq",
        "type",
        "schema",
        "occurred_at",
        "recorded_at",
        "actor",
        "body",
        "leaf",
        "chain",
    )
    at = connection.ops.adapt_datetimefield_value(NOW)
    found = list(Clock.objects.filter(contract=contract).order_by("due_at").values_list("id", "noun_id"))
    parts: list[tuple[Sequence[int], list[tuple[Any, ...]]]] = []
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        events = [
            ("bare", number, 1, "bare", 1, at, at, "ledger", b"x" * 250, b"\x00" * 32, b"\x00" * 32)
            for _, number in part
        ]
        parts.append(([id for id, _ in part], events))

    def write() -> None:
        for ids, events in parts:
            marks = ", ".join(["%s"] * len(ids))
            with transaction.atomic(durable=True), connection.cursor() as cursor:
                insert("ledger_event", columns, events)
                sql = "UPDATE ledger_clock SET state = 'breached', breached_at = due_at WHERE id IN"
                cursor.execute(f"{sql} ({marks})", ids)

    return write


if __name__ == "__main__":
    main()
