"""The judge: events in, clocks out. One event at a time, in the order of their time; `batch.py` judges whole files.

State lies with the subjects (`Matter`), so that a ledger can load what one event concerns, judge it, and save what changed.
What concerns the whole contract (its versions, force majeure, its end, published calendars) is the judge's own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, MutableSequence, Sequence
from datetime import date
from typing import Any

from encore.engine.calendar import PUBLISHED as CALENDAR
from encore.engine.calendar import Calendar
from encore.engine.clocks import BREACHED, DISCHARGED, EXCUSED, FULFILLED, LATE, OPEN, SUSPENDED, Clock
from encore.engine.durations import boundary, calendar_boundary, deadline
from encore.engine.edition import Edition
from encore.engine.events import (
    AMENDED,
    DECLARED,
    EFFECTIVE,
    EXTENDED,
    LIFTED,
    PUBLISHED,
    Event,
    Judged,
    judged,
    read_time,
)
from encore.engine.events import (
    EXCUSED as DUTY_EXCUSED,
)
from encore.engine.faults import EventError, ParameterError
from encore.engine.moments import Times
from encore.engine.patterns import same
from encore.engine.terms import Program, Rule, Step, Terms, joined

Place = tuple[int, int]
"""Where an event stands in the order of judging: its moment, and its position among equal ones."""


class Series:
    """The periods of a recurring duty on a subject, from the event that started them until one stops them."""

    __slots__ = ("after", "anchor", "begin", "number", "rule", "started_by")

    def __init__(self, rule: Rule, anchor: int, started_by: int) -> None:
        self.rule = rule
        self.anchor = anchor  # what boundaries are counted from
        self.after = False  # the anchor is an end written 00:00 (see durations.start_day)
        self.number = 0  # of the next period, from the anchor
        self.begin = anchor  # of the next period
        self.started_by = started_by

    def end(self) -> int:
        rule, every = self.rule, self.rule.every
        assert every is not None
        if rule.elapsed is not None:
            return self.anchor + rule.elapsed * (self.number + 1)
        if rule.by_calendar:
            return calendar_boundary(self.anchor, every, self.number + 1, self.rule.zone)
        return boundary(self.anchor, every, self.number + 1, self.rule.zone, after=self.after)

    def follow(self, rule: Rule) -> None:
        """Goes on under another version, whose own periods are counted from here."""
        if (rule.every, rule.by_calendar) != (self.rule.every, self.rule.by_calendar):
            self.anchor, self.after, self.number = self.begin, True, 0
        self.rule = rule


class Recurrence:
    """All periods of a recurring duty on a subject that can still change, and the series that is running."""

    __slots__ = ("all_periods", "breached", "id", "index", "latest", "periods", "series", "subject")

    def __init__(self, subject: str, id: str) -> None:
        self.subject = subject
        self.id = id
        self.all_periods: list[Clock] = []
        self.latest: int | None = None  # when the latest period began
        self.index = 0
        self.series: Series | None = None
        self.periods: list[Clock] = []
        self.breached: list[Clock] = []  # for good, unless excused


class Mark:
    """What a duty with `from` remembers of its subject: the latest start, and the first fulfilment since."""

    __slots__ = ("done", "start")

    def __init__(self, start: Place, done: Place | None = None) -> None:
        self.start = start
        self.done = done


class Matter:
    """What is known of one subject. Most have nothing but clocks, and share the empty rest."""

    __slots__ = ("clocks", "earlier", "marks", "recurrences", "settled", "subject")

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.clocks: dict[str, Clock] = {}  # the latest of each deadline duty
        self.earlier: list[Clock] = _NO_CLOCKS
        self.recurrences: dict[str, Recurrence] = _NO_RECURRENCES
        self.marks: dict[str, Mark] = _NO_MARKS
        self.settled: dict[str, set[int]] = (
            _NONE_SETTLED  # for duties with `from`: starts on which one was fulfilled or late
        )

    def replaced(self, clock: Clock) -> None:
        if self.earlier is _NO_CLOCKS:
            self.earlier = []
        self.earlier.append(clock)

    @property
    def is_idle(self) -> bool:
        """Nothing is running on the subject or waited for, and nothing missed could still be performed or excused."""
        for clock in reversed(self.clocks.values()):  # the latest is the likeliest to be running
            if clock.state <= BREACHED:
                return False
        for recurrence in self.recurrences.values():
            if recurrence.series or recurrence.periods or recurrence.breached:
                return False
        return all(mark.done is not None for mark in self.marks.values())

    def spent(self) -> "Spent":
        return (
            tuple((id, clock.index) for id, clock in self.clocks.items()),
            tuple((id, one.index) for id, one in self.recurrences.items()),
            tuple(self.marks.items()),
            tuple((id, frozenset(moments)) for id, moments in self.settled.items()),
        )

    def all_clocks(self) -> Iterable[Clock]:
        yield from self.earlier
        yield from self.clocks.values()
        for recurrence in self.recurrences.values():
            yield from recurrence.all_periods or sorted(
                (*recurrence.breached, *recurrence.periods), key=lambda clock: clock.index
            )


_NO_CLOCKS: list[Clock] = []
_NO_RECURRENCES: dict[str, Recurrence] = {}
_NO_MARKS: dict[str, Mark] = {}
_NONE_SETTLED: dict[str, set[int]] = {}


Spent = tuple[
    tuple[tuple[str, int], ...],
    tuple[tuple[str, int], ...],
    tuple[tuple[str, "Mark"], ...],
    tuple[tuple[str, frozenset[int]], ...],
]
"""What must be known of a subject on which nothing is running: how often its duties ran, its marks and settled starts."""


class Suspension:
    """A force majeure: from where to where in the order of events it lasted."""

    __slots__ = ("declared", "lifted")

    def __init__(self, declared: Place, lifted: Place | None = None) -> None:
        self.declared = declared
        self.lifted = lifted


class Judge:
    """Judges the events of one contract.

    `editions`: those that amendments may name, by the SHA-256 of their files. `only`: judge no other subjects. `forgets`:
    drops what has ended. `foresee`: terms that a later amendment brings, whose `from` must be remembered from the
    beginning; an amendment that was not foreseen though it matters sets `unforeseen`.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        editions: Mapping[str, Edition] | None = None,
        calendar: Calendar = CALENDAR,
        only: Collection[str] | None = None,
        forgets: bool = False,
        foresee: Sequence[tuple[int, Terms]] = (),
    ) -> None:
        self.editions = editions or {}
        self.calendar = calendar
        self.counted: dict[Rule, dict[int, tuple[int, bool]]] = defaultdict(dict)  # deadlines by the day of the start
        self.only = only
        self.versions: list[tuple[int, Terms, str | None]] = [(-(1 << 62), terms, None)]
        self.foresee = foresee
        self.programs: dict[str, Program] = {}
        self.matters: dict[str, Matter] = {}
        self.suspensions: list[Suspension] = []
        self.in_force: Suspension | None = None
        self.is_ended = False
        self.running: dict[Recurrence, None] = {}  # in the order in which they began
        self.notices: list[tuple[int, list[str], list[str]]] = []
        self.touched: MutableSequence[Clock] = []
        self.forgets = forgets
        self.spent: dict[str, Spent] = {}  # subjects on which nothing is running, when it forgets
        self._alike: dict[Spent, Spent] = {}
        self.warnings: list[tuple[int, str, str]] = []  # position, code, what it is about
        self.times = Times()
        self.unforeseen = False
        self.unusual = only is not None  # not every duty may start everywhere
        self._given: dict[str, object] = dict(terms.given)
        self._listen()

    # --- one event -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> list[Clock]:
        """Judges an event that is later than all before it. The clocks that it opened, moved or ended, each once."""
        self.touched = []
        self.take(judged(event))
        return list(dict.fromkeys(self.touched))

    def take(self, event: Judged) -> None:
        """The same without the answer."""
        at, position, kind, subject, keys, data, _ = event
        program = self.programs.get(kind)
        if program is not None:
            if program.comes_first:
                self.first(at, position, kind, subject, data)
                program = self.programs[kind]  # an amendment may have changed it
            self.go_on(program, at, position, subject, keys, data)

    def go_on(
        self, program: Program, at: int, position: int, subject: str, keys: tuple[str, ...], data: Mapping[str, object]
    ) -> None:
        """What the event's type does, after what the language itself lets it do first. The hot path."""
        matters, touched = self.matters, self.touched
        acts = program.acts
        if acts:
            for key in keys:
                matter = matters.get(key)
                if matter is None:
                    continue
                clocks = matter.clocks
                for id, rule, step, test in acts:
                    clock = clocks.get(id)
                    if clock is None or clock.rule is not rule:
                        continue
                    state = clock.state
                    if state > BREACHED or (test is not None and not test(data)):
                        continue
                    if step:
                        self._act(matter, clock, step, at, position)
                        continue
                    clock.state = FULFILLED if (state == OPEN and at <= clock.due) or state == SUSPENDED else LATE
                    clock.closed = at
                    clock.closed_by = position
                    touched.append(clock)
        if program.moves_more:
            self._move_more(program, at, position, keys, data)
        suspends = self.in_force is not None
        for rule, test in program.starts:
            if test is not None and not test(data):
                continue
            if self.unusual and not self._may_start(rule, subject):
                continue
            matter = matters.get(subject)
            if matter is None:
                matter = self.matter(subject)
            subject = matter.subject  # one text for all clocks of a subject
            id = rule.id
            if rule.every is not None:
                self._begin(rule, matter, at, position)
                continue
            index = 0
            last = matter.clocks.get(id)
            if last is not None:
                if last.settle(at):
                    touched.append(last)
                if last.state <= BREACHED:
                    continue
                index = last.index + 1
            elapsed = rule.elapsed
            if rule.start:
                caught_up = self._with_start(rule, matter, index, at, position)
                if caught_up is None:
                    continue
                clock = caught_up
            elif elapsed is not None:
                clock = Clock(rule, subject, index, at, at + elapsed, position)
            else:
                found = self.counted[rule].get(rule.zone.day(at))
                if found is None:
                    clock = self._counted(rule, subject, index, at, position)
                else:
                    clock = Clock(rule, subject, index, at, found[0], position)
                    clock.provisional = found[1]
            if suspends and rule.suspendable and not rule.start:
                clock.state = SUSPENDED
            if last is not None and not self.forgets:
                matter.replaced(last)
            matter.clocks[id] = clock
            touched.append(clock)
        if program.ends_with_more:
            self._mark_start(program, keys, data, (at, position))
            if program.ends:
                self.is_ended = self.unusual = True

    def _move_more(
        self, program: Program, at: int, position: int, keys: tuple[str, ...], data: Mapping[str, object]
    ) -> None:
        if program.done_marks:
            self._mark_done(program, keys, data, (at, position))
        if program.counts:
            self._count(program, keys, data, at, position)
        for rule, test in program.stops:
            if test is None or test(data):
                for key in keys:
                    matter = self.matters.get(key)
                    recurrence = matter.recurrences.get(rule.id) if matter is not None else None
                    if recurrence is not None and recurrence.series is not None:
                        self._stop(recurrence, rule, at, position)
        if program.ends:
            self._stop_all(at, position)

    def _act(self, matter: Matter, clock: Clock, step: Step, at: int, position: int) -> None:
        """What is more than the fulfilment of a plain clock."""
        if step is Step.FULFIL_ITS_START:
            in_time = clock.state == SUSPENDED or (clock.state == OPEN and at <= clock.due)
            clock.state = FULFILLED if in_time else LATE
            self._settle_start(matter, clock)
        elif clock.settle(at):  # breached, or a prohibition that was kept
            self.touched.append(clock)
            return
        elif clock.state == BREACHED:
            return
        elif step is Step.PROHIBIT:
            clock.state, clock.breached = BREACHED, at
            clock.closed_by = position
            self.touched.append(clock)
            return
        else:
            clock.state = DISCHARGED
        clock.closed = at
        clock.closed_by = position
        self.touched.append(clock)

    # --- forgetting ------------------------------------------------------------------------------------------------

    def forget(self) -> list[Clock]:
        """The clocks that have ended since the last call. What is left of them is only what a later event may ask for."""
        ended = [clock for clock in self.touched if clock.state > BREACHED]
        self.touched.clear()
        if len(ended) > 1:
            ended = list(dict.fromkeys(ended))
        for clock in ended:
            matter = self.matters.get(clock.subject)
            if matter is not None and matter.is_idle:
                for recurrence in matter.recurrences.values():
                    del self.running[recurrence]
                spent = matter.spent()
                self.spent[clock.subject] = self._alike.setdefault(spent, spent)
                del self.matters[clock.subject]
        return ended

    def _revive(self, matter: Matter, spent: Spent) -> None:
        counted, periods, marks, settled = spent
        for id, index in counted:
            rule = next(terms.rules[id] for _, terms, _ in reversed(self.versions) if id in terms.rules)
            last = matter.clocks[id] = Clock(rule, matter.subject, index, 0, 0, 0)
            last.state = DISCHARGED  # it has ended; how was told when it did
        for id, index in periods:
            self._recurrence(matter, id).index = index
        if marks:
            matter.marks = dict(marks)
        if settled:
            matter.settled = {id: set(moments) for id, moments in settled}

    # --- starting --------------------------------------------------------------------------------------------------

    def matter(self, subject: str) -> Matter:
        found = self.matters.get(subject)
        if found is None:
            found = self.matters[subject] = Matter(subject)
            if subject in self.spent:
                self._revive(found, self.spent.pop(subject))
        return found

    def _may_start(self, rule: Rule, subject: str) -> bool:
        return (rule.survives or not self.is_ended) and (self.only is None or subject in self.only)

    def _counted(self, rule: Rule, subject: str, index: int, opened: int, position: int) -> Clock:
        """A clock whose time is counted in days."""
        assert rule.within is not None
        try:
            due, provisional = deadline(opened, rule.within, rule.zone, self.calendar)
        except (ValueError, OverflowError):
            raise self._beyond(opened, position) from None
        self.counted[rule][rule.zone.day(opened)] = (due, provisional)
        clock = Clock(rule, subject, index, opened, due, position)
        clock.provisional = provisional
        return clock

    def _with_start(self, rule: Rule, matter: Matter, index: int, at: int, position: int) -> Clock | None:
        """A clock of a duty with `from`; None where one was already fulfilled or late on the same start."""
        mark = matter.marks.get(rule.mark)
        opened = at if mark is None else mark.start[0]
        if opened in matter.settled.get(rule.id, ()):
            return None
        if rule.elapsed is not None:
            clock = Clock(rule, matter.subject, index, opened, opened + rule.elapsed, position)
        else:
            clock = self._counted(rule, matter.subject, index, opened, position)
        if mark is not None:
            self._catch_up(clock, mark, matter)
        elif self.in_force is not None and rule.suspendable:
            clock.state = SUSPENDED
        return clock

    def _catch_up(self, clock: Clock, mark: Mark, matter: Matter) -> None:
        """What would have happened to a clock that opens with an earlier start, had it run since then."""
        for suspension in self.suspensions if clock.rule.suspendable else ():
            lifted = suspension.lifted
            if lifted is not None and lifted < mark.start:
                continue
            if clock.due < suspension.declared[0] or (mark.done is not None and mark.done < suspension.declared):
                break
            if lifted is None or (mark.done is not None and mark.done < lifted):
                clock.state = SUSPENDED
                break
            self._lift(clock, suspension.declared[0], lifted)
        if mark.done is not None:
            at, clock.closed_by = mark.done
            clock.closed = at
            clock.state = FULFILLED if clock.state == SUSPENDED or at <= clock.due else LATE
            self._settle_start(matter, clock)

    def _settle_start(self, matter: Matter, clock: Clock) -> None:
        """No second clock may start where this one did."""
        if matter.settled is _NONE_SETTLED:
            matter.settled = {}
        matter.settled.setdefault(clock.rule.id, set()).add(clock.opened)

    def _mark_done(self, program: Program, keys: tuple[str, ...], data: Mapping[str, object], place: Place) -> None:
        for rule, test in program.done_marks:
            if test is None or test(data):
                for key in keys:
                    matter = self.matters.get(key)
                    if matter is not None:
                        mark = matter.marks.get(rule.mark)
                        if mark is not None and mark.done is None:
                            mark.done = place

    def _mark_start(self, program: Program, keys: tuple[str, ...], data: Mapping[str, object], place: Place) -> None:
        for rule, test in program.from_marks:
            if test is None or test(data):
                for key in keys:
                    if self.only is not None and key not in self.only:
                        continue
                    matter = self.matters.get(key) or self.matter(key)
                    if matter.marks is _NO_MARKS:
                        matter.marks = {}
                    matter.marks[rule.mark] = Mark(place)

    def _beyond(self, moment: int, position: int) -> EventError:
        return EventError(position, "event_range", value=self._written(moment))

    def _written(self, moment: int) -> str:
        try:
            return self.versions[0][1].zone.text(moment)
        except (ValueError, OverflowError):
            return str(moment)

    # --- recurring duties ------------------------------------------------------------------------------------------

    def _recurrence(self, matter: Matter, id: str) -> Recurrence:
        found = matter.recurrences.get(id)
        if found is None:
            if matter.recurrences is _NO_RECURRENCES:
                matter.recurrences = {}
            found = matter.recurrences[id] = Recurrence(matter.subject, id)
            self.running[found] = None
        return found

    def _begin(self, rule: Rule, matter: Matter, at: int, position: int) -> None:
        recurrence = matter.recurrences.get(rule.id)
        if recurrence is None:
            recurrence = self._recurrence(matter, rule.id)
        elif recurrence.series is not None:
            self._advance(recurrence, at)  # a version may have left the duty out at a boundary since
        if recurrence.series is None:
            recurrence.series = Series(rule, at, position)
            self._open_periods(recurrence, recurrence.series, at)

    def _advance(self, recurrence: Recurrence, moment: int) -> None:
        """Opens the periods that have begun at or before the moment, and breaches those past their due."""
        series = recurrence.series
        if series is not None and series.begin <= moment:
            self._open_periods(recurrence, series, moment)
        for clock in recurrence.periods:
            if clock.due < moment:
                self._breach_periods(recurrence, moment)
                break

    def _open_periods(self, recurrence: Recurrence, series: Series, moment: int) -> None:
        while series.begin <= moment:
            rule: Rule | None = series.rule
            if series.number and (len(self.versions) > 1 or self.foresee):
                rule = self._rule_at(recurrence.id, series.begin)
                if rule is None or rule.every is None:
                    recurrence.series = None
                    break
                if rule is not series.rule:
                    series.follow(rule)
            clock = self._period(recurrence, series)
            recurrence.index += 1
            recurrence.latest = clock.opened
            recurrence.periods.append(clock)
            self.touched.append(clock)
            if not self.forgets:
                recurrence.all_periods.append(clock)

    def _period(self, recurrence: Recurrence, series: Series) -> Clock:
        """The clock of the next period, under the rule of its series."""
        rule = series.rule
        provisional = False
        try:
            end = due = series.end()
            if rule.grace is not None:
                due, provisional = deadline(end, rule.grace, rule.zone, self.calendar, after=True)
        except (ValueError, OverflowError):
            raise self._beyond(series.begin, series.started_by) from None
        clock = Clock(rule, recurrence.subject, recurrence.index, series.begin, due, series.started_by)
        clock.end, clock.need, clock.provisional = end, rule.count, provisional
        if self.in_force is not None and rule.suspendable:
            clock.state = SUSPENDED
        series.begin = end
        series.number += 1
        return clock

    def _breach_periods(self, recurrence: Recurrence, moment: int) -> None:
        passed = [clock for clock in recurrence.periods if clock.due < moment and clock.settle(moment)]
        if passed:
            self.touched.extend(passed)
            recurrence.breached.extend(passed)
            recurrence.periods = [clock for clock in recurrence.periods if clock.state <= SUSPENDED]

    def _rule_at(self, id: str, moment: int) -> Rule | None:
        """The rule of that duty in the version in force at the moment."""
        known = [(since, terms) for since, terms, _ in self.versions]
        for since, terms in reversed([*known, *(one for one in self.foresee if one not in known)]):
            if since <= moment:
                return terms.rules.get(id)
        return None

    def _count(
        self, program: Program, keys: tuple[str, ...], data: Mapping[str, object], at: int, position: int
    ) -> None:
        """The event counts once for a duty on a subject, for the earliest period that takes it."""
        for id, listeners in program.counts:
            rules = [rule for rule, test in listeners if test is None or test(data)]
            for key in dict.fromkeys(keys) if rules else ():
                matter = self.matters.get(key)
                recurrence = matter.recurrences.get(id) if matter is not None else None
                if recurrence is None:
                    continue
                self._advance(recurrence, at)
                for clock in recurrence.periods:
                    if clock.rule in rules:
                        clock.need -= 1
                        if not clock.need:
                            self._close_period(recurrence, clock, FULFILLED, at, position)
                        self.touched.append(clock)
                        break

    def _close_period(self, recurrence: Recurrence, clock: Clock, state: int, at: int, position: int) -> None:
        (recurrence.breached if clock.state == BREACHED else recurrence.periods).remove(clock)
        clock.state, clock.closed, clock.closed_by = state, at, position

    def _stop(self, recurrence: Recurrence, rule: Rule | None, at: int, position: int) -> None:
        """Ends the series that is running under `rule` (None: whichever); what would end later is discharged."""
        self._advance(recurrence, at)
        if recurrence.series is None or (rule is not None and recurrence.series.rule is not rule):
            return
        recurrence.series = None
        for clock in list(recurrence.periods):
            if clock.end is not None and clock.end > at:
                self._close_period(recurrence, clock, DISCHARGED, at, position)
                self.touched.append(clock)

    def _stop_all(self, at: int, position: int) -> None:
        for recurrence in self.running:
            self._advance(recurrence, at)
            if recurrence.series is not None and not recurrence.series.rule.until:
                self._stop(recurrence, None, at, position)

    # --- what goes before fulfilment: force majeure, extensions, versions, calendars ---------------------------------

    def first(self, at: int, position: int, kind: str, subject: str, data: Mapping[str, object]) -> None:
        """What the language itself lets an event of that type do, before anything else."""
        if kind in (EFFECTIVE, AMENDED):
            self._amend(data, at, position)
        elif kind == DECLARED:
            self._declare(at, position)
        elif kind == LIFTED:
            self._lift_all(at, position)
        elif kind == PUBLISHED:
            self._publish(data, at, position)
        elif kind == EXTENDED:
            self._extend(subject, data, at, position)
        elif kind == DUTY_EXCUSED:
            self._excuse(subject, data, at, position)

    def _advance_all(self, at: int) -> None:
        for recurrence in self.running:
            self._advance(recurrence, at)

    def _unfinished(self) -> Iterable[Clock]:
        """The clocks that are open or suspended, as far as anybody has looked."""
        for matter in self.matters.values():
            for clock in matter.clocks.values():
                if clock.state <= SUSPENDED:
                    yield clock
            for recurrence in matter.recurrences.values():
                yield from recurrence.periods

    def _declare(self, at: int, position: int) -> None:
        if self.in_force is not None:
            return
        self._advance_all(at)
        self.in_force = Suspension((at, position))
        self.suspensions.append(self.in_force)
        for clock in self._unfinished():
            if clock.rule.suspendable and clock.state == OPEN and clock.due >= at:
                clock.state = SUSPENDED
                self.touched.append(clock)

    def _lift_all(self, at: int, position: int) -> None:
        if self.in_force is None:
            return
        self._advance_all(at)
        declared = self.in_force.declared[0]
        self.in_force.lifted = (at, position)
        self.in_force = None
        for clock in self._unfinished():
            if clock.state == SUSPENDED:
                clock.state = OPEN
                self._lift(clock, declared, (at, position))
                self.touched.append(clock)

    def _lift(self, clock: Clock, declared: int, lifted: Place) -> None:
        part = lifted[0] - max(declared, clock.opened)
        clock.shift += part
        clock.move("lifted", lifted[1], clock.due + part)

    def _named(
        self, subject: str, data: Mapping[str, object], at: int, position: int
    ) -> tuple[Clock | None, Recurrence | None]:
        """The clock on the subject that an extension or excuse means."""
        id = data.get("duty")
        if not isinstance(id, str) or not any(id in terms.rules for _, terms, _ in self.versions):
            self.warnings.append((position, "unknown_duty", str(id)))
            return None, None
        matter = self.matters.get(subject)
        if matter is None:
            return None, None
        index = data.get("index")

        def is_meant(clock: Clock) -> bool:
            return index is None or same(index, clock.index)

        recurrence = matter.recurrences.get(id)
        if recurrence is None:
            clock = matter.clocks.get(id)
            if clock is not None and clock.settle(at):
                self.touched.append(clock)
            return (clock if clock is not None and is_meant(clock) else None), None
        self._advance(recurrence, at)
        known = [*recurrence.periods, *recurrence.breached] if index is not None else recurrence.periods
        return next(filter(is_meant, known), None), recurrence

    def _extend(self, subject: str, data: Mapping[str, object], at: int, position: int) -> None:
        if data.get("until") is None:
            raise EventError(
                position,
                "event_data",
                key="data.until",
                expected="say until when the time is extended",
                expected_zh="写明延长至何时",
            )
        until = read_time(self.times, data["until"], "data.until", position)
        clock, _ = self._named(subject, data, at, position)
        if clock is None or clock.state > SUSPENDED or until <= clock.due:
            return
        if clock.first_due is None:
            clock.first_due = clock.counted
        clock.provisional = False
        clock.move("extended", position, until)
        self.touched.append(clock)

    def _excuse(self, subject: str, data: Mapping[str, object], at: int, position: int) -> None:
        clock, recurrence = self._named(subject, data, at, position)
        if clock is None or clock.state > BREACHED:
            return
        if clock.state == BREACHED and clock.breached is None:
            clock.breached = clock.due  # the excuse does not undo that it was
        if recurrence is not None:
            self._close_period(recurrence, clock, EXCUSED, at, position)
        else:
            clock.state, clock.closed, clock.closed_by = EXCUSED, at, position
        self.touched.append(clock)

    def _publish(self, data: Mapping[str, object], at: int, position: int) -> None:
        year = data.get("year")
        if not isinstance(year, int) or isinstance(year, bool) or not 1 <= year <= 9998:
            raise EventError(position, "event_type", key="data.year", expected="a year", expected_zh="年份")
        off, work = (self._dates(data, key, position) for key in ("off", "work"))
        self.notices.append((year, [day.isoformat() for day in off], [day.isoformat() for day in work]))
        self._advance_all(at)
        self.calendar = self.calendar.with_notice(year, off, work)
        self.counted.clear()
        for clock in self._unfinished():
            if clock.provisional and (clock.state == SUSPENDED or clock.due >= at):
                self._count_again(clock, position)

    def _dates(self, data: Mapping[str, object], key: str, position: int) -> list[date]:
        listed = data.get(key) or []
        try:
            if not isinstance(listed, list):
                raise TypeError(key)
            return [date.fromisoformat(day) for day in listed]
        except (TypeError, ValueError):
            raise EventError(
                position, "event_type", key=f"data.{key}", expected="a list of dates", expected_zh="日期列表"
            ) from None

    def _count_again(self, clock: Clock, position: int) -> None:
        """The deadline of a provisional clock by the calendar as it is now known."""
        rule = clock.rule
        start, span = (clock.opened, rule.within) if clock.end is None else (clock.end, rule.grace)
        assert span is not None
        due, clock.provisional = deadline(start, span, rule.zone, self.calendar, after=clock.end is not None)
        if due + clock.shift != clock.due:
            clock.move("published", position, due + clock.shift)
        self.touched.append(clock)

    # --- versions ----------------------------------------------------------------------------------------------------

    def _amend(self, data: Mapping[str, object], at: int, position: int) -> None:
        parameters, sha = data.get("parameters"), data.get("edition")
        if parameters is None and sha is None:
            return
        if not isinstance(parameters or {}, dict):
            raise EventError(position, "event_type", key="data.parameters", expected="an object", expected_zh="对象")
        self._given.update(parameters or {})  # type: ignore[call-overload]
        _, terms, named = self.versions[-1]
        edition = terms.edition
        if sha is not None:
            named = str(sha)
            if named not in self.editions:
                raise EventError(position, "event_edition", value=sha)
            edition = self.editions[named]
        self.adopt(at, edition, named, position)

    def adopt(self, at: int, edition: Edition, sha: str | None, position: int) -> None:
        """From `at` on, that edition governs what starts, with the parameters given until now."""
        known = {key: value for key, value in self._given.items() if key in edition.parameters}
        foreseen = next(
            (one for since, one in self.foresee if since == at and one.edition is edition and one.given == known), None
        )
        for key in self._given.keys() - known.keys():
            self.warnings.append((position, "unknown_parameter", key))
        try:
            terms = foreseen or edition.terms(known)
        except ParameterError as error:
            raise EventError(position, error.faults[0].code, **error.faults[0].values) from None
        if foreseen is None:
            marks = {rule.mark for _, earlier, _ in self.versions for rule in earlier.rules.values()}
            self.unforeseen |= any(rule.mark not in marks for rule in terms.rules.values() if rule.mark)
            self.unforeseen |= any(self._has_begun(recurrence, at) for recurrence in self.running)
        self.versions.append((at, terms, sha))
        self._listen()

    def _has_begun(self, recurrence: Recurrence, at: int) -> bool:
        """Whether a period that begins at that very moment was opened before the amendment that governs it was read."""
        return recurrence.latest == at and recurrence.index > 1

    def _listen(self) -> None:
        """Joins the programs of all versions: a clock heeds the rule it runs under, and only the latest one starts any."""
        versions = [terms for _, terms, _ in self.versions]
        self.programs = joined(versions, [terms for _, terms in self.foresee])

    # --- at the end, and between --------------------------------------------------------------------------------------

    def advance(self, moment: int) -> None:
        """Opens the periods that have begun at the moment, and settles what was due before it."""
        self._advance_all(moment)
        for matter in self.matters.values():
            for clock in matter.clocks.values():
                if clock.settle(moment):
                    self.touched.append(clock)

    def settle_prohibitions(self, moment: int) -> None:
        """Ends the prohibitions whose time has passed quietly."""
        for matter in self.matters.values():
            for clock in matter.clocks.values():
                if clock.rule.forbid and clock.settle(moment):
                    self.touched.append(clock)

    @property
    def duties(self) -> list[str]:
        """The ids of the duties in the order of the edition; those that only an amendment brought come after."""
        return list(dict.fromkeys(id for _, terms, _ in self.versions for id in terms.rules))

    def clocks(self) -> Iterable[Clock]:
        """Every clock there is, in no order."""
        for matter in self.matters.values():
            yield from matter.all_clocks()

    def put(
        self, subject: str, clocks: Iterable[Mapping[str, Any]] = (), memo: Mapping[str, Any] | None = None
    ) -> None:
        """Loads what was saved of a subject: its unfinished clocks (`Clock.dump` with its `version`) and its memo."""
        matter = self.matters[subject] = Matter(subject)
        saved = memo or {}
        for id, (index, series, latest) in saved.get("series", {}).items():
            recurrence = self._recurrence(matter, id)
            recurrence.index, recurrence.latest = index, latest
            if series is not None:
                recurrence.series = self._load_series(id, series)
        for mark, (start, done) in saved.get("marks", {}).items():
            matter.marks = matter.marks or {}
            matter.marks[mark] = Mark((start[0], start[1]), None if done is None else (done[0], done[1]))
        for id, moments in saved.get("settled", {}).items():
            matter.settled = {**matter.settled, id: set(moments)}
        for id, last in saved.get("last", {}).items():
            matter.clocks[id] = Clock.load(last, self.versions[last["version"]][1].rules[id])
        for one in clocks:
            clock = Clock.load(one, self.versions[one["version"]][1].rules[one["duty"]])
            if clock.is_period:
                known = self._recurrence(matter, clock.duty)
                (known.breached if clock.state == BREACHED else known.periods).append(clock)
            else:
                matter.clocks[clock.duty] = clock
        for recurrence in matter.recurrences.values():
            recurrence.periods.sort(key=lambda clock: clock.index)

    def _load_series(self, id: str, saved: Mapping[str, Any]) -> Series:
        series = Series(self.versions[saved["version"]][1].rules[id], saved["anchor"], saved["started_by"])
        series.after, series.number, series.begin = saved["after"], saved["number"], saved["begin"]
        return series

    def version_of(self, rule: Rule) -> int:
        """The number of the version that a rule belongs to."""
        return next(number for number, (_, terms, _) in enumerate(self.versions) if terms.rules.get(rule.id) is rule)

    def dump(self, clock: Clock) -> dict[str, Any]:
        """A clock as `put` takes it back."""
        return {**clock.dump(), "version": self.version_of(clock.rule)}

    def memo(self, subject: str) -> dict[str, Any]:
        """What must be remembered of a subject besides its unfinished clocks."""
        matter = self.matters.get(subject)
        if matter is None:
            return {}
        saved: dict[str, Any] = {
            "series": {
                id: [one.index, None if one.series is None else self._dump_series(one.series), one.latest]
                for id, one in matter.recurrences.items()
            },
            "marks": {mark: [one.start, one.done] for mark, one in matter.marks.items()},
            "settled": {id: sorted(moments) for id, moments in matter.settled.items()},
            "last": {id: self.dump(clock) for id, clock in matter.clocks.items() if clock.state > BREACHED},
        }
        return {key: value for key, value in saved.items() if value}

    def _dump_series(self, series: Series) -> dict[str, Any]:
        return {
            "version": self.version_of(series.rule), "anchor": series.anchor, "after": series.after,
            "number": series.number, "begin": series.begin, "started_by": series.started_by,
        }  # fmt: skip

    def memory(self) -> dict[str, Any]:
        """What concerns the whole contract; `restore` takes it back."""
        return {
            "versions": [[at, sha, terms.given] for at, terms, sha in self.versions[1:]],
            "suspensions": [[one.declared, one.lifted] for one in self.suspensions],
            "ended": self.is_ended,
            "notices": self.notices,
        }

    def restore(self, memory: Mapping[str, Any] | None) -> None:
        saved = memory or {}
        for at, sha, given in saved.get("versions", ()):
            self._given = dict(given)
            edition = self.editions[sha] if sha is not None else self.versions[-1][1].edition
            self.adopt(at, edition, sha, 0)
        self.unforeseen = False  # what was remembered since is in the memos
        for declared, lifted in saved.get("suspensions", ()):
            self.suspensions.append(
                Suspension((declared[0], declared[1]), None if lifted is None else (lifted[0], lifted[1]))
            )
        if self.suspensions and self.suspensions[-1].lifted is None:
            self.in_force = self.suspensions[-1]
        self.is_ended = saved.get("ended", False)
        self.unusual |= self.is_ended
        for year, off, work in saved.get("notices", ()):
            self.notices.append((year, off, work))
            self.calendar = self.calendar.with_notice(
                year, [date.fromisoformat(day) for day in off], [date.fromisoformat(day) for day in work]
            )
