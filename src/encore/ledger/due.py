"""What time alone does to a clock, to many at once: warnings as the time allowed is used up, breaches when it is over.

It is what the judge would do, who need not be asked for it: a clock whose time passes moves no other.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection

from encore.engine import Judge, Rule
from encore.engine.moments import from_datetime, to_datetime
from encore.ledger import warning
from encore.ledger.findings import breached, tell, warned
from encore.ledger.nouns import Key
from encore.ledger.stored import aware, of_keys, parts
from encore.ledger.writing import Draft


class Pending(NamedTuple):
    """An open clock with something to be told of. Moments are microseconds, as the engine has them."""

    id: int
    key: Key
    duty: str
    number: int
    opened: int
    due: int
    warned: int
    memo: dict[str, Any]

    def rule(self, made: Judge) -> Rule:
        rules: Mapping[str, Rule] = made.versions[self.memo["version"]][1].rules
        return rules[self.duty]

    def passed(self, rule: Rule, before: int) -> list[tuple[str, int]]:
        return warning.passed(rule, self.opened, self.due, self.memo["shift"], self.warned, before)

    def next_warning(self, rule: Rule, warned: int) -> int | None:
        return warning.next_moment(rule, self.opened, self.due, self.memo["shift"], warned)


_COLUMNS: Final = 'id, noun, noun_id, duty, "index", opened_at, due_at, warned, memo'


def pending(contract: int, keys: Iterable[Key], now: datetime) -> list[Pending]:
    """The clocks on these subjects that are past their due, or of which it is time to warn."""
    moment = connection.ops.adapt_datetimefield_value(now)
    tail = " AND state = 'open' AND (due_at < %s OR warns_at < %s)"
    return [_pending(row) for row in of_keys(_COLUMNS, "ledger_clock", contract, keys, tail, (moment, moment))]


def warned_before(contract: int, at: datetime) -> list[Pending]:
    """All clocks of the contract of which it was time to warn before that moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM ledger_clock WHERE state = 'open' AND warns_at < %s AND contract = %s",  # noqa: S608
            [connection.ops.adapt_datetimefield_value(at), contract],
        )
        return [_pending(row) for row in cursor.fetchall()]


def _pending(row: Sequence[Any]) -> Pending:
    id, noun, noun_id, duty, number, opened, until, told, memo = row
    opened, until = from_datetime(aware(opened)), from_datetime(aware(until))
    return Pending(id, Key(noun, noun_id), duty, number, opened, until, told, orjson.loads(memo))


def settle(contract: int, made: Judge, rows: Iterable[Pending], before: datetime, now: datetime) -> int:
    """Warns of and breaches what was due before that moment. How many clocks changed."""
    moment = from_datetime(before)
    findings: list[Draft] = []
    over: dict[tuple[int, bool], list[int]] = {}
    nearer: list[tuple[int, int, datetime | None]] = []
    for row in rows:
        rule, place = row.rule(made), (row.key, row.duty, row.number)
        told = row.passed(rule, moment)
        findings.extend(warned(contract, place, *one) for one in told)
        number = row.warned + len(told)
        if row.due < moment:
            findings.append(breached(contract, place, to_datetime(row.due)))
            over.setdefault((number, row.memo["end"] is not None), []).append(row.id)
        elif told:
            next_one = row.next_warning(rule, number)
            nearer.append((row.id, number, None if next_one is None else to_datetime(next_one)))
    _breach(over)
    _warn(nearer)
    tell(findings, now)
    return len(nearer) + sum(map(len, over.values()))


def _breach(over: dict[tuple[int, bool], list[int]]) -> None:
    sql = (
        "UPDATE ledger_clock SET state = 'breached', breached_at = due_at, is_ended = %s, warned = %s, warns_at = NULL"
        " WHERE id IN ({})"
    )
    with connection.cursor() as cursor:
        for (number, is_ended), ids in sorted(over.items()):
            for some in parts(sorted(ids)):
                cursor.execute(sql.format(", ".join(["%s"] * len(some))), [is_ended, number, *some])


def _warn(nearer: list[tuple[int, int, datetime | None]]) -> None:
    row = "(%s, %s, %s)" if connection.vendor == "sqlite" else "(%s::bigint, %s::smallint, %s::timestamptz)"
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        for some in parts(sorted(nearer)):
            cursor.execute(
                "UPDATE ledger_clock SET warned = told.column2, warns_at = told.column3"  # noqa: S608
                f" FROM (VALUES {', '.join([row] * len(some))}) AS told WHERE ledger_clock.id = told.column1",
                [value for id, number, at in some for value in (id, number, adapt(at))],
            )
