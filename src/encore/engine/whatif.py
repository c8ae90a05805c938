"""What if: the same events judged under two terms, clock by clock, or under many values of one parameter."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from encore.engine.batch import Source, judge_all
from encore.engine.clocks import BREACHED, DISCHARGED, LATE, Clock
from encore.engine.durations import Duration, deadline, duration
from encore.engine.edition import Edition
from encore.engine.events import AMENDED, EFFECTIVE, EXTENDED
from encore.engine.faults import ParameterError
from encore.engine.judge import Judge
from encore.engine.terms import Rule, Terms


class Listening(Judge):
    """A judge that notes which events speak of terms and extensions themselves.

    Not `heeding` them, it passes over the edition and the parameters that events carry.
    """

    def __init__(self, terms: Terms, *, heeding: bool = True, **more: Any) -> None:
        super().__init__(terms, **more)
        self.heeding = heeding
        self.told: list[
            tuple[int, Mapping[str, object], bool]
        ] = []  # position, parameters, whether it names an edition
        self.extended: set[str] = set()  # duties

    def first(self, at: int, position: int, kind: str, subject: str, data: Mapping[str, object]) -> None:
        if kind in (EFFECTIVE, AMENDED):
            if not self.heeding:
                return
            parameters, edition = data.get("parameters"), data.get("edition")
            self.told.append((position, parameters if isinstance(parameters, dict) else {}, edition is not None))
        elif kind == EXTENDED:
            self.extended.add(str(data.get("duty")))
        super().first(at, position, kind, subject, data)


@dataclass(frozen=True, slots=True)
class History:
    """What happened until `now`, and how it is to be read: `editions` and `heeding` as `judge_all` and `Listening` have it."""

    source: Source
    now: int
    editions: Mapping[str, Edition]
    heeding: bool = True

    def under(self, terms: Terms) -> Listening:
        def make(terms: Terms, **more: Any) -> Listening:
            return Listening(terms, heeding=self.heeding, **more)

        judged = judge_all(terms, self.source, self.now, editions=self.editions, make=make)
        assert isinstance(judged, Listening)
        return judged


# --- two sides --------------------------------------------------------------------------------------------------------


def was_breached(clock: Clock) -> bool:
    """Whether it ever was: performing it late, or an excuse that came afterwards, does not undo that."""
    return clock.breached is not None or clock.state in (BREACHED, LATE)


_MARKS: Final = (b"\0", b"\1")


class Findings:
    """What a comparison needs of a judge: for each duty and subject, in the order of their index, which were breached."""

    def __init__(self, judge: Judge) -> None:
        versions = reversed(judge.versions)
        clauses = {id: rule.clause for _, terms, _ in versions for id, rule in terms.rules.items()}
        self.clauses = {id: clauses[id] for id in judge.duties}
        self.breached: dict[str, dict[str, bytes | bytearray]] = {id: {} for id in self.clauses}
        for clock in judge.clocks():
            subjects, mark = self.breached[clock.rule.id], _MARKS[was_breached(clock)]
            known = subjects.get(clock.subject)
            if known is None:
                subjects[clock.subject] = mark  # most subjects have one clock of a duty, and share its mark
            elif isinstance(known, bytearray):
                known += mark
            else:
                subjects[clock.subject] = bytearray(known + mark)

    def find(self, clock: Clock) -> bool | None:
        """Whether the clock of that duty, subject and index was breached; None where there is none."""
        marks = self.breached.get(clock.rule.id, {}).get(clock.subject, b"")
        return bool(marks[clock.index]) if clock.index < len(marks) else None


@dataclass(slots=True)
class Difference:
    """How the clocks here compare with those there, in numbers of clocks."""

    both: int = 0  # that are on either side
    both_here: int = 0  # of which breached here
    more: int = 0  # breached there, but not here
    fewer: int = 0  # breached here, but not there
    only_here: int = 0
    only_here_breached: int = 0
    only_there: int = 0
    only_there_breached: int = 0

    @property
    def here(self) -> int:
        """All breaches here."""
        return self.both_here + self.only_here_breached

    @property
    def there(self) -> int:
        return self.both_here + self.more - self.fewer + self.only_there_breached

    @property
    def change(self) -> int:
        """How many breaches more there; negative for fewer."""
        return self.there - self.here

    def __bool__(self) -> bool:
        return bool(self.more or self.fewer or self.only_here or self.only_there)

    def add(self, other: "Difference") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def note(self, here: int | None, there: int | None) -> None:
        """A clock that was breached (1) or not (0) on each side; None where it is not there."""
        if here is not None and there is not None:
            self.both += 1
            self.both_here += here
            self.more += there > here
            self.fewer += here > there
        elif here is not None:
            self.only_here += 1
            self.only_here_breached += here
        elif there is not None:
            self.only_there += 1
            self.only_there_breached += there


@dataclass(slots=True)
class Row:
    """The duties of one clause, which may be another one there; None where that side has no such duty."""

    here: str | None
    there: str | None
    duties: list[str] = field(default_factory=list)
    difference: Difference = field(default_factory=Difference)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`duties`: the difference for each duty of either side. `here`, `there`: the clause of each duty on that side."""

    duties: dict[str, Difference]
    here: Mapping[str, str]
    there: Mapping[str, str]

    def total(self) -> Difference:
        whole = Difference()
        for difference in self.duties.values():
            whole.add(difference)
        return whole

    def by_clause(self) -> list[Row]:
        rows: dict[tuple[str | None, str | None], Row] = {}
        for id, difference in self.duties.items():
            clauses = (self.here.get(id), self.there.get(id))
            row = rows.setdefault(clauses, Row(*clauses))
            row.duties.append(id)
            row.difference.add(difference)
        return list(rows.values())

    def copy(self) -> "Comparison":
        return replace(self, duties={id: replace(difference) for id, difference in self.duties.items()})


def compare(here: Findings, there: Findings) -> Comparison:
    """Two clocks are the same one if duty, subject and index are."""
    found: dict[str, Difference] = {}
    for id in dict.fromkeys((*here.breached, *there.breached)):
        difference = found[id] = Difference()
        ours, theirs = here.breached.get(id, {}), there.breached.get(id, {})
        for subject in dict.fromkeys((*ours, *theirs)):
            left, right = ours.get(subject, b""), theirs.get(subject, b"")
            for index in range(max(len(left), len(right))):
                difference.note(
                    left[index] if index < len(left) else None, right[index] if index < len(right) else None
                )
    return Comparison(found, here.clauses, there.clauses)


# --- many values of one parameter -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variation:
    """A parameter of these terms, and the values it takes in turn. `ParameterError` where it cannot take one."""

    terms: Terms
    key: str
    values: Sequence[object]

    def of(self, terms: Terms) -> list[Terms]:
        """Terms of a version with each of the values in turn."""
        return [terms.edition.terms({**terms.given, self.key: value}) for value in self.values]


def vary(here: Findings, variation: Variation, history: History) -> list[Comparison]:
    """For each value the comparison with here: in one pass where the arithmetic allows, else judged again for each."""
    found = in_one_pass(here, variation, history)
    return one_by_one(here, variation, history) if found is None else found


def one_by_one(here: Findings, variation: Variation, history: History) -> list[Comparison]:
    return [compare(here, Findings(history.under(terms))) for terms in variation.of(variation.terms)]


def in_one_pass(here: Findings, variation: Variation, history: History) -> list[Comparison] | None:
    """The same from a single pass under the longest value; None where that would not be exact.

    Duties do not touch each other, so those that do not read the parameter have the same clocks under every value. A
    deadline that reads it as `within` has them too: what ends its clock (fulfilment, discharge, excuse) ends it in time or
    late, and under the longest value no discharge is hidden by a breach before it. Such a clock is breached under a
    value if it ran for longer than that, suspensions left out, until it ended or is now.

    Not exact: where the parameter is read otherwise (periods, prohibitions, patterns); where an event sets it, or
    extends such a clock; where a published calendar counts days again; and where a clock was discharged that a shorter
    value would have breached, and another one started after it, which the breached one would have kept from starting.
    """
    longest = _longest(variation.values)
    [terms] = replace(variation, values=[variation.values[longest]]).of(variation.terms)
    if _spans([terms], variation) is None:
        return None
    judge = history.under(terms)
    if any(variation.key in parameters for _, parameters, _ in judge.told):
        return None
    spans = _spans([terms for _, terms, _ in judge.versions], variation)
    if spans is None or any(rule.id in judge.extended for rule in spans):
        return None
    if judge.notices and any(rule.elapsed is None for rule in spans):
        return None
    groups = _Groups(here, judge, spans, history.now)
    return None if groups.hide_a_start() else groups.comparisons(longest, len(variation.values))


_SAME_CLOCKS: Final = frozenset({"within", "elapsed", "owed_by", "post", "warn"})
"""In what two rules may differ that open their clocks and end them with the same events."""


def _spans(versions: Iterable[Terms], variation: Variation) -> dict[Rule, list[Duration]] | None:
    """The rules that read the parameter, each with its `within` under every value; None where one does more with it."""
    spans: dict[Rule, list[Duration]] = {}
    for terms in versions:
        if variation.key not in terms.edition.parameters:
            continue
        try:
            others = variation.of(terms)
        except ParameterError:
            return None  # of a later edition; judging says where it comes in
        for id, rule in terms.rules.items():
            alike = [other.rules[id] for other in others]
            if any(_differing(rule, other) - _SAME_CLOCKS for other in alike):
                return None
            lengths = [other.within for other in alike if other.within is not None]
            if len(set(lengths)) > 1:
                if rule.forbid or not _ordered(lengths):
                    return None
                spans[rule] = lengths
    return spans


def _differing(rule: Rule, other: Rule) -> set[str]:
    return {one.name for one in fields(Rule) if getattr(rule, one.name) != getattr(other, one.name)}


def _ordered(lengths: Sequence[Duration]) -> bool:
    """Whether the greater of any two never ends earlier, whatever the day of the start."""
    return all(length.elapsed is not None for length in lengths) or len({length.unit for length in lengths}) == 1


def _longest(values: Sequence[object]) -> int:
    """The number of the longest value; 0 where they are no durations."""
    try:
        lengths = [duration(str(value)).roughly for value in values]
    except ValueError:
        return 0
    return lengths.index(max(lengths))


class _Groups:
    """The clocks that read the parameter, judged under its longest value: how long they ran, by what limits them."""

    def __init__(self, here: Findings, judge: Judge, spans: Mapping[Rule, list[Duration]], now: int) -> None:
        self.here = here
        self.judge = judge
        self.spans = spans
        self.now = now
        self._limits: dict[tuple[Rule, int | None], list[int]] = {}

    def varying(self) -> Iterable[Clock]:
        return (clock for clock in self.judge.clocks() if clock.rule in self.spans)

    def hide_a_start(self) -> bool:
        """Whether under a shorter value a breach would have outlived what discharged the clock and let another one start."""
        discharged: dict[tuple[str, str], int] = {}
        for clock in self.varying():
            if clock.state == DISCHARGED:
                day, ran = self.ran(clock)
                if ran > min(self.limits(clock.rule, day)):
                    place = clock.rule.id, clock.subject
                    discharged[place] = min(clock.index, discharged.get(place, clock.index))
        return bool(discharged) and any(
            clock.index > discharged.get((clock.rule.id, clock.subject), clock.index) for clock in self.judge.clocks()
        )

    def comparisons(self, longest: int, values: int) -> list[Comparison]:
        """For each of so many values; `longest` is the number of the one that was judged."""
        groups: dict[tuple[Rule, int | None, bool | None], list[int]] = defaultdict(list)
        for clock in self.varying():
            day, ran = self.ran(clock)
            groups[clock.rule, day, self.here.find(clock)].append(ran)
        judged = compare(self.here, Findings(self.judge))
        found = [judged.copy() for _ in range(values)]
        for (rule, day, breached_here), times in groups.items():
            times.sort()
            breached = [len(times) - bisect_right(times, limit) for limit in self.limits(rule, day)]
            for comparison, number in zip(found, breached, strict=True):
                difference, added = comparison.duties[rule.id], number - breached[longest]
                if breached_here is None:
                    difference.only_there_breached += added
                elif breached_here:
                    difference.fewer -= added
                else:
                    difference.more += added
        return found

    def ran(self, clock: Clock) -> tuple[int | None, int]:
        """How long it ran, suspensions left out; where days are counted, the day it started on, and until when it ran."""
        end = self.now if clock.closed is None else clock.closed
        day = None if clock.rule.elapsed is not None else clock.rule.zone.day(clock.opened)
        ran = end if day is not None else end - clock.opened
        for suspension in self.judge.suspensions if clock.rule.suspendable else ():
            lifted = end if suspension.lifted is None else min(end, suspension.lifted[0])
            ran -= max(0, lifted - max(suspension.declared[0], clock.opened))
        return day, ran

    def limits(self, rule: Rule, day: int | None) -> list[int]:
        """For each value, what a clock must not run beyond."""
        limits = self._limits.get((rule, day))
        if limits is None:
            start = 0 if day is None else rule.zone.midnight(day)
            calendar = self.judge.calendar
            limits = [deadline(start, length, rule.zone, calendar).moment for length in self.spans[rule]]
            self._limits[rule, day] = limits
        return limits
