"""Moves the clocks that events concern, in the transaction that records them.

Most events are judged on top of what is stored of their subjects, and what concerns the whole contract on top of what is
stored of all (`wide.py`). Where that is not enough, because one comes late or takes another back, the subjects that this
touches are judged again from all their events.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import orjson
from django.db import connection

from encore.engine import Clock, Event, Judge, Terms, judge_all
from encore.engine.clocks import BREACHED, EXCUSED, FULFILLED, OPEN, SUSPENDED
from encore.engine.events import AMENDED, ANNULLED, CONTRACT_WIDE, EFFECTIVE, Judged, Reader
from encore.engine.moments import from_datetime, to_datetime
from encore.engine.patterns import ANNOUNCEMENTS
from encore.ledger import due, warning, wide
from encore.ledger.findings import breached, corrected, tell, warned
from encore.ledger.models import Memo, Memory
from encore.ledger.nouns import Key
from encore.ledger.stored import (
    Place,
    Remembered,
    Row,
    Written,
    among,
    aware,
    clocks_of,
    delete_clocks,
    memos_of,
    parts,
    refer,
    save_clocks,
    save_memos,
    values_of,
)
from encore.ledger.terms import KeptEditions, learn, terms, versions_of
from encore.ledger.writing import Draft, Recorded, insert

_FIRST: Final = "first"  # in a contract's memory: its first terms, so that nobody has to look them up
_OPENING: Final = "opening"  # in a contract's memory: what happened before it went live is not judged
_MOST_SUBJECTS: Final = (
    5_000  # judged again at a time; what concerns all, and moves more than that, is judged with the whole contract
)
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Standing:
    """What a contract is judged by: its first terms, since when it has them, and what the judge remembers of it."""

    contract: int
    edition: str
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
        return type == EFFECTIVE and at == self.since

    def heeds(self, at: datetime) -> bool:
        """Whether what happened then is judged. Before a contract went live its clocks were not kept here."""
        return at >= self.since or not self.memory.get(_OPENING)


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
    lock, values = "", [contract]
    if connection.features.has_select_for_update:
        # A row lets those who share it pass whoever waits to have it alone, for ever; before the gate all queue. The row is
        # locked as well, so that it is read as it is after the wait.
        lock = f" AND pg_advisory_xact_lock{'' if alone else '_shared'}(hashtextextended('contract', %s)) IS NOT NULL"
        lock += " FOR UPDATE" if alone else " FOR SHARE"
        values = [contract, contract]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT judged_to, body FROM ledger_memory WHERE contract = %s{lock}", values)  # noqa: S608
        row = cursor.fetchone()
    return None if row is None else (aware(row[0]), orjson.loads(row[1]))


def standing_of(contract: int, held: Held, *, anew: bool = False) -> Standing | None:
    """None before the contract has terms. Once it has, what is held tells them; `anew`: they are looked up all the same."""
    memory: Mapping[str, Any] = held[1] if held else {}
    if _FIRST in memory and not anew:
        edition, parameters, written = memory[_FIRST]
        since = datetime.fromisoformat(written)
    elif versions := versions_of(contract):
        edition, parameters, since = versions[0].edition_id, versions[0].parameters, versions[0].since
    else:
        return None
    return Standing(contract, edition, terms(edition, parameters), since, held[0] if held else since, memory)


def judge(events: Sequence[Recorded], held: Mapping[int, Held], now: datetime) -> None:
    """Judges events just recorded, for each contract that they are done for and that is held."""
    for contract in sorted(held):
        own = [event for event in events if contract in event.draft.contracts]
        own.sort(key=lambda event: (event.draft.occurred_at, event.id))
        of_all = [event for event in own if event.draft.type in CONTRACT_WIDE]
        amends = any(event.draft.type in (EFFECTIVE, AMENDED, ANNULLED) for event in of_all)
        if amends:
            learn(contract)
        standing = standing_of(contract, held[contract], anew=amends)
        if standing is None:
            if of_all:
                _clear(contract, now)
            continue
        own = [event for event in own if standing.heeds(event.draft.occurred_at)]
        if not of_all:
            _judge_on_top(standing, own, now)
        elif wide.is_in_order(of_all, standing.judged_to) and held[contract] is not None:
            _judge_on_top(standing, own, now, of_all[0])
        else:
            _judge_again(standing, own, of_all, now)


def _judge_on_top(
    standing: Standing, events: Sequence[Recorded], now: datetime, of_all: Recorded | None = None
) -> None:
    """`of_all`: the one among the events that concerns the whole contract."""
    contract, only = standing.contract, set[str]()
    made = standing.judge(only)
    others = wide.subjects(contract, of_all) if of_all else set()
    refs = _refs(made, events)
    memos = memos_of(contract, _consulted(made, events) | others)
    if unknown := {key for key in refs if key not in memos or not memos[key].is_referred}:
        refer(contract, unknown, standing.since)  # whoever starts something there sees it, or waits for us
        memos |= memos_of(contract, unknown)
    concerned, keys = _concerned(made, events, memos)
    keys |= others
    if connection.features.has_select_for_update:
        memos |= memos_of(contract, (refs & memos.keys()) - keys, lock="SHARE")
        concerned, known = _concerned(made, events, memos)  # what somebody has started there meanwhile
        keys |= known
        memos |= memos_of(contract, keys & memos.keys(), lock="UPDATE")
    stored = clocks_of(contract, keys & memos.keys(), also_ended=False)
    late = _late(standing, made, events, concerned, memos, stored) | _looking_back(contract, made, events, memos)
    if of_all:
        late |= wide.judged_past(contract, of_all)
        if len(late) > _MOST_SUBJECTS:
            return rejudge(standing, None, now, of_all.draft.occurred_at)
    keys -= late
    only.update(str(key) for key in keys)
    _put(made, keys, memos, {place: row for place, row in stored.items() if place[0] in keys})
    changed: dict[Place, Clock] = {}
    touched_at: dict[Place, int] = {}
    for event in events:
        for clock in made.apply(_event(standing, event)):
            changed[place := _place(clock)] = clock
            touched_at[place] = from_datetime(event.draft.occurred_at)
    if made.unforeseen:
        return rejudge(standing, None, now, events[-1].draft.occurred_at)
    if of_all:
        due.settle(contract, made, due.warned_before(contract, of_all.draft.occurred_at), of_all.draft.occurred_at, now)
        stored |= clocks_of(contract, keys & memos.keys(), also_ended=False)
        wide.move_all(contract, made, of_all)
        judged_to = from_datetime(of_all.draft.occurred_at)
        _remember_contract(standing, made, judged_to, is_opening=bool(standing.memory.get(_OPENING)))
    overtaken = _overtaken(contract, made, changed, memos)
    keys -= overtaken
    changed = {place: clock for place, clock in changed.items() if place[0] in keys}
    _save_clocks(contract, made, changed, stored, now, touched_at)
    overtaken |= save_memos(contract, _memos(made, events, concerned, keys, others, memos, changed)) - memos.keys()
    if late or overtaken:
        rejudge(standing, late | overtaken, now, events[-1].draft.occurred_at)
    return None


def _judge_again(standing: Standing, events: Sequence[Recorded], of_all: Sequence[Recorded], now: datetime) -> None:
    """What cannot be judged on top: the whole contract, unless all that was annulled concerned some subjects only."""
    keys: set[Key] | None = None
    if all(event.draft.type == ANNULLED for event in of_all):
        keys = wide.annulled(standing.contract, of_all)
    if keys is not None:
        keys |= {key for event in events for key in event.draft.keys}
    rejudge(standing, keys, now, events[-1].draft.occurred_at if events else now)


def _consulted(made: Judge, events: Iterable[Recorded]) -> set[Key]:
    """Of which memos have to be read. Before its first event nothing is remembered of a subject, unless others referred to
    it, which turns up when its memo is saved; and what an event refers to matters where some duty heeds such an event.
    """
    found: set[Key] = set()
    begun = {event.draft.subject for event in events if event.begins}
    for event in events:
        subject, *refs = event.draft.keys
        found.add(subject)
        if _listeners(made, event.draft.type) or _marked(made, event.draft.type):
            found.update(refs)
    return found - begun


def _refs(made: Judge, events: Iterable[Recorded]) -> set[Key]:
    """What the events refer to besides their subjects, where that may matter. The contract is held by a lock of its own."""
    return {
        key
        for event in events
        if _listeners(made, event.draft.type) or _marked(made, event.draft.type)
        for key in event.draft.keys[1:]
        if key.noun != "contract"
    }


def _concerned(
    made: Judge, events: Iterable[Recorded], memos: Mapping[Key, Remembered]
) -> tuple[dict[int, list[Key]], set[Key]]:
    """Which subjects each event is judged on, and all of them."""
    concerned = {event.id: _judged_keys(made, event, memos) for event in events}
    return concerned, {key for found in concerned.values() for key in found}


def _judged_keys(made: Judge, event: Recorded, memos: Mapping[Key, Remembered]) -> list[Key]:
    """The event's subject, and of its references those on which a clock runs or ran that listens to such an event.

    To all others it can do nothing; to judge them would make every event of a contract wait for every other.
    """
    listening = _listeners(made, event.draft.type)
    subject, *refs = event.draft.keys
    return [subject, *(key for key in refs if key in memos and memos[key].duties & listening)]


def _listeners(made: Judge, type: str) -> set[str]:
    """The duties whose clocks such an event may move."""
    program = made.programs.get(type)
    if program is None:
        return set()
    return {
        *(id for id, *_ in program.acts), *(id for id, _ in program.counts), *(rule.id for rule, _ in program.stops),
    }  # fmt: skip


def _overtaken(contract: int, made: Judge, changed: Mapping[Place, Clock], memos: Mapping[Key, Remembered]) -> set[Key]:
    """Subjects on which a duty has its first clock, though something later that refers to them would have moved it.

    Nothing there listened to that when it was recorded, so that no memo tells of it.
    """
    started: dict[Key, list[Clock]] = {}
    for (key, duty, _), clock in changed.items():
        known = memos.get(key)
        is_new = known is None or duty not in known.duties
        if is_new and (key.noun == "contract" or (known is not None and known.is_referred)):
            started.setdefault(key, []).append(clock)
    return {key for key, clocks in started.items() if _has_later_reference(contract, made, key, clocks)}


def _has_later_reference(contract: int, made: Judge, key: Key, clocks: Sequence[Clock]) -> bool:
    duties = {clock.duty for clock in clocks}
    types = sorted(type for type in made.programs if duties & (_listeners(made, type) | _marked(made, type)))
    since = to_datetime(min(clock.opened for clock in clocks))
    sql = (
        f"SELECT 1 FROM ledger_event AS event WHERE type IN ({', '.join(['%s'] * len(types))}) AND occurred_at > %s"  # noqa: S608
        " AND EXISTS (SELECT 1 FROM ledger_concern AS concern WHERE event_id = event.id AND concern.noun = %s"
        " AND concern.noun_id = %s AND contract = %s AND NOT is_subject) LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*types, connection.ops.adapt_datetimefield_value(since), *key, contract])
        return cursor.fetchone() is not None


def _late(
    standing: Standing,
    made: Judge,
    events: Iterable[Recorded],
    concerned: Mapping[int, Iterable[Key]],
    memos: Mapping[Key, Remembered],
    stored: Mapping[Place, Row],
) -> set[Key]:
    """Subjects on which something later has been judged already, or a breach found that came after the event."""
    found: dict[Key, datetime] = {}
    for (key, _, _), row in stored.items():
        if row.breached_at is not None:
            found[key] = max(row.breached_at, found.get(key, row.breached_at))
    late: set[Key] = set()
    for event in events:
        at = event.draft.occurred_at
        # A clock that has started may have to run from this event instead, though the event only refers to its subject.
        marked = _marked(made, event.draft.type)
        looked_back = [key for key in event.draft.keys if key in memos and memos[key].duties & marked]
        for key in (*concerned[event.id], *looked_back):
            judged_to = max(memos[key].judged_to, standing.judged_to) if key in memos else standing.judged_to
            if at < judged_to or (key in found and at <= found[key]):
                late.add(key)
    return late


def _looking_back(contract: int, made: Judge, events: Iterable[Recorded], memos: Mapping[Key, Remembered]) -> set[Key]:
    """Subjects on which a duty with `from` starts that may look back at an event which only referred to them.

    Of such an event no memo tells, or every event of a contract would have to be remembered on the contract.
    """
    starting = {
        key
        for event in events
        if _starts_from(made, event.draft.type)
        for key in (event.draft.subject,)
        if key.noun == "contract" or (key in memos and memos[key].is_referred)
    }
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
    data = _heard(standing, event.draft.type, at, body["data"])
    return Event(event.draft.type, body["subject"], at, tuple(body["refs"]), data, str(event.id), event.id)


def _heard(standing: Standing, type: str, at: datetime, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the judge is told of an event: of the first terms only what is not in them."""
    if not standing.began(type, at):
        return data
    return {key: value for key, value in data.items() if key not in ("edition", "parameters")}


def _place(clock: Clock) -> Place:
    return Key.parse(clock.subject), clock.duty, clock.index


def _memos(
    made: Judge,
    events: Iterable[Recorded],
    concerned: Mapping[int, Sequence[Key]],
    keys: Collection[Key],
    others: Collection[Key],
    memos: Mapping[Key, Remembered],
    changed: Mapping[Place, Clock],
) -> Iterable[Remembered]:
    duties, judged_to = _duties(changed), _settled_to(changed.values())
    # A subject may have been loaded for one event only, but all that concern it have moved its clocks.
    loaded = {key for found in concerned.values() for key in found} & set(keys)
    for event in events:
        for key in event.draft.keys:
            if key in loaded:
                judged_to[key] = max(judged_to.get(key, event.draft.occurred_at), event.draft.occurred_at)
    for key in sorted(judged_to.keys() | (set(others) & set(keys))):
        known = memos.get(key)
        at = max(at for at in (judged_to.get(key), known.judged_to if known else None) if at is not None)
        yield _remembered(made, key, at, (known.duties if known else frozenset()) | duties.get(key, set()))


def _settled_to(clocks: Iterable[Clock]) -> dict[Key, datetime]:
    """For each subject the latest moment that time alone brought about, but for breaches: those the clocks tell."""
    found: dict[Key, datetime] = {}
    for clock in clocks:
        at = clock.opened_at if clock.is_period else None
        if clock.state == FULFILLED and clock.closed_by is None and clock.closed_at is not None:
            at = clock.closed_at + _INSTANT  # a prohibition that was kept: until the very last moment it might not be
        if at is not None:
            key = Key.parse(clock.subject)
            found[key] = max(at, found.get(key, at))
    return found


def _duties(places: Iterable[Place]) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for key, duty, _ in places:
        found.setdefault(key, set()).add(duty)
    return found


def rejudge(standing: Standing, keys: Collection[Key] | None, now: datetime, at: datetime) -> None:
    """Judges these subjects from all their events, None: the whole contract, and puts the rows right.

    `at`: of the latest event that made this necessary. What was to be warned of before it has happened all the same.
    """
    if keys is not None and len(keys) > _MOST_SUBJECTS:
        for some in parts(sorted(keys), _MOST_SUBJECTS):
            rejudge(standing, some, now, at)
        return
    contract = standing.contract
    events = _events(standing, keys)
    # The judge takes nothing that is to come, but another machine may have recorded it by a clock that is ahead of ours.
    now = max([now, *(to_datetime(moment) for moment, *_ in events)])
    made = _judge_anew(standing, events, keys, now)
    clocks = {_place(clock): clock for clock in made.clocks()}
    concerned = {event[3] for event in events} | {name for event in events for name in event[4] if name in made.matters}
    subjects = {Key.parse(name) for name in concerned}
    if keys is not None:
        subjects &= set(keys)
    stored = clocks_of(contract, subjects, also_ended=True)
    _save_clocks(contract, made, clocks, stored, now, dict.fromkeys(clocks.keys(), from_datetime(at)))
    _remove(contract, [row for place, row in stored.items() if place not in clocks], now)
    duties, judged_to = _duties(clocks), _settled_to(clocks.values())
    names = {str(key): key for key in subjects}
    for moment, *_, concerns, _, _ in events:
        for key in {names[name] for name in concerns if name in names}:
            judged_to[key] = max(judged_to.get(key, standing.since), to_datetime(moment))
    # What was only referred to begins with its first event, as if it had never been judged.
    begun = sorted(subjects & {Key.parse(event[3]) for event in events})
    save_memos(
        contract,
        (_remembered(made, key, judged_to.get(key, standing.since), duties.get(key, set())) for key in begun),
    )
    if keys is None:
        # An annulment has no place of its own in the order of judging.
        judged = max(at for at, _, kind, *_ in events if kind in CONTRACT_WIDE and kind != ANNULLED)
        is_opening = any(kind == EFFECTIVE and data.get(_OPENING) for _, _, kind, _, _, data, _ in events)
        _remember_contract(standing, made, judged, is_opening=is_opening)


def _remembered(made: Judge, key: Key, judged_to: datetime, duties: Iterable[str]) -> Remembered:
    matter = made.matters.get(str(key))
    series = [one.series for one in matter.recurrences.values() if one.series] if matter else []
    wakes_at = to_datetime(min(one.begin for one in series)) if series else None
    return Remembered(key, judged_to, frozenset(duties), made.memo(str(key)), wakes_at)


def _remove(contract: int, rows: Sequence[Row], now: datetime) -> None:
    delete_clocks(rows)
    tell([corrected(contract, row.place, "void", now) for row in rows if row.breached_at is not None], now)


def _clear(contract: int, now: datetime) -> None:
    """Nothing is owed under a contract whose beginning was annulled."""
    keys = {Key(noun, id) for noun, id in Memo.objects.filter(contract=contract).values_list("noun", "noun_id")}
    _remove(contract, list(clocks_of(contract, keys, also_ended=True).values()), now)
    Memo.objects.filter(contract=contract).delete()
    Memory.objects.filter(contract=contract).delete()


def _judge_anew(standing: Standing, events: Iterable[Judged], keys: Collection[Key] | None, now: datetime) -> Judge:
    make = partial(Judge, only=None if keys is None else {str(key) for key in keys})
    return judge_all(standing.terms, lambda: events, from_datetime(now), editions=KeptEditions(), make=make)


_OF_CONTRACT: Final = "SELECT event_id FROM ledger_concern WHERE noun = 'contract' AND noun_id = %s AND contract = %s"
_OF_KEYS: Final = "SELECT event_id FROM ledger_concern WHERE contract = %s"
_WIDE: Final = ", ".join(f"'{name}'" for name in sorted(CONTRACT_WIDE))
_ANNOUNCED: Final = ", ".join(f"'{name}'" for name in sorted(ANNOUNCEMENTS))


def _events(standing: Standing, keys: Collection[Key] | None) -> list[Judged]:
    """What the judge must see, in the order in which it was recorded: all, or what concerns these subjects."""
    selected, values = _selected(standing.contract, keys)
    reader, events, is_opening = Reader(), [], False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, body {selected} ORDER BY id", values)
        for id, body in cursor.fetchall():
            event, opens = _taken(standing, reader, id, body)
            is_opening |= opens
            events.append(event)
    since = from_datetime(standing.since)
    return [event for event in events if event[0] >= since] if is_opening else events


def _selected(contract: int, keys: Collection[Key] | None) -> tuple[str, list[Any]]:
    """The rest of a statement that reads the events which the judge must see, and its values."""
    which, values = _OF_CONTRACT, [contract, contract]
    if keys is not None:
        of_keys, listed = among(keys)
        which = (
            f"{_OF_KEYS} AND {of_keys} UNION SELECT id FROM ledger_event WHERE type IN ({_WIDE}) AND id IN ({which})"  # noqa: S608
        )
        values = [contract, *listed, *values]
    return f"FROM ledger_event WHERE id IN ({which}) AND type NOT IN ({_ANNOUNCED})", values


def _taken(standing: Standing, reader: Reader, id: int, body: bytes) -> tuple[Judged, bool]:
    """A stored event as the judge takes it, and whether it says that nothing is judged from before the first terms."""
    raw = {**orjson.loads(bytes(body)), "id": str(id)}
    event = reader.take(raw, id)
    if event[2] != EFFECTIVE or not standing.began(EFFECTIVE, at := to_datetime(event[0])):
        return event, False
    heard = reader.take({**raw, "data": _heard(standing, EFFECTIVE, at, raw["data"])}, id)
    return heard, bool(raw["data"].get(_OPENING))


def _remember_contract(standing: Standing, made: Judge, judged_to: int, *, is_opening: bool) -> None:
    first = standing.edition, standing.terms.given, standing.since.isoformat()
    memory = {**made.memory(), _FIRST: first, **({_OPENING: True} if is_opening else {})}
    at = connection.ops.adapt_datetimefield_value(to_datetime(judged_to))
    insert(
        "ledger_memory",
        ("contract", "judged_to", "body"),
        [(standing.contract, at, orjson.dumps(memory).decode())],
        conflict="(contract) DO UPDATE SET judged_to = excluded.judged_to, body = excluded.body",
    )


def _save_clocks(
    contract: int,
    made: Judge,
    clocks: Mapping[Place, Clock],
    stored: Mapping[Place, Row],
    now: datetime,
    touched_at: Mapping[Place, int],
) -> None:
    """Writes the clocks that are no longer as stored, and records what was found out about deadlines.

    `touched_at`: the moment of what touched each; what was to be warned of before that is told.
    """
    rows: list[Written] = []
    findings: list[Draft] = []
    for place, clock in clocks.items():
        row, values = stored.get(place), values_of(made, clock)
        number, told = _warned(made, place, clock, row, touched_at[place])
        next_one = None
        if clock.state <= SUSPENDED:
            next_one = warning.next_moment(clock.rule, clock.opened, clock.due, clock.shift, number)
        warns_at = None if next_one is None else to_datetime(next_one)
        if row is not None and (row.values, row.warned, row.warns_at) == (values, number, warns_at):
            continue
        rows.append(Written(place, values, number, warns_at))
        findings.extend(warned(contract, place, *one) for one in told)
        before, after = row.breached_at if row else None, clock.breached_at
        if before is not None and before != after and clock.state != EXCUSED:
            findings.append(corrected(contract, place, clock.name, now))
        if after is not None and before != after:
            findings.append(breached(contract, place, after))
    save_clocks(contract, rows)
    tell(findings, now)


def _warned(made: Judge, place: Place, clock: Clock, row: Row | None, at: int) -> tuple[int, list[tuple[str, int]]]:
    """How many warnings of a clock have been given, and those that are to be told now: used up before the moment `at`.

    They are those of the clock as it was until then. One that opens and ends at once needs no warning, but for a period,
    which opened without anybody looking.
    """
    rule, opened, until, shift, given = clock.rule, clock.opened, clock.due, clock.shift, 0
    if row is None:
        if not clock.is_period:
            return 0, []
        if clock.state == SUSPENDED and made.in_force is not None:
            at = min(at, made.in_force.declared[0])
    else:
        if row.dump["state"] != OPEN:
            return row.warned, []
        version = row.dump["version"]
        if version < len(made.versions):  # an amendment may have been annulled
            rule = made.versions[version][1].rules.get(place[1], rule)
        opened, until, shift, given = row.dump["opened"], row.dump["due"], row.dump["shift"], row.warned
    if clock.state == BREACHED and clock.breached is None:
        at = max(at, clock.due + 1)
    told = warning.passed(rule, opened, until, shift, given, at)
    return given + len(told), told


def advance(contract: int, held: Held, waking: Mapping[Key, datetime | None], now: datetime) -> int:
    """Opens periods that have begun, breaches what is past its due, and warns, on these subjects, which are locked.

    They are given with the moment at which their next period begins. How many clocks changed.
    """
    standing = standing_of(contract, held)
    if standing is None:
        return 0
    made = standing.judge(set())
    rows = due.pending(contract, waking, now)
    judged = {key for key, at in waking.items() if at is not None and at <= now}
    judged |= {row.key for row in rows if row.rule(made).forbid}
    return _advance(standing, judged, now) + due.settle(
        contract, made, [row for row in rows if row.key not in judged], now, now
    )


def _advance(standing: Standing, keys: Collection[Key], now: datetime) -> int:
    """By the judge, who knows of periods and prohibitions."""
    if not keys:
        return 0
    contract = standing.contract
    memos = memos_of(contract, keys)
    stored = clocks_of(contract, keys, also_ended=False)
    made = standing.judge({str(key) for key in keys})
    _put(made, keys, memos, stored)
    clocks = {_place(clock): clock for clock in made.clocks()}  # those may be warned of that nothing moves
    made.touched = []
    made.advance(from_datetime(now))
    changed = {_place(clock): clock for clock in made.touched}
    clocks = {place: clock for place, clock in (clocks | changed).items() if place in stored or place in changed}
    _save_clocks(contract, made, clocks, stored, now, dict.fromkeys(clocks, from_datetime(now)))
    duties, settled_to = _duties(changed), _settled_to(changed.values())
    touched = [(memo, duties[key]) for key, memo in memos.items() if key in duties]
    save_memos(
        contract,
        (
            _remembered(
                made, memo.key, max(memo.judged_to, settled_to.get(memo.key, memo.judged_to)), memo.duties | some
            )
            for memo, some in touched
        ),
    )
    return len(changed)
