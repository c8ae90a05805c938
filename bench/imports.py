"""What a sheet costs on its way in, beside a bare bulk insert of the same rows.

    python -m bench.imports [--lines 100000]

On SQLite: sale lines as CSV and as XLSX, looked through and taken in by jobs, brought in once more, and taken back.
"""

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

PRODUCTS: Final = 12
T = TypeVar("T")


def _timed(name: str, work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = work()
    taken = time.perf_counter() - began
    print(f"{name:<58}{taken:8.2f} s")
    return taken, found


def _rows(lines: int) -> list[list[str]]:
    chance = Random(20_264)
    head = ["营业日期", "商品", "数量", "金额", "账单号", "行号"]
    return [
        head,
        *(
            [f"2026-{1 + n % 9}-{1 + n % 28} {chance.randrange(18, 24)}:{chance.randrange(60):02}", f"酒{n % PRODUCTS}",
             str(chance.randint(1, 12)), f"{chance.randint(10, 900)}.{chance.randrange(100):02}", f"B{n // 4:07}", str(n % 4)]
            for n in range(lines)
        ),
    ]  # fmt: skip


def _csv(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode("utf-8-sig")


def _xlsx(rows: list[list[str]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet()
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _measure(lines: int) -> None:
    from django.db import connection, transaction
    from django.utils.timezone import now

    from encore.accounts.models import Organisation, Post, Role, User
    from encore.imports import drafts
    from encore.imports.models import Batch
    from encore.imports.register import Importer
    from encore.jobs.worker import run_due
    from encore.venues.models import Brand, Product, SaleLine, Venue

    owner = Organisation.objects.create(name="星河里", role=Role.VENUE)
    manager = User.objects.create(username="zhou", name="周敏", organisation=owner, post=Post.MANAGER)
    Venue.objects.create(owner=owner, name="星河里", opened_at=now())
    brand = Brand.objects.create(owner=owner, name="酒")
    for number in range(PRODUCTS):
        Product.objects.create(owner=owner, brand=brand, name=f"酒{number}", unit="bottle", added_at=now())

    def looked_through(content: bytes, name: str) -> Batch:
        batch = drafts.upload(content, name, Importer.kinds["sale-lines"], by=manager, at=now())
        drafts.set_columns(batch, batch.mapping, None)
        run_due()
        batch.refresh_from_db()
        assert batch.refused == 0, batch.refused
        return batch

    def taken(batch: Batch) -> None:
        drafts.begin(batch, manager)
        run_due()
        batch.refresh_from_db()
        assert (batch.state, batch.new) == ("taken", lines), (batch.state, batch.new)

    rows = _rows(lines)
    look, batch = _timed(f"{lines:,} lines of a CSV are looked through", lambda: looked_through(_csv(rows), "a.csv"))
    take, _none = _timed("they are taken in", lambda: taken(batch))
    print(f"{'both':<58}{look + take:8.2f} s")
    copies = list(SaleLine.objects.order_by("pk"))
    for line in copies:
        line.pk, line.line_key, line.batch = None, f"x{line.line_key}"[:80], None

    def inserted() -> None:
        with transaction.atomic():
            SaleLine.objects.bulk_create(copies)

    bare, _nothing = _timed("a bare bulk insert of the same rows", inserted)
    print(f"{'taken in, against that':<58}{take / bare:8.2f} ×")
    print(f"{'looked through and taken in, against that':<58}{(look + take) / bare:8.2f} ×")
    SaleLine.objects.filter(batch=None).delete()

    _again, again = _timed("the same sheet once more, as XLSX", lambda: looked_through(_xlsx(rows), "a.xlsx"))
    assert (again.new, again.same) == (0, lines), (again.new, again.same)
    print("nothing is doubled")

    def taken_back() -> None:
        drafts.begin_back(batch, manager, now() + timedelta(seconds=1))
        run_due()

    _timed("the sheet is taken back", taken_back)
    assert not SaleLine.objects.exists()
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory(prefix="encore-bench-") as home:
        os.environ.update(ENCORE_HOME=home, ENCORE_LOG="error", DJANGO_SETTINGS_MODULE="encore.config.settings")
        os.environ.pop("ENCORE_DATABASE", None)
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable")
        _measure(lines)


if __name__ == "__main__":
    main()
