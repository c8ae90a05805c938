"""How long it takes to find two characters among 100,000 complaints, on both databases, beside a look through all of them.

    python -m bench.search [--on sqlite|postgresql]

Every row that has them is found, not only the newest; the texts are real ones, each many times over, where ../shared/data is
there, and made ones elsewhere.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final

ROWS: Final = 100_000
QUESTIONS: Final = 40
ROUNDS: Final = 5
GOAL: Final = 15.0  # ms
REAL: Final = Path(__file__).parents[2] / "shared" / "data" / "complaints_zh.csv"
SAID: Final = [
    "酒是温的",
    "叫了三次没人来",
    "服务员态度很差",
    "说好送果盘没有送",
    "账单多算了一打",
    "空调太冷",
    "话筒没声音",
    "等了四十分钟",
]
HOUSE, OTHER = 1, 2  # whose the rows are: half of them each


def texts() -> list[str]:
    chance = Random(20_260)
    if REAL.exists():
        with REAL.open(encoding="utf-8") as file:
            real = [row["text"] for row in csv.DictReader(file)]
        return [f"{chance.choice(real)} {chance.choice(real)[:20]}" for _row in range(ROWS)]
    letters = [chr(code) for code in range(0x4E00, 0x5200)]
    return ["，".join([*chance.sample(SAID, 2), "".join(chance.choices(letters, k=12))]) for _row in range(ROWS)]


def asked_for(found: list[str]) -> list[str]:
    """Pairs of characters as they stand there: from common ones to such as occur once."""
    chance = Random(7)
    pairs: dict[str, None] = {}
    while len(pairs) < QUESTIONS:
        text = chance.choice(found)
        place = chance.randrange(len(text))
        if len(pair := text[place : place + 2]) == 2 and all("\u4e00" <= letter <= "\u9fff" for letter in pair):
            pairs[pair] = None
    return list(pairs)


def milliseconds(act: Callable[[], Any]) -> float:
    taken = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)


def measure(on: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from encore.search import register
    from encore.search.index import write
    from encore.search.queries import find
    from encore.search.register import Kind, Searched

    call_command("migrate", verbosity=0)
    all_texts = texts()
    kind = Kind("row", lambda row: Searched([row.text], [HOUSE if row.pk % 2 else OTHER]), lambda: None)  # type: ignore[arg-type, return-value]
    register.KINDS.clear()
    register.KINDS["row"] = kind
    rows: list[Any] = [SimpleNamespace(pk=pk, text=text) for pk, text in enumerate(all_texts, start=1)]
    began = time.perf_counter()
    with transaction.atomic():
        write(kind, rows)
    built = time.perf_counter() - began
    began = time.perf_counter()
    for row in rows[:200]:
        write(kind, [row])
    again = (time.perf_counter() - began) * 1000 / 200
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (id bigint PRIMARY KEY, owner int, said text)")
        cursor.executemany(
            "INSERT INTO plain VALUES (%s, %s, %s)", [[row.pk, 1 + (row.pk + 1) % 2, row.text] for row in rows]
        )
    if on == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    reader: Any = SimpleNamespace(organisation_id=HOUSE)

    def looked_through(pair: str) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM plain WHERE owner = %s AND said LIKE %s", [HOUSE, f"%{pair}%"])
            return [number for (number,) in cursor.fetchall()]

    all_of_them, newest, scans, ratios, hits = [], [], [], [], []
    for pair in asked_for(all_texts):
        there = find(pair, reader, limit=ROWS).get("row", [])
        assert set(there) >= set(looked_through(pair)), pair  # and such as are written in traditional characters
        hits.append(len(there))
        all_of_them.append(milliseconds(lambda pair=pair: find(pair, reader, limit=ROWS)))  # type: ignore[misc]
        newest.append(milliseconds(lambda pair=pair: find(pair, reader, limit=50)))  # type: ignore[misc]
        scans.append(milliseconds(lambda pair=pair: looked_through(pair)))  # type: ignore[misc]
        ratios.append(scans[-1] / all_of_them[-1])
    print(
        f"{on}: {ROWS:,} texts written in {built:.1f} s, one alone in {again:.2f} ms; {QUESTIONS} pairs with {min(hits):,} to"
        f" {max(hits):,} hits: all of them in {statistics.median(all_of_them):.1f} ms, at most {max(all_of_them):.1f}"
        f" (goal {GOAL:.0f}); the newest fifty in {statistics.median(newest):.1f}, at most {max(newest):.1f}; a look through all"
        f" rows {statistics.median(scans):.0f} ms, {statistics.median(ratios):.0f} × as long",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--on", choices=("sqlite", "postgresql"))
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in the process made for one database
    given = parser.parse_args()
    if given.here:
        return measure(given.on)
    for on in [given.on] if given.on else ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "encore.config.settings", "ENCORE_HOME": home}
            environment["ENCORE_DATABASE"] = f"sqlite:///{Path(home) / 'search.sqlite3'}"
            command = [sys.executable, "-m", "bench.search", "--here", "--on", on]
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
