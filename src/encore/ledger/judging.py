"""Moves the clocks that events concern, in the transaction that records them.

Most events are judged on top of what is stored of their subjects. Where that is not enough, because one comes late, takes
another back, or concerns the whole contract, the subjects are judged again from all their events.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from django.db import connection

from encore.engine import Clock, Event, Judge, Terms, judge_all
from encore.engine.clocks import EXCUSED
from encore.engine.events import CONTRACT_WIDE, Judged, Reader
from encore.engine.moments import from_datetime, to_datetime
from encore.engine.patterns import ANNOUNCEMENTS
from encore.ledger.kinds import KINDS
from encore.ledger.models import Memo, Memory
from encore.ledger.nouns import Key
from encore.ledger.stored import (
    Place,
    Remembered,
    Row,
    among,
    aware,
    clocks_of,
    delete_clocks,
    memos_of,
    save_clocks,
    save_memos,
    values_of,
)
from encore.ledger.terms import KeptEditions, learn, terms, versions_of
from encore.ledger.writing import Draft, Recorded, append, insert

_EFFECTIVE: Final = "contract.effective"


@dataclass(frozen=True)
class Standing:
    """What a contract is judged by: its first terms, since when it has them, and what the judge remembers of it."""

    contract: int
    terms: Terms
    since: datetime
    judged_to: datetime
    memory: Mapping[str, Any]

    def judge(self, only: set[str]) -> Judge:
        """A judge that goes on from what is remembered. `only` may be filled until the first event is judged."""
        made = Judge(self.terms, editions=KeptEditions(), only=only)
        made.restore(self.memory)
        return made

    def began(self, type: str, at: datetime) -> bool:
        """Whether this event brought the first terms; the judge has them already, and would take them for an amendment."""
        return type == _EFFECTIVE and at == self.since


Held = tuple[datetime, Mapping[str, Any]] | None
"""What is remembered of a contract, read under its lock; None before there is anything."""


def hold(drafts: Iterable[Draft]) -> dict[int, Held]:
    """Locks the contracts that these events are done for, before any stream: whoever judges holds them in this order.

    Events on subjects go on side by side; one that concerns the whole contract, or the contract itself, goes alone.
    """
    alone: dict[int, bool] = {}
    for draft in drafts:
        for contract in draft.contracts:
            wide = draft.type in CONTRACT_WIDE or draft.subject == Key("contract", contract)
            alone[contract] = alone.get(contract, False) or wide
    return {contract: hold_contract(contract, alone=alone[contract]) for contract in sorted(alone)}


def hold_contract(contract: int, *, alone: bool = False) -> Held:
    lock = ""
    if connection.features.has_select_for_update:
        lock = " FOR UPDATE" if alone else " FOR SHARE"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT judged_to, body FROM ledger_memory WHERE contract = %s{lock}", [contract])  # noqa: S608
        row = cursor.fetchone()
    return None if row is None else (aware(row[0]), orjson.loads(row[1]))


def standing_of(contract: int, held: Held) -> Standing | None:
    """None before the contract has terms."""
    versions = versions_of(contract)
    if not versions:
        return None
    first = versions[0]
    judged_to, memory = held or (first.since, {})
    return Standing(contract, terms(first.edition_id, first.parameters), first.since, judged_to, memory)


def judge(events: Sequence[Recorded], held: Mapping[int, Held], now: datetime) -> None:
    """Judges events just recorded, for each contract that they are done for and that is held."""
    for contract in sorted(held):
        own = [event for event in events if contract in event.draft.contracts]
        wide = any(event.draft.type in CONTRACT_WIDE for event in own)
        if wide:
            learn(contract)
        standing = standing_of(contract, held[contract])
        if standing is None:
            if wide:
                _clear(contract, now)
        elif wide:
            rejudge(standing, None, now)
        else:
            _judge_on_top(standing, sorted(own, key=lambda event: (event.draft.occurred_at, event.id)), now)


def _judge_on_top(standing: Standing, events: Sequence[Recorded], now: datetime) -> None:
    contract, only = standing.contract, set[str]()
    made = standing.judge(only)
    memos = memos_of(contract, {key for event in events for key in event.draft.keys})
    concerned = {event.id: _judged_keys(made, event, memos) for event in events}
    keys = {key for found in concerned.values() for key in found}
    if connection.features.has_select_for_update and keys & memos.keys():
        memos = memos_of(contract, keys, lock=True)
    late = _late(standing, made, events, concerned, memos) | _looking_back(contract, made, events)
    keys -= late
    stored = clocks_of(contract, keys & memos.keys(), also_ended=False)
    only.update(str(key) for key in keys)
    _put(made, keys, memos, stored)
    changed: dict[Place, Clock] = {}
    for event in events:
        for clock in made.apply(_event(standing, event)):
            changed[_place(clock)] = clock
    _save_clocks(contract, made, changed, stored, now)
    save_memos(contract, _memos(made, events, concerned, keys, memos, changed))
    if late:
        rejudge(standing, late, now)


def _judged_keys(made: Judge, event: Recorded, memos: Mapping[Key, Remembered]) -> list[Key]:
    """The event's subject, and of its references those on which a clock runs or ran that listens to such an event.

    To all others it can do nothing; to judge them would make every event of a contract wait for every other.
    """
    listening: set[str] = set()
    if program := made.programs.get(event.draft.type):
        listening.update(id for id, *_ in program.acts)
        listening.update(id for id, _ in program.counts)
        listening.update(rule.id for rule, _ in program.stops)
    subject, *refs = event.draft.keys
    return [subject, *(key for key in refs if key in memos and memos[key].duties & listening)]


def _late(
    standing: Standing,
    made: Judge,
    events: Iterable[Recorded],
    concerned: Mapping[int, Iterable[Key]],
    memos: Mapping[Key, Remembered],
) -> set[Key]:
    """Subjects on which something later has been judged already, or time itself was looked at after the event."""
    late: set[Key] = set()
    for event in events:
        # A clock that has started may have to run from this event instead, though the event only refers to its subject.
        marked = _marked(made, event.draft.type)
        looked_back = [key for key in event.draft.keys if key in memos and memos[key].duties & marked]
        for key in (*concerned[event.id], *looked_back):
            judged_to = max(memos[key].judged_to, standing.judged_to) if key in memos else standing.judged_to
            if event.draft.occurred_at < judged_to:
                late.add(key)
    return late


def _looking_back(contract: int, made: Judge, events: Iterable[Recorded]) -> set[Key]:
    """Subjects on which a duty with `from` starts that may look back at an event which only referred to them.

    Of such an event no memo tells, or every event of a contract would have to be remembered on the contract.
    """
    starting = {event.draft.subject for event in events if _starts_from(made, event.draft.type)}
    if not starting:
        return set()
    condition, values = among(starting)
    sql = f"SELECT DISTINCT noun, noun_id FROM ledger_concern WHERE {condition} AND contract = %s AND NOT is_subject"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, contract])
        return {Key(noun, noun_id) for noun, noun_id in cursor.fetchall()}


def _marked(made: Judge, type: str) -> set[str]:
    """The duties with `from` that remember such an event."""
    program = made.programs.get(type)
    return {rule.id for rule, _ in (*program.from_marks, *program.done_marks)} if program else set()


def _starts_from(made: Judge, type: str) -> bool:
    program = made.programs.get(type)
    return program is not None and any(rule.start for rule, _ in program.starts)


def _put(made: Judge, keys: Collection[Key], memos: Mapping[Key, Remembered], stored: Mapping[Place, Row]) -> None:
    clocks: dict[Key, list[dict[str, Any]]] = {key: [] for key in keys}
    for (key, _, _), row in stored.items():
        clocks[key].append(row.dump)
    for key in keys:
        if key in memos:
            made.put(str(key), clocks[key], memos[key].body)


def _event(standing: Standing, event: Recorded) -> Event:
    body, at = event.body, event.draft.occurred_at
    data = {} if standing.began(event.draft.type, at) else body["data"]
    return Event(event.draft.type, body["subject"], at, tuple(body["refs"]), data, str(event.id), event.id)


def _place(clock: Clock) -> Place:
    return Key.parse(clock.subject), clock.duty, clock.index


def _memos(
    made: Judge,
    events: Iterable[Recorded],
    concerned: Mapping[int, Sequence[Key]],
    keys: Collection[Key],
    memos: Mapping[Key, Remembered],
    changed: Iterable[Place],
) -> Iterable[Remembered]:
    duties = _duties(changed)
    # Events come in the order of their time: the last one of a key stays.
    judged_to = {key: event.draft.occurred_at for event in events for key in concerned[event.id] if key in keys}
    for key, at in judged_to.items():
        known = memos[key].duties if key in memos else frozenset()
        yield _remembered(made, key, at, known | duties.get(key, set()))


def _duties(places: Iterable[Place]) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for key, duty, _ in places:
        found.setdefault(key, set()).add(duty)
    return found


def rejudge(standing: Standing, keys: Collection[Key] | None, now: datetime) -> None:
    """Judges these subjects from all their events, None: the whole contract, and puts the rows right."""
    contract = standing.contract
    events = _events(standing, keys)
    made = _judge_anew(standing, events, keys, now)
    clocks = {_place(clock): clock for clock in made.clocks()}
    concerned = {event[3] for event in events} | {name for event in events for name in event[4] if name in made.matters}
    subjects = {Key.parse(name) for name in concerned}
    if keys is not None:
        subjects &= set(keys)
    stored = clocks_of(contract, subjects, also_ended=True)
    _save_clocks(contract, made, clocks, stored, now)
    _remove(contract, [row for place, row in stored.items() if place not in clocks], now)
    duties = _duties(clocks)
    save_memos(contract, (_remembered(made, key, now, duties.get(key, set())) for key in subjects))
    if keys is None:
        _remember_contract(contract, made, max(at for at, _, kind, *_ in events if kind in CONTRACT_WIDE))


def _remembered(made: Judge, key: Key, judged_to: datetime, duties: Iterable[str]) -> Remembered:
    matter = made.matters.get(str(key))
    series = [one.series for one in matter.recurrences.values() if one.series] if matter else []
    wakes_at = to_datetime(min(one.begin for one in series)) if series else None
    return Remembered(key, judged_to, frozenset(duties), made.memo(str(key)), wakes_at)


def _remove(contract: int, rows: Sequence[Row], now: datetime) -> None:
    delete_clocks(rows)
    append([_corrected(contract, row.place, "void", now) for row in rows if row.breached_at is not None], now)


def _clear(contract: int, now: datetime) -> None:
    """Nothing is owed under a contract whose beginning was annulled."""
    keys = {Key(noun, id) for noun, id in Memo.objects.filter(contract=contract).values_list("noun", "noun_id")}
    _remove(contract, list(clocks_of(contract, keys, also_ended=True).values()), now)
    Memo.objects.filter(contract=contract).delete()
    Memory.objects.filter(contract=contract).delete()


def _judge_anew(standing: Standing, events: Sequence[Judged], keys: Collection[Key] | None, now: datetime) -> Judge:
    make = partial(Judge, only=None if keys is None else {str(key) for key in keys})
    return judge_all(standing.terms, lambda: events, from_datetime(now), editions=KeptEditions(), make=make)


_OF_CONTRACT: Final = "SELECT event_id FROM ledger_concern WHERE noun = 'contract' AND noun_id = %s AND contract = %s"
_OF_KEYS: Final = "SELECT event_id FROM ledger_concern WHERE contract = %s"
_WIDE: Final = ", ".join(f"'{name}'" for name in sorted(CONTRACT_WIDE))
_ANNOUNCED: Final = ", ".join(f"'{name}'" for name in sorted(ANNOUNCEMENTS))


def _events(standing: Standing, keys: Collection[Key] | None) -> list[Judged]:
    """What the judge must see, in the order in which it was recorded: all, or what concerns these subjects."""
    contract = standing.contract
    which, values = _OF_CONTRACT, [contract, contract]
    if keys is not None:
        of_keys, listed = among(keys)
        which = (
            f"{_OF_KEYS} AND {of_keys} UNION SELECT id FROM ledger_event WHERE type IN ({_WIDE}) AND id IN ({which})"  # noqa: S608
        )
        values = [contract, *listed, *values]
    sql = f"SELECT id, body FROM ledger_event WHERE id IN ({which}) AND type NOT IN ({_ANNOUNCED}) ORDER BY id"  # noqa: S608
    reader, events = Reader(), []
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for id, body in cursor.fetchall():
            raw = {**orjson.loads(bytes(body)), "id": str(id)}
            event = reader.take(raw, id)
            if standing.began(event[2], to_datetime(event[0])):
                event = reader.take({**raw, "data": {}}, id)
            events.append(event)
    return events


def _remember_contract(contract: int, made: Judge, judged_to: int) -> None:
    insert(
        "ledger_memory",
        ("contract", "judged_to", "body"),
        [
            (
                contract,
                connection.ops.adapt_datetimefield_value(to_datetime(judged_to)),
                orjson.dumps(made.memory()).decode(),
            )
        ],
        conflict="(contract) DO UPDATE SET judged_to = excluded.judged_to, body = excluded.body",
    )


def _save_clocks(
    contract: int, made: Judge, clocks: Mapping[Place, Clock], stored: Mapping[Place, Row], now: datetime
) -> None:
    """Writes the clocks that are no longer as stored, and records what was found out about deadlines."""
    rows: list[tuple[Place, tuple[Any, ...]]] = []
    findings: list[Draft] = []
    for place, clock in clocks.items():
        row, values = stored.get(place), values_of(made, clock)
        if row is not None and row.values == values:
            continue
        rows.append((place, values))
        before, after = row.breached_at if row else None, clock.breached_at
        if before is not None and before != after and clock.state != EXCUSED:
            findings.append(_corrected(contract, place, clock.name, now))
        if after is not None and before != after:
            findings.append(_finding("duty.breached", contract, place, after, {}))
    save_clocks(contract, rows)
    append(findings, now)


def _corrected(contract: int, place: Place, state: str, at: datetime) -> Draft:
    return _finding("duty.corrected", contract, place, at, {"state": state})


def _finding(type: str, contract: int, place: Place, at: datetime, data: Mapping[str, Any]) -> Draft:
    key, duty, index = place
    kind = KINDS[type]
    return Draft(
        type, kind.schema, key, set(), {contract}, "ledger", at, kind.write({"duty": duty, "index": index, **data})
    )


def advance(contract: int, held: Held, keys: Collection[Key], now: datetime) -> int:
    """Opens periods that have begun and breaches what is past its due, on these subjects. How many clocks changed."""
    standing = standing_of(contract, held)
    if standing is None:
        return 0
    memos = memos_of(contract, keys, lock=True)
    stored = clocks_of(contract, memos.keys(), also_ended=False)
    made = standing.judge({str(key) for key in memos})
    _put(made, memos.keys(), memos, stored)
    made.touched = []
    made.advance(from_datetime(now))
    changed = {_place(clock): clock for clock in made.touched}
    _save_clocks(contract, made, changed, stored, now)
    duties = _duties(changed)
    # What happened before a moment that has been looked at comes late from now on.
    touched = [memo for key, memo in memos.items() if key in duties]
    save_memos(
        contract,
        (_remembered(made, memo.key, max(memo.judged_to, now), memo.duties | duties[memo.key]) for memo in touched),
    )
    return len(changed)
