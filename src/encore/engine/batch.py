"""Whole files: judged in one pass where they are in order, and again where a later event takes an earlier one back."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from encore.engine.clocks import BREACHED, NAMES, Clock
from encore.engine.edition import Edition
from encore.engine.events import ANNULLED, BOM, DECLARED, FALLEN, LIFTED, NOTED, Judged, Reader
from encore.engine.judge import Judge
from encore.engine.moments import Zone
from encore.engine.terms import Program, Rule, Terms

Source = Callable[[], Iterable[Judged]]
"""Gives the events in the order of the file, as often as it is called."""


class OutOfOrder(Exception):
    """An event is earlier than the one before it, so that the file has to be sorted."""


@dataclass(slots=True)
class Taken:
    """What later events take back: annulled ids, and positions of declarations of force majeure that fell."""

    ids: frozenset[str] = frozenset()
    declarations: frozenset[int] = frozenset()


@dataclass(slots=True)
class Seen:
    """The events of a pass that may take others back, or be taken back."""

    annulments: list[tuple[str | None, object]] = field(default_factory=list)  # own id, id that is annulled
    force_majeure: list[Judged] = field(default_factory=list)

    def note(self, event: Judged) -> None:
        if event[2] == ANNULLED:
            annulled = event[5].get("id")
            number = isinstance(annulled, int) and not isinstance(annulled, bool)
            self.annulments.append((event[6], str(annulled) if number else annulled))
        else:
            self.force_majeure.append(event)

    def taken(self) -> Taken:
        ids = annulled_ids(self.annulments)
        standing = [event for event in self.force_majeure if event[6] is None or event[6] not in ids]
        return Taken(ids, fallen_declarations(standing))


def annulled_ids(annulments: Iterable[tuple[str | None, object]]) -> frozenset[str]:
    """Of annulments in order, each with its own id and the one it annuls: what is void.

    An annulment that is itself annulled by one that stands annuls nothing; where they annul each other, the last stands.
    """
    named = [(own, target) for own, target in annulments if isinstance(target, str)]
    against: dict[str, list[int]] = {}
    for number, (own, target) in enumerate(named):
        if own != target:
            against.setdefault(target, []).append(number)
    stands: dict[int, bool] = {}
    waiting = list(range(len(named) - 1, -1, -1))  # the last first: most annulments name something earlier
    while waiting:
        left = []
        for number in waiting:
            attackers = against.get(named[number][0] or "", ())
            if any(stands.get(attacker) for attacker in attackers):
                stands[number] = False
            elif all(attacker in stands for attacker in attackers):
                stands[number] = True
            else:
                left.append(number)
        if len(left) == len(waiting):
            stands[left.pop(0)] = True
        waiting = left
    return frozenset(target for number, (_, target) in enumerate(named) if stands[number])


def fallen_declarations(events: list[Judged]) -> frozenset[int]:
    """Of force majeure's events in order: the positions of the declarations that fell for want of proof.

    A declaration falls that took effect (none was in force), the latest one of its subject, else the latest one at all.
    """
    fallen: set[int] = set()
    for number, event in enumerate(events):
        if event[2] == FALLEN:
            effective: list[Judged] = []
            in_force = False
            for earlier in events[:number]:
                if earlier[2] == DECLARED and earlier[1] not in fallen and not in_force:
                    effective.append(earlier)
                in_force = (earlier[2] == DECLARED and earlier[1] not in fallen) or (in_force and earlier[2] != LIFTED)
            same_subject = [one for one in effective if one[3] == event[3]]
            for one in (same_subject or effective)[-1:]:
                fallen.add(one[1])
    return frozenset(fallen)


_SWEEP = (1 << 16) - 1  # how often, in lines, prohibitions that were kept are let go
_NAME = (str, type(None))


def judge_all(
    terms: Terms,
    source: Source,
    now: int,
    *,
    editions: Mapping[str, Edition] | None = None,
    make: Callable[..., Judge] = Judge,
) -> Judge:
    """Judges a file of one contract's events as they stand at `now`."""
    return _judged(terms, source, now, editions, make, None)[0]


def tallied(
    terms: Terms, source: Source, now: int, *, editions: Mapping[str, Edition] | None = None
) -> tuple[Judge, dict[str, list[int]]]:
    """The same, keeping only what is not ended (in `Judge.clocks`) and how many clocks of each duty came to which state.

    Memory grows with what is running and with subjects, not with events, as long as they are in order of time.
    """
    judge, tally = _judged(terms, source, now, editions, Judge, Tally())
    assert tally is not None
    unfinished = [clock for clock in judge.clocks() if is_unfinished(clock)]
    tally.add(unfinished)
    return judge, {id: tally.counts.get(id, [0] * len(NAMES)) for id in judge.duties}


class Tally:
    """How many clocks of each duty ended in which state."""

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}

    def add(self, clocks: Iterable[Clock]) -> None:
        for clock in clocks:
            counts = self.counts.get(clock.rule.id)
            if counts is None:
                counts = self.counts[clock.rule.id] = [0] * len(NAMES)
            counts[clock.state] += 1


def _judged(
    terms: Terms,
    source: Source,
    now: int,
    editions: Mapping[str, Edition] | None,
    make: Callable[..., Judge],
    tally: Tally | None,
) -> tuple[Judge, Tally | None]:
    """Pass after pass, until what later events take back is known to the pass that judges the earlier ones."""
    taken = Taken()
    foresee: tuple[tuple[int, Terms], ...] = ()
    twice: frozenset[str] | None = None if tally is None else frozenset()
    while True:
        judge = make(terms, editions=editions, foresee=foresee, forgets=tally is not None)
        if tally is not None:
            tally.counts.clear()
        else:
            judge.touched = deque(maxlen=0)  # nobody asks what each event changed
        seen = Seen()
        gate = Gate(taken, seen, AllIds() if twice is None else FewIds(twice))
        try:
            if isinstance(source, Lines):
                _pass_lines(judge, source.again(), now, gate, tally)
            else:
                _pass(judge, source(), now, gate, tally)
        except OutOfOrder:
            source = _sorted(source, now)
            continue
        found = seen.taken()
        versions = tuple((at, version) for at, version, _ in judge.versions[1:])
        again = versions if judge.unforeseen or foresee else foresee  # what was foreseen may have been taken back
        suspects = gate.ids.suspects()
        if found == taken and again == foresee and suspects == (twice or frozenset()):
            judge.advance(now)
            if tally is not None:
                tally.add(judge.forget())
            return judge, tally
        taken, foresee = found, again
        twice = None if twice is None else twice | suspects


class AllIds:
    """The ids that were there, every one remembered."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def is_new(self, name: str) -> bool:
        if name in self.known:
            return False
        self.known.add(name)
        return True

    def suspects(self) -> frozenset[str]:
        return frozenset()


class FewIds:
    """The same in memory that does not grow: a Bloom filter finds the ids that may be there twice, and only those are
    remembered, in the pass after the one that found them."""

    BITS = 1 << 28

    def __init__(self, watched: frozenset[str]) -> None:
        self.watched = watched
        self.known: set[str] = set()
        self.found: set[str] = set()
        self.filter = bytearray(self.BITS >> 3)

    def is_new(self, name: str) -> bool:
        if name in self.watched:
            is_new = name not in self.known
            self.known.add(name)
            return is_new
        number = hash(name)
        step = (number >> 32) | 1
        was_there = True
        for _ in range(4):
            place = number & (self.BITS - 1)
            bit = 1 << (place & 7)
            if not self.filter[place >> 3] & bit:
                was_there = False
                self.filter[place >> 3] |= bit
            number += step
        if was_there:
            self.found.add(name)
        return True

    def suspects(self) -> frozenset[str]:
        return self.watched | self.found


class Lines:
    """A source: lines of JSON, numbered from 1; blank lines are skipped. `EventError` names the line.

    `again` gives the lines from the first, as often as it is called.
    """

    def __init__(self, again: Callable[[], Iterable[bytes]]) -> None:
        self.again = again

    def __call__(self) -> Iterator[Judged]:
        reader = Reader()
        for position, line in enumerate(self.again(), 1):
            event = reader.read(line, position)
            if event is not None:
                yield event


def _pass(judge: Judge, events: Iterable[Judged], now: int, gate: "Gate", tally: Tally | None) -> None:
    """Judges each event that is seen and was not taken back, in the order of the source."""
    last = -(1 << 62)
    for event in events:
        if event[0] > now:
            continue
        if event[0] < last:
            raise OutOfOrder
        last = event[0]
        if gate.notes(event) if event[2] in NOTED else event[6] is None or gate.lets_in(event[6]):
            judge.take(event)
            if judge.touched and tally is not None:
                tally.add(judge.forget())


class Gate:
    """Passes over what is there twice or was taken back, and notes what takes others back."""

    def __init__(self, taken: Taken, seen: Seen, ids: AllIds | FewIds) -> None:
        self.taken = taken
        self.seen = seen
        self.ids = ids

    def lets_in(self, name: str) -> bool:
        """Whether an event of that id is judged."""
        return self.ids.is_new(name) and name not in self.taken.ids

    def notes(self, event: Judged) -> bool:
        """The same for an event of the types that take back or are taken back; also those that are void are noted."""
        name = event[6]
        if name is not None and not self.ids.is_new(name):
            return False
        self.seen.note(event)
        return name not in self.taken.ids and event[1] not in self.taken.declarations


def _pass_lines(judge: Judge, lines: Iterable[bytes], now: int, gate: Gate, tally: Tally | None) -> None:
    """The same as `Lines` and `Judge.take` do together, in one loop: reading is half of the work."""
    reader = Reader()
    hours, tails = reader.times.hours, reader.times.tails
    loads, rest, go_on = orjson.loads, reader.rest, judge.go_on
    heard: dict[str, Program | None] = {}  # each type that was read, and what it does
    last = -(1 << 62)
    for position, line in enumerate(lines, 1):
        try:
            raw = loads(line)
            kind, subject, text = raw["type"], raw["subject"], raw["at"]
            program = heard[kind]
            if subject.__class__ is not str or not subject:
                raise TypeError(subject)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            event = reader.read(line, position)  # which names the fault, if there is one
            if event is None:
                continue
            raw = loads(line.removeprefix(BOM))
            _, _, kind, subject, *_ = event
            text = raw["at"]
            program = heard[kind] = judge.programs.get(kind)
        try:
            at = hours[text[:13]] + tails[text[13:]]
        except (KeyError, TypeError):
            at = reader.time(text, "at", position)
        refs = raw.get("refs")
        data = raw.get("data")
        name = raw.get("id")
        if refs.__class__ is list and data.__class__ is dict and name.__class__ in _NAME:
            keys = (subject, *refs)
            for ref in refs:
                if ref.__class__ is not str:
                    rest(raw, subject, position)
        else:
            keys, data, name = rest(raw, subject, position)
        if at > now:
            continue
        if at < last:
            raise OutOfOrder
        last = at
        if program is not None and program.is_noted:
            if not gate.notes((at, position, kind, subject, keys, data, name)):
                continue
        elif name is not None and not gate.lets_in(name):
            continue
        if program is not None:
            if program.comes_first:
                judge.first(at, position, kind, subject, data)
                heard.clear()
                program = judge.programs[kind]
            go_on(program, at, position, subject, keys, data)
            if tally is not None and judge.touched:
                tally.add(judge.forget())
                if not position & _SWEEP:
                    judge.settle_prohibitions(at)
                    tally.add(judge.forget())


def _sorted(source: Source, now: int) -> Source:
    """The same events by time; of several with one id, the first of the file."""
    ids: set[str] = set()
    events: list[Judged] = []
    for event in source():
        name = event[6]
        if event[0] > now or (name is not None and name in ids):
            continue
        if name is not None:
            ids.add(name)
        events.append(event)
    events.sort(key=lambda event: event[0])
    return lambda: events


class Sheet:
    """Writes clocks as lines of JSON, in the order of the contract language."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.zone: Zone = judge.versions[0][1].zone

    def clocks(self, wanted: Callable[[Clock], bool] | None = None) -> list[Clock]:
        """The judge's clocks by duty, subject and index."""
        by_duty: dict[str, list[Clock]] = {id: [] for id in self.judge.duties}
        for _, matter in sorted(self.judge.matters.items()):
            for clock in matter.all_clocks():  # which gives those of one duty by their index
                if wanted is None or wanted(clock):
                    by_duty[clock.rule.id].append(clock)
        return [clock for found in by_duty.values() for clock in found]

    def lines(self, clocks: Iterable[Clock]) -> Iterator[str]:
        text = self.zone.text
        starts: dict[Rule, str] = {}
        subjects: dict[str, str] = {}
        for clock in clocks:
            rule, subject, closed = clock.rule, clock.subject, clock.closed
            start = starts.get(rule)
            if start is None:
                duty, clause = _quoted(rule.id), _quoted(rule.clause)
                start = starts[rule] = f'{{"duty": {duty}, "clause": {clause}, "subject": '
            quoted = subjects.get(subject)
            if quoted is None:
                quoted = subjects[subject] = _quoted(subject)
            end = "null" if closed is None else f'"{text(closed)}"'
            line = (
                f'{start}{quoted}, "index": {clock.index}, "opened": "{text(clock.opened)}", '
                f'"due": "{text(clock.due)}", "state": "{NAMES[clock.state]}", "closed": {end}'
            )
            if clock.provisional:
                line += ', "provisional": true'
            if clock.first_due is not None:
                line += f', "first_due": "{text(clock.first_due)}"'
            yield line + "}"

    def record(self, clock: Clock) -> dict[str, object]:
        """The same as an object."""
        written: dict[str, object] = orjson.loads(next(self.lines([clock])))
        return written


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def is_unfinished(clock: Clock) -> bool:
    """Open, suspended, or breached without having been performed since."""
    return clock.state <= BREACHED
