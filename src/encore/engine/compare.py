"""Two texts, clause by clause: which clauses speak of the same thing, by what one can tell, and where they differ."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from encore.engine import words
from encore.engine.edition import Edition
from encore.engine.model import TermTable, is_reference
from encore.engine.patterns import Pattern
from encore.engine.terms import Terms
from encore.engine.text import Entry, SpokenDuty, Text, text_of
from encore.engine.words import Texts

# How two clauses are known to speak of the same thing, the surest first.
SAME_PROMISE: Final = "promise"  # a duty, right, limit or remedy of one id: editions use one id for one promise
SAME_HEADING: Final = "heading"
SAME_DOCUMENT: Final = "document"  # an annex that is one document of the product
SAME_EVENTS: Final = "events"  # duties that one kind of event starts and one kind of event fulfils
SAME_VOCABULARY: Final = "vocabulary"  # rows of one vocabulary
SAME_ACT: Final = "act"  # the one operation of the product that carries out this clause and no other; too weak to pair
_WEAK: Final = (SAME_HEADING, SAME_DOCUMENT, SAME_EVENTS, SAME_VOCABULARY)


@dataclass(frozen=True, slots=True)
class Reason:
    kind: str
    what: Texts


@dataclass(frozen=True, slots=True)
class Fact:
    """The same question put to both: time, start, done, owed_by of a duty, or a key of the contract's term."""

    name: str
    left: Texts
    right: Texts
    differs: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A duty of the one, of the other, or of both with what they say of it."""

    left: SpokenDuty | None
    right: SpokenDuty | None
    facts: tuple[Fact, ...] = ()

    @property
    def differing(self) -> list[str]:
        return [fact.name for fact in self.facts if fact.differs]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Clauses of both that speak of the same thing."""

    left: tuple[Entry, ...]
    right: tuple[Entry, ...]
    reasons: tuple[Reason, ...]
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Alone:
    """A clause of which no counterpart was found. `near`: clauses of the other that share something with it, but not enough."""

    entry: Entry
    near: tuple[tuple[Entry, Reason], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Text
    right: Text
    term: tuple[Fact, ...]
    pairings: tuple[Pairing, ...]
    only_left: tuple[Alone, ...]
    only_right: tuple[Alone, ...]
    matches: tuple[Match, ...]  # of all clauses, paired or alone

    def matched(self) -> list[Match]:
        return [match for match in self.matches if match.left and match.right]

    def unmatched(self) -> list[Match]:
        return [match for match in self.matches if not (match.left and match.right)]


Link = tuple[str, str]
"""The numbers of a clause on the left and of one on the right."""


def compare(left: Terms, right: Terms) -> Comparison:
    """What two editions, each with its parameters filled in, have in common and where they part."""
    a, b = text_of(left), text_of(right)
    found = _reasons(a, b)
    groups = _groups(a, b, found)
    in_left = {number for lefts, _ in groups for number in lefts}
    in_right = {number for _, rights in groups for number in rights}
    entries_a, entries_b = ({entry.number: entry for entry in text.entries} for text in (a, b))

    def alike(one: SpokenDuty, other: SpokenDuty) -> bool:
        return _alike(a.edition, one, b.edition, other)

    pairings = tuple(
        _pairing([entries_a[one] for one in lefts], [entries_b[one] for one in rights], found, alike)
        for lefts, rights in groups
    )
    only_left = tuple(
        Alone(
            entry, tuple((entries_b[theirs], why[0]) for (mine, theirs), why in found.items() if mine == entry.number)
        )
        for entry in a.entries
        if entry.number not in in_left
    )
    only_right = tuple(
        Alone(
            entry, tuple((entries_a[theirs], why[0]) for (theirs, mine), why in found.items() if mine == entry.number)
        )
        for entry in b.entries
        if entry.number not in in_right
    )
    matches = [match for pairing in pairings for match in pairing.matches]
    matches += [Match(one, None) for alone in only_left for one in alone.entry.duties]
    matches += [Match(None, one) for alone in only_right for one in alone.entry.duties]
    return Comparison(a, b, _term(left, right), pairings, only_left, only_right, tuple(matches))


# ---- Which clauses belong together ----------------------------------------------------------------


def _reasons(a: Text, b: Text) -> dict[Link, list[Reason]]:
    """For clauses of either side why they may speak of the same thing, the surest reason first."""
    found: dict[Link, list[Reason]] = {}
    links: Iterable[tuple[Link, Reason]] = (
        *_same_promises(a.edition, b.edition),
        *_same_headings(a.edition, b.edition),
        *_same_documents(a.edition, b.edition),
        *_same_events(a, b),
        *_same_vocabularies(a.edition, b.edition),
        *_same_acts(a.edition, b.edition),
    )
    for link, reason in links:
        reasons = found.setdefault(link, [])
        if reason not in reasons:
            reasons.append(reason)
    return found


def _same_promises(a: Edition, b: Edition) -> Iterator[tuple[Link, Reason]]:
    for table in ("duty", "right", "limit", "remedy"):
        others = {row.id: row for row in getattr(b.file, table)}
        for row in getattr(a.file, table):
            if row.id in others:
                label = row.label or a.clauses[row.clause].heading or {a.language: row.id}
                yield (row.clause, others[row.id].clause), Reason(SAME_PROMISE, words.both(a, label))


def _same_headings(a: Edition, b: Edition) -> Iterator[tuple[Link, Reason]]:
    """In the language that binds: translations of two headings may agree by chance."""
    language = a.language
    others: dict[str, list[str]] = {}
    for clause in b.file.clause:
        if clause.heading and language in clause.heading:
            others.setdefault(clause.heading[language], []).append(clause.number)
    for clause in a.file.clause:
        for number in others.get((clause.heading or {}).get(language, ""), ()):
            assert clause.heading is not None
            yield (clause.number, number), Reason(SAME_HEADING, words.both(a, clause.heading))


def _same_documents(a: Edition, b: Edition) -> Iterator[tuple[Link, Reason]]:
    for row in a.file.annex:
        for other in b.file.annex:
            if row.document and row.document == other.document:
                yield (row.clause, other.clause), Reason(SAME_DOCUMENT, words.both(a, row.label))


def _same_events(a: Text, b: Text) -> Iterator[tuple[Link, Reason]]:
    for one in a.duties:
        for other in b.duties:
            if _alike(a.edition, one, b.edition, other):
                yield (one.clause, other.clause), Reason(SAME_EVENTS, one.done)


def _same_acts(a: Edition, b: Edition) -> Iterator[tuple[Link, Reason]]:
    acts_a, acts_b = _acts(a), _acts(b)
    for act, clauses in acts_a.items():
        others = acts_b.get(act, [])
        if len(clauses) == len(others) == 1:
            name = act.removeprefix(_ACT)
            yield (clauses[0], others[0]), Reason(SAME_ACT, words.texts(name, name))


_ACT: Final = "operation:"


def _acts(edition: Edition) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clause in edition.file.clause:
        for name in clause.realised:
            if name.startswith(_ACT):
                found.setdefault(name, []).append(clause.number)
    return found


def _same_vocabularies(a: Edition, b: Edition) -> Iterator[tuple[Link, Reason]]:
    """Clauses that lay down rows of one key, or that each lay down the whole of a vocabulary."""
    for table, name in words.VOCABULARIES.items():
        rows_a, rows_b = a.vocabulary[table], b.vocabulary[table]
        clauses = [list({row.clause for row in rows.values()}) for rows in (rows_a, rows_b)]
        if len(clauses[0]) == len(clauses[1]) == 1:
            yield (clauses[0][0], clauses[1][0]), Reason(SAME_VOCABULARY, name)
            continue
        shared: dict[Link, list[Texts]] = {}
        for key, row in rows_a.items():
            if key in rows_b:
                shared.setdefault((row.clause, rows_b[key].clause), []).append(words.both(a, row.label))
        for link, labels in shared.items():
            yield link, Reason(SAME_VOCABULARY, words.joined([name, words.joined(labels)], "：", ": "))


def _alike(a: Edition, one: SpokenDuty, b: Edition, other: SpokenDuty) -> bool:
    """Whether two duties of different names are set running by, and wait for, the same kind of event."""
    mine, theirs = one.rule, other.rule
    return (
        one.kind == other.kind
        and _meet(a, mine.when, b, theirs.when)
        and _meet(a, mine.done or mine.forbid, b, theirs.done or theirs.forbid)
    )


def _meet(a: Edition, mine: tuple[Pattern, ...], b: Edition, theirs: tuple[Pattern, ...]) -> bool:
    return any(one.event == other.event and _tests(a, one) == _tests(b, other) for one in mine for other in theirs)


def _tests(edition: Edition, pattern: Pattern) -> dict[str, frozenset[str]]:
    """What a pattern asks of an event's data, but for what every row of a vocabulary would pass."""
    return {
        key: frozenset(map(str, allowed))
        for key, allowed in pattern.where
        if not (rows := edition.vocabulary.get(key)) or not set(rows) <= set(allowed)
    }


def _groups(a: Text, b: Text, found: Mapping[Link, list[Reason]]) -> list[tuple[list[str], list[str]]]:
    """Clauses that share a promise stand together, however many; of the others each is paired once, by its surest reason."""
    order_a, order_b = ({entry.number: place for place, entry in enumerate(text.entries)} for text in (a, b))
    groups: list[tuple[set[str], set[str]]] = []
    for (left, right), reasons in found.items():
        if reasons[0].kind == SAME_PROMISE:
            touched = [group for group in groups if left in group[0] or right in group[1]]
            groups = [group for group in groups if group not in touched]
            groups.append(({left}.union(*(g[0] for g in touched)), {right}.union(*(g[1] for g in touched))))
    free_a = set(order_a).difference(*(lefts for lefts, _ in groups))
    free_b = set(order_b).difference(*(rights for _, rights in groups))
    rest = sorted(
        (_WEAK.index(reasons[0].kind), -len(reasons), order_a[left], order_b[right], left, right)
        for (left, right), reasons in found.items()
        if left in free_a and right in free_b and reasons[0].kind in _WEAK
    )
    for *_, left, right in rest:
        if left in free_a and right in free_b:
            groups.append(({left}, {right}))
            free_a.remove(left)
            free_b.remove(right)
    ordered = [
        (sorted(lefts, key=order_a.__getitem__), sorted(rights, key=order_b.__getitem__)) for lefts, rights in groups
    ]
    return sorted(ordered, key=lambda group: order_a[group[0][0]])


def _pairing(
    left: list[Entry],
    right: list[Entry],
    found: Mapping[Link, list[Reason]],
    alike: Callable[[SpokenDuty, SpokenDuty], bool],
) -> Pairing:
    reasons: list[Reason] = []
    for one in left:
        for other in right:
            reasons += [reason for reason in found.get((one.number, other.number), ()) if reason not in reasons]
    return Pairing(tuple(left), tuple(right), tuple(reasons), tuple(_matches(left, right, alike)))


# ---- What they say --------------------------------------------------------------------------------


def _matches(left: list[Entry], right: list[Entry], alike: Callable[[SpokenDuty, SpokenDuty], bool]) -> Iterator[Match]:
    """Duties of one id first, then those that wait for the same events, then what only one side owes."""
    mine = {one.id: one for entry in left for one in entry.duties}
    theirs = {one.id: one for entry in right for one in entry.duties}
    for id in [id for id in mine if id in theirs]:
        yield _match(mine.pop(id), theirs.pop(id))
    for id, one in list(mine.items()):
        other = next((other for other in theirs.values() if alike(one, other)), None)
        if other is not None:
            yield _match(mine.pop(id), theirs.pop(other.id))
    yield from (Match(one, None) for one in mine.values())
    yield from (Match(None, one) for one in theirs.values())


def _match(one: SpokenDuty, other: SpokenDuty) -> Match:
    facts = [
        Fact(name, getattr(one, name), getattr(other, name), getattr(one, name) != getattr(other, name))
        for name in ("time", "start", "done")
    ]
    facts.append(Fact("owed_by", one.owed_by, other.owed_by, one.debtor != other.debtor))
    return Match(one, other, tuple(facts))


def _term(left: Terms, right: Terms) -> tuple[Fact, ...]:
    """What both say of the contract itself: how long it runs, how long before its end notice is given."""
    said = [(name, _term_value(left, name), _term_value(right, name)) for name in TermTable.model_fields]
    return tuple(Fact(name, mine, theirs, mine != theirs) for name, mine, theirs in said if mine or theirs)


_SPANS: Final = ("length", "renewal_notice", "termination_notice", "confidentiality_tail")


def _term_value(terms: Terms, name: str) -> Texts:
    value: Any = getattr(terms.edition.file.term, name)
    if value is None:
        return {}
    listed = [_filled(terms, name, one) for one in (value if isinstance(value, list) else [value])]
    return words.joined(listed)


def _filled(terms: Terms, name: str, value: object) -> Texts:
    filled = terms.filled(value)
    if name in _SPANS:
        return words.span(str(filled))
    if is_reference(value) and isinstance(value, str):
        return words.value(terms.edition, terms.edition.parameters[value[1:]], filled)
    return words.code(str(filled))
