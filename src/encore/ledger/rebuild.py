"""Stored clocks against those that the judge finds in the events alone, and putting them right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from encore.engine import Clock, Judge, State
from encore.engine.clocks import BREACHED, SUSPENDED
from encore.engine.events import ANNULLED, EFFECTIVE, Judged, Reader
from encore.engine.moments import from_datetime, to_datetime
from encore.ledger import models, warning
from encore.ledger.judged_by import judged_by
from encore.ledger.judging import (
    Standing,
    _judge_anew,
    _place,
    _put,
    _selected,
    _taken,
    hold_contract,
    rejudge,
    standing_of,
)
from encore.ledger.models import Memory
from encore.ledger.nouns import Key
from encore.ledger.stored import Place, Row, among, aware, clocks_of, memos_of, values_of
from encore.ledger.terms import versions_of, versions_told

_BATCH: Final = 500  # subjects judged at a time
_MOST_AHEAD: Final = timedelta(days=1)
_VALUES: Final = (
    "clause", "opened_at", "due_at", "first_due_at", "state", "is_ended", "breached_at", "closed_at", "provisional",
    "started_by", "closed_by", "memo",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    contract: int
    place: Place
    is_stale: bool  # another judge found what is stored
    said: str | Promise

    @property
    def row(self) -> str:
        return _row(self.contract, self.place)


def _row(contract: int, place: Place) -> str:
    key, duty, index = place
    return f"clock {key} {duty} #{index} (contract:{contract})"


def rows(sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """Comes in parts, however many there are."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while part := cursor.fetchmany(2_000):
            yield from part


def contracts() -> list[int]:
    """Those that anything was judged under, or should have been."""
    tables = ("ledger_concern", "ledger_clock", "ledger_memo", "ledger_memory", "ledger_termsinforce")
    found = rows(" UNION ".join(f"SELECT contract FROM {table} WHERE contract IS NOT NULL" for table in tables))  # noqa: S608
    return sorted(contract for (contract,) in found)


def subjects(contract: int) -> Iterator[list[Key]]:
    """What events are about or refer to, and what clocks run on, some hundred at a time."""
    found = rows(
        "SELECT noun, noun_id FROM ledger_concern WHERE contract = %s UNION"
        " SELECT noun, noun_id FROM ledger_clock WHERE contract = %s UNION"
        " SELECT noun, noun_id FROM ledger_memo WHERE contract = %s",
        [contract] * 3,
    )
    some: list[Key] = []
    for noun, noun_id in found:
        some.append(Key(noun, noun_id))
        if len(some) == _BATCH:
            yield some
            some = []
    if some:
        yield some


def has_terms_as_told(contract: int) -> bool:
    def plain(rows: Iterable[Any]) -> list[tuple[Any, ...]]:
        return [(row.edition_id, row.parameters, row.since, row.until) for row in rows]

    return plain(versions_of(contract)) == plain(versions_told(contract))


@dataclass(frozen=True)
class Unreadable:
    """A row with something else where a time or a state belongs. No `key`: all under the contract hangs on it."""

    row: str
    contract: int
    key: Key | None


_TIMES: Final = {
    "ledger_termsinforce": ("since", "until"),
    "ledger_memory": ("judged_to",),
    "ledger_memo": ("judged_to", "wakes_at"),
    "ledger_clock": ("opened_at", "due_at", "first_due_at", "breached_at", "closed_at", "warns_at"),
}
_SECOND: Final = "{0} GLOB '????-??-?? ??:??:??'"
_FRACTION: Final = "{0} GLOB '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]'"
_IS_TIME: Final = {
    "sqlite": f"typeof({{0}}) = 'text' AND ({_SECOND} OR {_FRACTION})"  # any text goes into a column there
    " AND datetime({0}, '+0 days') IS substr({0}, 1, 19) AND substr({0}, 1, 4) > '0000'",
    "postgresql": "{0} BETWEEN '0001-01-01+00' AND '9999-12-31 00:00+00'",  # it knows times that Python does not
}


_STATES: Final = ", ".join(f"'{state.name.lower()}'" for state in State)


def unreadable() -> Iterator[Unreadable]:
    is_time = _IS_TIME[connection.vendor]
    for table, columns in _TIMES.items():
        found = " OR ".join(f"({column} IS NOT NULL AND NOT ({is_time.format(column)}))" for column in columns)
        match table:
            case "ledger_clock":
                found += f" OR state NOT IN ({_STATES})"
                for contract, noun, id, duty, index in rows(
                    f'SELECT contract, noun, noun_id, duty, "index" FROM {table} WHERE {found} ORDER BY id'  # noqa: S608
                ):
                    key = Key(noun, id)
                    yield Unreadable(_row(contract, (key, duty, index)), contract, key)
            case "ledger_memo":
                for contract, noun, id in rows(
                    f"SELECT contract, noun, noun_id FROM {table} WHERE {found} ORDER BY id"  # noqa: S608
                ):
                    yield Unreadable(f"memo {noun}:{id} (contract:{contract})", contract, Key(noun, id))
            case _:
                for (contract,) in rows(f"SELECT DISTINCT contract FROM {table} WHERE {found}"):  # noqa: S608
                    name = "terms" if table == "ledger_termsinforce" else "memory"
                    yield Unreadable(f"{name} contract:{contract}", contract, None)


def judged_up_to(contract: int, recorded_to: datetime) -> datetime:
    """The moment up to which a contract was judged. `recorded_to`: what is known of it without looking at clocks.

    Periods that began, and prohibitions that were kept, are found by time alone: no event tells of them, but what is
    remembered of their subjects does. No further than a day is gone along with that, for no machine's clock is so wrong.
    """
    adapt = connection.ops.adapt_datetimefield_value
    between = [contract, adapt(recorded_to), adapt(recorded_to + _MOST_AHEAD)]
    found = rows("SELECT judged_to FROM ledger_memo WHERE contract = %s AND judged_to BETWEEN %s AND %s", between)
    return max((aware(at) for (at,) in found), default=recorded_to)


def differences(contract: int, keys: Sequence[Key], now: datetime) -> Iterator[Difference]:
    """The clocks on these subjects that are not as the events give them, at a moment up to which all are judged."""
    try:
        stored = clocks_of(contract, keys, also_ended=True)
    except (ValueError, TypeError, KeyError):
        yield from _without_unreadable(contract, keys, now)
        return
    found = {place: row.values for place, row in stored.items()}
    standing = standing_of(contract, None, anew=True)
    given: dict[Place, tuple[Any, ...]] = {}
    said: dict[Place, str | Promise] = {}
    if standing is not None:
        made = _judge_anew(standing, _Told(standing, keys), keys, now)
        given = {_place(clock): values_of(made, clock) for clock in made.clocks()}
        said = dict.fromkeys(_misleading(made, stored, given), _("it is not warned of when its edition says"))
    if differing := {key for key, _duty, _index in _differing(found, given)}:
        found |= _brought_up(contract, differing, stored, now)
        said |= {place: _said(found.get(place), given.get(place)) for place in _differing(found, given)}
    known = _judges(contract, {key for key, _duty, _index in said})
    for place in sorted(said):
        yield Difference(contract, place, known.get(place[0], judged_by()) != judged_by(), said[place])


class _Told:
    """What the judge must see to judge these subjects, in the order of its time.

    Read anew each time it is gone through, and never held: what concerns a contract is all that happens under it.
    """

    def __init__(self, standing: Standing, keys: Sequence[Key]) -> None:
        self._standing = standing
        self._selected, self._values = _selected(standing.contract, keys)

    def __iter__(self) -> Iterator[Judged]:
        standing, reader = self._standing, Reader()
        named, is_opening = set[str | None](), False
        for id, body in rows(f"SELECT id, body {self._selected} AND type IN ({_READ_FIRST})", self._values):
            event, opens = _taken(standing, reader, id, body)
            is_opening |= opens
            if event[2] == ANNULLED:
                named |= {event[6], str(event[5].get("id"))}
        since = from_datetime(standing.since) if is_opening else None
        for id, body in rows(f"SELECT id, body {self._selected} ORDER BY occurred_at, id", self._values):
            event, _opens = _taken(standing, reader, id, body)
            if since is None or event[0] >= since:
                # Ids are there to be annulled by, and would have to be remembered.
                yield event if event[6] in named else (*event[:6], None)


_READ_FIRST: Final = f"'{EFFECTIVE}', '{ANNULLED}'"


def _differing(found: Mapping[Place, object], given: Mapping[Place, object]) -> list[Place]:
    return sorted(place for place in found.keys() | given.keys() if found.get(place) != given.get(place))


def _said(found: Sequence[Any] | None, given: Sequence[Any] | None) -> str | Promise:
    if found is None:
        return _("it is missing; the events give one")
    if given is None:
        return _("the events give no such clock")
    names = [name for name, is_, was in zip(_VALUES, found, given, strict=True) if is_ != was]
    return format_lazy(_("not what the events give: {names}"), names=", ".join(names))


def _misleading(made: Judge, stored: Mapping[Place, Row], given: Mapping[Place, Sequence[Any]]) -> Iterator[Place]:
    """The clocks whose next warning is not at the moment that follows from how many there have been."""
    for place, row in stored.items():
        if place in given:
            dump, rule = row.dump, made.versions[given[place][-1]["version"]][1].rules[place[1]]
            next_one = None
            if dump["state"] <= SUSPENDED:
                next_one = warning.next_moment(rule, dump["opened"], dump["due"], dump["shift"], row.warned)
            is_possible = 0 <= row.warned <= len(warning.shares(rule))
            if not is_possible or row.warns_at != (None if next_one is None else to_datetime(next_one)):
                yield place


def _brought_up(
    contract: int, keys: set[Key], stored: Mapping[Place, Row], now: datetime
) -> dict[Place, tuple[Any, ...]]:
    """What the next tick would make of what is stored of these subjects, where it can go on from that."""
    try:
        return _advanced(contract, keys, stored, now)
    except (LookupError, ValueError, TypeError):
        if len(keys) == 1:
            return {}
        found: dict[Place, tuple[Any, ...]] = {}
        for key in keys:
            found |= _brought_up(contract, {key}, stored, now)
        return found


def _advanced(
    contract: int, keys: set[Key], stored: Mapping[Place, Row], now: datetime
) -> dict[Place, tuple[Any, ...]]:
    memory = Memory.objects.filter(contract=contract).first()
    standing = standing_of(contract, None if memory is None else (memory.judged_to, memory.body))
    if standing is None:
        return {}
    made = standing.judge({str(key) for key in keys})
    running = {place: row for place, row in stored.items() if place[0] in keys and row.dump["state"] <= BREACHED}
    _put(made, keys, memos_of(contract, keys), running)
    loaded = _by_place(made.clocks())
    # What does not come back as it was put in, or is closed though it runs, was not written by the judge: it stays as it is.
    touchable = {
        place
        for place, row in running.items()
        if values_of(made, loaded[place]) == row.values and row.dump["closed"] is row.dump["closed_by"] is None
    }
    made.touched = []
    made.advance(from_datetime(now))
    changed = _by_place(made.touched)
    return {place: values_of(made, one) for place, one in changed.items() if place in touchable or place not in stored}


def _by_place(clocks: Iterable[Clock]) -> dict[Place, Clock]:
    return {_place(clock): clock for clock in clocks}


def rejudge_stale(contract: int, now: datetime) -> None:
    """Judges again whatever another judge had a part in, so that from then on every difference is a defect."""
    after = Key("", 0)
    while keys := _stale(contract, after):
        rejudge_subjects(contract, keys, now)
        after = keys[-1]


def _stale(contract: int, after: Key) -> list[Key]:
    sql = (
        "SELECT noun, noun_id FROM ledger_memo WHERE contract = %s AND judged_by <> %s AND (noun, noun_id) > (%s, %s)"
        " ORDER BY noun, noun_id LIMIT %s"
    )
    return [Key(*found) for found in rows(sql, [contract, judged_by(), *after, _BATCH])]


def rejudge_subjects(contract: int, keys: Sequence[Key], now: datetime) -> None:
    """Announced breaches that turn out otherwise are recorded as `duty.corrected`; others may be found."""
    with transaction.atomic(durable=True):
        standing = standing_of(contract, hold_contract(contract, alone=True), anew=True)
        if standing is None:
            return
        rejudge(standing, keys, now, now)
        condition, values = among(keys)
        with connection.cursor() as cursor:
            sql = f"UPDATE ledger_memo SET judged_by = %s WHERE contract = %s AND {condition}"  # noqa: S608
            cursor.execute(sql, [judged_by(), contract, *values])


def _judges(contract: int, keys: set[Key]) -> dict[Key, str]:
    if not keys:
        return {}
    condition, values = among(keys)
    sql = f"SELECT noun, noun_id, judged_by FROM ledger_memo WHERE contract = %s AND {condition}"  # noqa: S608
    return {Key(noun, noun_id): judge for noun, noun_id, judge in rows(sql, [contract, *values])}


def _without_unreadable(contract: int, keys: Sequence[Key], now: datetime) -> Iterator[Difference]:
    """What is no state any more, say, cannot even be compared."""
    condition, values = among(keys)
    sql = f'SELECT id, noun, noun_id, duty, "index" FROM ledger_clock WHERE contract = %s AND {condition}'  # noqa: S608
    unreadable: set[Key] = set()
    for id, noun, noun_id, duty, index in list(rows(sql, [contract, *values])):
        if not _is_readable(id):
            unreadable.add(Key(noun, noun_id))
            yield Difference(contract, (Key(noun, noun_id), duty, index), False, _("it cannot be read"))
    if rest := [key for key in keys if key not in unreadable]:
        yield from differences(contract, rest, now)


def _is_readable(id: int) -> bool:
    try:
        clock = models.Clock.objects.get(pk=id)
    except (ValueError, TypeError):
        return False
    return None not in (clock.opened_at, clock.due_at) and clock.state.upper() in State.__members__
