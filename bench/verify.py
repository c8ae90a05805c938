"""How fast the ledger is verified, against plain hashing of the same bytes, and how much memory that takes.

python -m bench.verify [sqlite] [postgresql] [--events N]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from tests import postgres

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NOW = SINCE + timedelta(days=90)
EDITION = b"""
[edition]
id = "bench"
title = { en = "A bench" }
version = "1"
[[clause]]
number = "1"
text = { en = "Complaints are looked after." }
[[duty]]
id = "verify"
clause = "1"
when = "complaint.received"
done = "complaint.verified"
within = "24h"
[[duty]]
id = "plan"
clause = "1"
when = "complaint.verified"
done = "complaint.planned"
within = "5wd"
[[duty]]
id = "care"
clause = "1"
done = "complaint.archived"
every = "1w"
"""
LIFE = ("received", "verified", "planned", "archived")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--do", choices=["fill", "measure"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.do:
        return fill(arguments.events) if arguments.do == "fill" else measure()
    for name in arguments.databases:
        with tempfile.TemporaryDirectory(prefix="encore-bench-") as home:
            environment = {**os.environ, "ENCORE_HOME": home, "DJANGO_SETTINGS_MODULE": "encore.config.settings"}
            environment.pop("ENCORE_DATABASE", None)
            print(f"{name}:", flush=True)
            server = None
            if name == "postgresql":
                server = postgres.start()
                environment["ENCORE_DATABASE"] = server.url
            try:
                for part in (arguments.events // 4, arguments.events - arguments.events // 4):
                    for step in (["fill", "--events", str(part)], ["measure"]):
                        subprocess.run(
                            [sys.executable, "-m", "bench.verify", "--do", *step], env=environment, check=True
                        )
            finally:
                if server is not None:
                    postgres.stop(server)
    return None


def fill(number: int) -> None:
    """That many more events of one contract: complaints in parts, each part a transaction, sealed as it would be."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from django.db.models import Max

    from encore.ledger.checkpoints import make_key, seal
    from encore.ledger.judging import hold, judge
    from encore.ledger.models import Event
    from encore.ledger.nouns import Key
    from encore.ledger.terms import keep_edition
    from encore.ledger.writing import Draft, append

    call_command("migrate", verbosity=0)
    make_key()

    def happen(drafts: list[Draft]) -> None:
        with transaction.atomic():
            held = hold(drafts)
            judge(append(drafts, NOW), held, NOW)

    contract = Key("contract", 1)
    if not Event.objects.exists():
        data = {"edition": keep_edition(EDITION, "bench.toml"), "parameters": {}}
        happen([Draft("contract.effective", 1, contract, set(), {1}, "user:1", SINCE, data)])
    first = (Event.objects.filter(noun="complaint").aggregate(last=Max("noun_id"))["last"] or 0) + 1
    complaints = range(first, first + number // len(LIFE))
    for start in complaints[::250]:
        drafts = [
            Draft(f"complaint.{type}", 1, Key("complaint", one), set(), {1}, "user:1", at, {"channel": "web"})
            for one in range(start, min(start + 250, complaints.stop))
            for step, type in enumerate(LIFE)
            for at in (SINCE + timedelta(minutes=one, hours=20 * step),)
        ]
        happen(sorted(drafts, key=lambda draft: draft.occurred_at))
    seal(NOW)


def measure() -> None:
    import django

    django.setup()
    from encore.ledger.checkpoints import verifiers
    from encore.ledger.models import Event
    from encore.ledger.verification import Tally, clocks, editions, entries, snapshot, streams, tree

    tally, took = Tally(), dict[str, float]()
    with snapshot():
        parts = {
            "streams and chains": streams(tally), "columns and concerns": entries(tally),
            "tree and signatures": tree(tally, verifiers()), "editions": editions(),
            "clocks": clocks(tally, NOW),
        }  # fmt: skip
        for name, found in parts.items():
            took[name] = _seconds(found)
            if name == "editions":
                took["all that was recorded"] = sum(took.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bodies = [bytes(body) for body in Event.objects.values_list("body", flat=True)]
    floor = min(_seconds(sha256(body).digest() for body in bodies) for _ in range(3))
    number, size = len(bodies), sum(map(len, bodies)) / 1e6
    print(
        f"  {number:,} events, {size:.0f} MB; hashing alone {number / floor:,.0f} events/s CPU; {memory:.0f} MiB at most"
    )
    for name, seconds in took.items():
        print(f"    {name:22} {number / max(seconds, 1e-6):11,.0f} events/s CPU {seconds / floor:7.1f} x hashing")
    sys.stdout.flush()


def _seconds(work: Iterable[object]) -> float:
    began = time.process_time()
    found = sum(1 for _one in work if not isinstance(_one, bytes))
    assert not found, "nobody has changed anything"
    return time.process_time() - began


if __name__ == "__main__":
    main()
