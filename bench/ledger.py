"""What the ledger costs, on both databases, against the same statements without it.

    python -m bench.ledger [--on sqlite|postgresql]

One intake of a complaint without HTTP, against its own statements sent once more by the driver alone; and on PostgreSQL 32
writers at once, against the same inserts without a chain.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import uuid4

INTAKES: Final = 600
BLOCK: Final = 60  # the two take turns, so that what else the machine does falls on both
WRITERS: Final = 32
STREAMS: Final = 1_000
HOW: Final = ("chained", "numbered", "unchained")
SECONDS: Final = 0.5  # of a turn
TURNS: Final = 8

Statement = tuple[str, Any]


def _intake() -> Callable[[], object]:
    from django.utils.timezone import now

    from encore.complaints import operations
    from encore.complaints.queries import channel
    from encore.contracts.demo import agree
    from encore.contracts.queries import edition_of
    from encore.editions import demonstrated

    name, content = demonstrated()
    contract = agree(name, content, now())
    way = channel(edition_of(contract), "web")

    def intake() -> object:
        told = operations.Told("酒是温的，叫了三次没人来。", uuid4().hex, "B08")
        return operations.receive(told, contract=contract, channel=way, by=None, at=now())

    return intake


def _copied() -> Any:
    """A connection of the driver, without Django, to a copy of the database as it is now."""
    from django.db import connection

    connection.close()
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        import sqlite3

        path = f"{settings['NAME']}.copy"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [path])
        driver = sqlite3.connect(path, isolation_level=None)
        driver.executescript(settings["OPTIONS"]["init_command"])
        return driver
    import psycopg

    where = {"host": settings["HOST"], "user": settings["USER"], "autocommit": True}
    with psycopg.connect(dbname="template1", **where) as maintenance:
        maintenance.execute(f"CREATE DATABASE copied TEMPLATE {settings['NAME']}".encode())
    return psycopg.connect(dbname="copied", cursor_factory=psycopg.ClientCursor, **where)


@contextmanager
def _noting(statements: list[Statement]) -> Iterator[None]:
    """Notes what is sent to the database meanwhile, but for the transaction's own statements."""
    from django.db import connection

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith("BEGIN"):
            statements.append((sql.replace("%s", "?") if connection.vendor == "sqlite" else sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


def _send(driver: Any, begin: str, statements: list[Statement]) -> None:
    cursor = driver.cursor()
    cursor.execute(begin)
    for sql, params in statements:
        cursor.execute(sql, params)
        if cursor.description:
            cursor.fetchall()
    cursor.execute("COMMIT")


def intakes() -> None:
    """One after the other, through the operation and by the driver alone."""
    from django.db import connection

    intake = _intake()
    for _ in range(100):
        intake()
    driver = _copied()
    noted: list[list[Statement]] = []
    for _ in range(INTAKES):
        noted.append([])
        with _noting(noted[-1]):
            intake()
    begin = "BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN"
    through = alone = cpu = 0.0
    for start in range(0, INTAKES, BLOCK):
        begun, used = time.perf_counter(), time.process_time()
        for _ in range(BLOCK):
            intake()
        through, cpu = through + time.perf_counter() - begun, cpu + time.process_time() - used
        begun = time.perf_counter()
        for statements in noted[start : start + BLOCK]:
            _send(driver, begin, statements)
        alone += time.perf_counter() - begun
    driver.close()
    print(
        f"  one intake: {len(noted[-1])} statements, {INTAKES / through:,.0f}/s, {cpu / INTAKES * 1e3:.2f} ms CPU; "
        f"the statements alone {INTAKES / alone:,.0f}/s: {alone / through:.0%} (goal 40%)",
        flush=True,
    )


def _writing(number: int, ready: Barrier, done: Any) -> None:
    """Appends to streams picked at random, in turn with a chain, with numbers alone, and with neither."""
    from django.db import connection, transaction

    from encore.ledger.canonical import canonical
    from encore.ledger.nouns import Key
    from encore.ledger.writing import _COLUMNS, Draft, Recorded, _body, _concern, append, insert

    chance, places, moment = Random(number), count((number + 1) * 1_000_000), datetime(2026, 3, 1, tzinfo=UTC)
    nothing = bytes(32)

    def draft(how: str) -> Draft:
        subject, data = Key(how, chance.randrange(STREAMS)), {"channel": "web", "note": "x" * 200}
        return Draft("complaint.received", 1, subject, set(), {1}, "guest", moment, data)

    def numbered(one: Draft) -> int:
        [(seq,)] = insert(
            "ledger_head",
            ("noun", "noun_id", "seq", "chain"),
            [(*one.subject, 0, nothing)],
            conflict="(noun, noun_id) DO UPDATE SET seq = ledger_head.seq + 1",
            returning=("seq",),
        )
        return int(seq)

    def unchained(one: Draft) -> None:
        body = _body(one, moment)
        body["seq"] = seq = numbered(one) if one.subject.noun == "numbered" else next(places)
        at = connection.ops.adapt_datetimefield_value(moment)
        row = (*one.subject, seq, one.type, one.schema, at, at, one.actor, canonical(body), nothing, nothing)
        [(id,)] = insert("ledger_event", _COLUMNS, [row], returning=("id",))
        _concern([Recorded(id, one, body)])

    def turn(how: str) -> int:
        until, events = time.monotonic() + SECONDS, 0
        while time.monotonic() < until:
            with transaction.atomic():
                if how == "chained":
                    append([draft(how)], moment)
                else:
                    unchained(draft(how))
            events += 1
        return events

    for _ in range(TURNS):
        for place, how in enumerate(HOW):
            ready.wait()
            if number == 0:
                _heads_move(how == "chained")
            ready.wait()
            done[place * WRITERS + number] += turn(how)
    connection.close()


def _heads_move(so: bool) -> None:
    """Whether the trigger that belongs to the chain does its work."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_event {'ENABLE' if so else 'DISABLE'} TRIGGER ledger_event_chained")


def writers() -> None:
    """Many at once on streams that have begun, each event a transaction."""
    from django.db import connection, transaction

    from encore.ledger.nouns import Key
    from encore.ledger.writing import Draft, append

    moment = datetime(2026, 3, 1, tzinfo=UTC)
    places = [Key(how, id) for how in HOW for id in range(STREAMS)]
    drafts = [Draft("complaint.received", 1, key, set(), {1}, "guest", moment, {"channel": "web"}) for key in places]
    with transaction.atomic():
        append(drafts, moment)
    connection.close()  # or those that are forked would share it
    forked = get_context("fork")
    ready, done = forked.Barrier(WRITERS), forked.Array("i", WRITERS * len(HOW))
    processes = [forked.Process(target=_writing, args=(number, ready, done)) for number in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    rates = [sum(done[place * WRITERS : (place + 1) * WRITERS]) / SECONDS / TURNS for place in range(len(HOW))]
    chained, numbered, unchained = rates
    print(
        f"  {WRITERS} writers on {STREAMS:,} streams: {chained:,.0f} events/s; numbered without a chain {numbered:,.0f}: "
        f"{chained / numbered:.0%} (goal 90%); with neither {unchained:,.0f}: {chained / unchained:.0%}",
        flush=True,
    )


def _measure(on: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(on, flush=True)
    intakes()
    if on == "postgresql":
        writers()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--on", choices=("sqlite", "postgresql"))
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in the process made for one database
    given = parser.parse_args()
    if given.here:
        return _measure(given.on)
    for on in [given.on] if given.on else ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "encore.config.settings", "ENCORE_HOME": home}
            environment["ENCORE_DATABASE"] = f"sqlite:///{Path(home) / 'ledger.sqlite3'}"
            command = [sys.executable, "-m", "bench.ledger", "--here", "--on", on]
            if on == "sqlite":
                subprocess.run(command, env=environment, check=True)
                continue
            from tests import postgres

            server = postgres.start(durable=True)
            try:
                subprocess.run(command, env={**environment, "ENCORE_DATABASE": server.url}, check=True)
            finally:
                postgres.stop(server)
    return None


if __name__ == "__main__":
    main()
