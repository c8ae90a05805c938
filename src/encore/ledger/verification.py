"""Whether the ledger is what it was: every stored byte against its hash, and every clock against the judge.

Three findings, which mean three different things. *Altered*: bytes, a chain, the tree or a signature do not fit, so that
somebody or something has changed what was recorded. *Wrong*: the same judge finds another clock in the same events, which
is a defect of ours or a changed row. *Stale*: another engine or calendar judged the clock, and nobody has judged it again.

Reads one snapshot, in parts, and locks nothing. Says keys and numbers, never what an event holds.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import orjson
from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from encore.ledger.chain import genesis, leaf, link
from encore.ledger.checkpoints import (
    NotANote,
    Statement,
    Verifier,
    handed_on,
    peaks_of,
    read_note,
    read_signed,
    verifiers,
)
from encore.ledger.judged_by import judged_by
from encore.ledger.merkle import EMPTY, Frontier, Hash
from encore.ledger.models import Checkpoint, EditionFile, Sealing
from encore.ledger.nouns import Key
from encore.ledger.rebuild import (
    contracts,
    differences,
    has_terms_as_told,
    judged_up_to,
    rows,
    subjects,
    unreadable,
)


class Kind(StrEnum):
    """The gravest first."""

    ALTERED = "altered"
    WRONG = "wrong"
    STALE = "stale"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: Final = {
    # Translators: a finding about the ledger: bytes, a chain, the tree or a signature do not fit.
    Kind.ALTERED: _("altered"),
    # Translators: a finding about a clock: the same judge finds another one in the same events.
    Kind.WRONG: _("wrong"),
    # Translators: a finding about a clock: it was judged by another engine or calendar version.
    Kind.STALE: _("stale"),
}


@dataclass(frozen=True)
class Finding:
    """`row` names it: `event 17 (complaint:7 #3)`."""

    kind: Kind
    row: str
    said: str | Promise


@dataclass
class Tally:
    """What was looked at."""

    events: int = 0
    unsealed: int = 0
    streams: int = 0
    checkpoints: int = 0
    subjects: int = 0
    recorded_to: str = ""  # the latest moment at which anything was recorded, as the bytes of the events have it
    findings: Counter[Kind] = field(default_factory=Counter)

    def latest(self, now: datetime) -> datetime:
        """The later of this and what was recorded, perhaps by a machine whose clock is ahead of ours."""
        return max(now, datetime.fromisoformat(self.recorded_to)) if self.recorded_to else now

    def numbers(self) -> dict[str, int | str]:
        looked_at = {
            "events": self.events, "streams": self.streams, "unsealed": self.unsealed, "checkpoints": self.checkpoints,
            "subjects": self.subjects,
        }  # fmt: skip
        return {**looked_at, **{str(kind): self.findings[kind] for kind in Kind}, "judge": judged_by()}

    def sentence(self) -> str:
        looked_at = _(
            "{events} events in {streams} streams, {unsealed} not sealed yet, {checkpoints} checkpoints; "
            "the clocks on {subjects} subjects. Altered: {altered}, wrong: {wrong}, stale: {stale}."
        )
        return looked_at.format(**self.numbers())


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read within is of one moment; writers go on."""
    connection.ensure_connection()
    if connection.in_atomic_block or (connection.vendor == "sqlite" and connection.connection.in_transaction):
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # Django begins so that nobody else could write
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def altered(row: str, said: str | Promise) -> Finding:
    return Finding(Kind.ALTERED, row, said)


def _event(id: int, key: object, seq: int) -> str:
    return f"event {id} ({key} #{seq})"


# --- streams -----------------------------------------------------------------------------------------------------------


def streams(tally: Tally) -> Iterator[Finding]:
    """Every event against its hash, its chain and its place, and every head against the end of its stream."""
    found = rows(
        "SELECT event.id, event.noun, event.noun_id, event.seq, event.body, event.leaf, event.chain, head.id, head.seq,"
        " head.chain FROM ledger_event AS event LEFT JOIN ledger_head AS head"
        " ON head.noun = event.noun AND head.noun_id = event.noun_id"
        " ORDER BY event.noun, event.noun_id, event.seq"
    )
    for (noun, noun_id), events in itertools.groupby(found, lambda row: row[1:3]):
        tally.streams += 1
        yield from _stream(Key(noun, noun_id), events, tally)
    empty = rows(
        "SELECT noun, noun_id FROM ledger_head AS head WHERE NOT EXISTS"
        " (SELECT 1 FROM ledger_event AS event WHERE event.noun = head.noun AND event.noun_id = head.noun_id)"
    )
    for noun, noun_id in empty:
        yield altered(f"head {noun}:{noun_id}", _("the events of its stream are missing"))


def _stream(key: Key, events: Iterable[tuple[Any, ...]], tally: Tally) -> Iterator[Finding]:
    before = [genesis(key)]  # and where a chain did not fit, also what it should have been: each fault is named once
    expected, last = 0, None
    for id, _noun, _noun_id, seq, body, stored, chain, *head in events:
        tally.events += 1
        stored, chain, hashed = bytes(stored), bytes(chain), leaf(bytes(body))
        if seq != expected:
            yield from _gap(id, key, seq, expected)
            before, expected = [], seq
        links = [link(one, hashed) for one in before]
        if hashed != stored:
            yield altered(_event(id, key, seq), _("its bytes are not those that were hashed"))
            links += [link(one, stored) for one in before]
        if before and chain not in links:
            yield altered(_event(id, key, seq), _("its chain does not follow from the event before it"))
        before = [chain] if links == [chain] else [chain, *links]
        expected += 1
        last = head
    assert last is not None
    number, end, chain = last
    if number is None:
        yield altered(f"head {key}", _("it is missing"))
    elif end != expected - 1:
        yield altered(f"head {key}", _("its stream ends at another number: events are missing, or it was changed"))
    elif bytes(chain) not in before:
        yield altered(f"head {key}", _("its chain is not that of the last event"))


def _gap(id: int, key: Key, seq: int, expected: int) -> Iterator[Finding]:
    if seq < expected:
        yield altered(_event(id, key, seq), _("its number is not one of its stream"))
    else:
        numbers = f"#{expected}" if seq == expected + 1 else f"#{expected}–{seq - 1}"
        yield altered(f"event ({key} {numbers})", _("it is missing from its stream"))


# --- entries -----------------------------------------------------------------------------------------------------------

_COLUMNS: Final = ("subject", "seq", "type", "schema", "actor", "occurred_at", "recorded_at")


def entries(tally: Tally) -> Iterator[Finding]:
    """The columns of every event, and what it is said to concern, against its bytes."""
    settled = (Sealing.objects.first() or Sealing(settled_to=0)).settled_to
    # As text, for what is no time any more, or none that can be read, has to be named like everything else.
    in_database: Callable[[str], str]
    if connection.vendor == "sqlite":
        written, in_database = "CAST({} AS TEXT)", _as_sqlite_has_it
    else:
        written, in_database = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')", str
    times = ", ".join(written.format(f"event.{column}") for column in _COLUMNS[-2:])
    found = rows(
        f"SELECT event.id, event.noun, event.noun_id, event.seq, event.type, event.schema, event.actor, {times},"  # noqa: S608
        " event.body, leaf.number FROM ledger_event AS event LEFT JOIN ledger_leaf AS leaf ON leaf.event = event.id"
        " ORDER BY event.id"
    )
    concerns = _Concerns()
    for id, noun, noun_id, seq, *others, body, number in found:
        yield from concerns.before(id)
        key, columns = Key(noun, noun_id), (f"{noun}:{noun_id}", seq, *others)
        concerned = concerns.of(id)
        if number is None:
            tally.unsealed += 1
            if id <= settled:
                yield altered(_event(id, key, seq), _("it is not in the tree, though later events are"))
        try:
            said = orjson.loads(bytes(body))
            at, recorded_at = in_database(said["at"]), in_database(said["recorded_at"])
            expected = (said["subject"], said["seq"], said["type"], said["schema"], said["actor"], at, recorded_at)
            to_concern = _to_concern([said["subject"], *said["refs"]])
        except (ValueError, KeyError, TypeError, AttributeError):
            yield altered(_event(id, key, seq), _("its bytes cannot be read"))
            continue
        if columns != expected:
            names = [name for name, is_, was in zip(_COLUMNS, columns, expected, strict=True) if is_ != was]
            yield altered(
                _event(id, key, seq), format_lazy(_("not what its bytes say: {names}"), names=", ".join(names))
            )
        else:
            tally.recorded_to = max(tally.recorded_to, said["recorded_at"])
        if concerned != to_concern and Counter(concerned) != Counter(to_concern):
            yield altered(_event(id, key, seq), _("the rows of what it concerns are not what its bytes say"))
    yield from concerns.before(None)


def _as_sqlite_has_it(moment: str) -> str:
    """`2026-03-10 14:40:00` for `2026-03-10T14:40:00.000000Z`; fractions of a second only where there are any."""
    return f"{moment[:10]} {moment[11:19]}{moment[19:26] if moment[19:26] != '.000000' else ''}"


Concerned = tuple[str, int, int | None, bool]
"""A row of what an event concerns: noun, its id, the contract, whether it is the subject."""


def _to_concern(names: Sequence[str]) -> list[Concerned]:
    keys = [(noun, int(number)) for noun, _colon, number in (name.partition(":") for name in names)]
    own = {number for noun, number in keys if noun == "contract"}
    contracts: list[int | None] = [*sorted(own)] or [None]
    return [(*key, contract, not place) for place, key in enumerate(keys) for contract in contracts]


class _Concerns:
    """What events are said to concern, read beside the events in the order of their numbers."""

    def __init__(self) -> None:
        self._rows = rows(
            "SELECT event_id, noun, noun_id, contract, is_subject FROM ledger_concern ORDER BY event_id, id"
        )
        self._next = next(self._rows, None)

    def of(self, event: int) -> list[Concerned]:
        found = []
        while self._next is not None and self._next[0] == event:
            _event, noun, noun_id, contract, is_subject = self._next
            found.append((noun, noun_id, contract, bool(is_subject)))
            self._next = next(self._rows, None)
        return found

    def before(self, event: int | None) -> Iterator[Finding]:
        """Rows that are about no event."""
        while self._next is not None and (event is None or self._next[0] < event):
            id = self._next[0]
            self.of(id)
            yield altered(f"event {id}", _("it is missing, though there are rows of what it concerns"))


# --- tree --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A checkpoint that the tree must agree with. `row` names it; `peaks` are stored with it, if it is one of ours."""

    row: str
    said: Statement
    peaks: tuple[Hash, ...] = ()


def kept_by_others(note: str, name: str, trusted: Sequence[Verifier]) -> Held:
    """A checkpoint that was handed out. `NotANote` where it is none of those that this ledger has signed."""
    said = read_note(note, trusted)
    return Held(f"checkpoint {said.number} ({name})", said)


def tree(tally: Tally, trusted: Sequence[Verifier], kept: Sequence[Held] = ()) -> Iterator[Finding]:
    """Every leaf against its event, and the tree against every checkpoint: ours, and those `kept` by others."""
    found: list[Finding] = []
    ahead = heapq.merge(_checkpoints(trusted, found, tally), sorted(kept, key=_size), key=_size)
    grown = _Grown()
    expected = next(ahead, None)
    for number, event, sealed, of_event, noun, noun_id, seq in rows(
        "SELECT leaf.number, leaf.event, leaf.hash, event.leaf, event.noun, event.noun_id, event.seq"
        " FROM ledger_leaf AS leaf LEFT JOIN ledger_event AS event ON event.id = leaf.event ORDER BY leaf.number"
    ):
        while expected is not None and expected.said.size <= number:
            yield from grown.compare(expected)
            expected = next(ahead, None)
        yield from found
        found.clear()
        if expected is None:
            yield altered(
                f"leaf {number} (event {event})", _("no checkpoint covers it: one is missing, or it was added")
            )
        else:
            of_event = None if of_event is None else bytes(of_event)
            if of_event not in (None, bytes(sealed)):
                grown.differing.append((f"leaf {number} (event {event})", _event(event, f"{noun}:{noun_id}", seq)))
            yield from grown.add(number, event, bytes(sealed), of_event)
    while expected is not None:
        yield from grown.compare(expected)
        expected = next(ahead, None)
    yield from found


def _size(held: Held) -> int:
    return held.said.size


def _checkpoints(trusted: Sequence[Verifier], found: list[Finding], tally: Tally) -> Iterator[Held]:
    """Those that say what was signed; what is wrong with others is put into `found`."""
    size, expected, retired = 0, 0, set[Verifier]()
    for one in Checkpoint.objects.order_by("number").iterator():
        tally.checkpoints += 1
        row, peaks = f"checkpoint {one.number}", tuple(peaks_of(bytes(one.peaks)))
        if one.number != expected:
            found.append(altered(f"checkpoint {expected}", _("it is missing")))
        expected = one.number + 1
        try:
            said, signed_by = read_signed(one.note, trusted)
        except NotANote:
            found.append(altered(row, _("no key of ours has signed what its note says")))
            continue
        if signed_by <= retired:
            found.append(altered(row, _("it is signed by a key that had been handed over before")))
        if said.next:
            retired |= signed_by
        if (one.number, one.size) != (said.number, said.size):
            found.append(altered(row, _("its number or size is not what its note says")))
        if said.size < size or (said.size == size and not said.next):
            found.append(altered(row, _("it is of an earlier tree than the one before it")))
            continue
        if len(peaks) != said.size.bit_count() or Frontier(said.size, peaks).root != said.root:
            found.append(altered(row, _("its peaks are not those of the tree that was signed")))
            peaks = ()
        size = said.size
        yield Held(row, said, peaks)


class _Grown:
    """The tree as it grows out of the leaves, and beside it as the events would have it, where that is another."""

    def __init__(self) -> None:
        self.of_leaves = Frontier()
        self.of_events: Frontier | None = None
        self.since = 0  # how many leaves the last checkpoint had
        self.differing: list[tuple[str, str]] = []  # leaf, event

    def add(self, number: int, event: int, sealed: Hash, of_event: Hash | None) -> Iterator[Finding]:
        if number < self.of_leaves.size:
            yield altered(f"leaf {number} (event {event})", _("its number is not one of the tree"))
            return
        if (missing := number - self.of_leaves.size) > 0:
            row = f"leaf {number - missing}" + (f"–{number - 1}" if missing > 1 else "")
            yield altered(row, _("it is missing"))
            for _one in range(missing):
                self._grow(EMPTY, EMPTY)
        if of_event is None:
            yield altered(f"leaf {number} (event {event})", _("the event is missing"))
        self._grow(sealed, of_event or sealed)

    def _grow(self, sealed: Hash, of_event: Hash) -> None:
        if self.of_events is None and sealed != of_event:
            self.of_events = self.of_leaves.copy()
        self.of_leaves.add(sealed)
        if self.of_events is not None:
            self.of_events.add(of_event)

    def compare(self, held: Held) -> Iterator[Finding]:
        """With a checkpoint of as many leaves as there are now."""
        said, since = held.said, self.since
        if self.of_leaves.size < said.size:
            text = _("leaves {first} to {last} are missing from the tree it was signed over")
            yield altered(held.row, format_lazy(text, first=self.of_leaves.size, last=said.size - 1))
        elif self.of_leaves.root == said.root:
            for _leaf, event in self.differing:
                yield altered(event, _("its hash is not the one that was sealed"))
            self.of_events = None
        elif self.of_events is not None and self.of_events.root == said.root:
            for leaf, _event in self.differing:
                yield altered(leaf, _("its hash is not that of the event, which is as it was sealed"))
            self.of_leaves, self.of_events = self.of_events, None
        else:
            for _leaf, event in self.differing:
                yield altered(event, _("its hash is not the one that was sealed"))
            text = _("leaves {first} to {last} are not those that it was signed over")
            yield altered(held.row, format_lazy(text, first=since, last=said.size - 1))
        self.differing, self.since = [], said.size
        if held.peaks:
            self.of_leaves, self.of_events = Frontier(said.size, held.peaks), None


# --- editions and clocks -----------------------------------------------------------------------------------------------


def editions() -> Iterator[Finding]:
    for file in EditionFile.objects.iterator(chunk_size=1):
        if sha256(bytes(file.content)).hexdigest() != file.sha256:
            yield altered(f"edition {file.sha256}", _("its bytes are not those that it is named after"))


def times() -> Iterator[Finding]:
    """The rows that the judge goes on from, and that nobody can read as what he has written."""
    for one in unreadable():
        yield altered(one.row, _("it cannot be read"))


def clocks(tally: Tally, now: datetime) -> Iterator[Finding]:
    """The terms of every contract, and every clock, against what the events alone give.

    At the moment up to which all are judged: whose clock is behind does not find wrong what others found before.
    """
    broken = list(unreadable())
    unreadable_keys = {(one.contract, one.key) for one in broken}
    for contract in contracts():
        if (contract, None) in unreadable_keys:
            continue
        if not has_terms_as_told(contract):
            yield Finding(Kind.WRONG, f"terms contract:{contract}", _("they are not those that the events tell"))
        at = judged_up_to(contract, tally.latest(now))
        for found in subjects(contract):
            tally.subjects += len(found)
            keys = [key for key in found if (contract, key) not in unreadable_keys]
            if not keys:
                continue
            try:
                for one in differences(contract, keys, at):
                    yield Finding(Kind.STALE if one.is_stale else Kind.WRONG, one.row, one.said)
            except Exception as error:
                row = f"contract:{contract}, {keys[0]} to {keys[-1]}"
                said = _("its clocks cannot be judged: {error}")
                yield Finding(Kind.WRONG, row, format_lazy(said, error=type(error).__name__))


def recorded(tally: Tally, kept: Sequence[Held] = (), trusted: Sequence[Verifier] | None = None) -> Iterator[Finding]:
    """What clocks are judged by. `trusted`: the keys whose signatures count, instead of our own."""
    keys = handed_on(verifiers() if trusted is None else trusted)
    yield from itertools.chain(streams(tally), entries(tally), tree(tally, keys, kept), editions(), times())


def verify(
    tally: Tally, now: datetime, kept: Sequence[Held] = (), trusted: Sequence[Verifier] | None = None
) -> Iterator[Finding]:
    """All of it, in one snapshot. What was recorded comes first: with other events the clocks are others, too."""
    with snapshot():
        for found in itertools.chain(recorded(tally, kept, trusted), clocks(tally, now)):
            tally.findings[found.kind] += 1
            yield found
