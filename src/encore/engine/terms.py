"""An edition with its parameters filled in, made ready for the judge: which duty each event type speaks to, and how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import Any, Final

from encore.engine.durations import Duration, duration
from encore.engine.edition import Edition
from encore.engine.events import ENDED, NOTED, SPECIAL
from encore.engine.faults import Fault, ParameterError
from encore.engine.model import Parameter, is_reference
from encore.engine.moments import Zone, zone
from encore.engine.patterns import Pattern, Test, by_type, same
from encore.engine.scan import line_at


class Step(IntEnum):
    """What an event may do to a running clock, in the order in which one event does it."""

    FULFIL = 0
    FULFIL_ITS_START = 1  # of a duty with `from`
    DISCHARGE = 2
    PROHIBIT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A duty, its parameters filled in. Equal only to itself: a clock knows by it under which version it runs."""

    id: str
    clause: str
    owed_by: str
    post: str
    when: tuple[Pattern, ...]
    done: tuple[Pattern, ...]
    forbid: tuple[Pattern, ...]
    cancel: tuple[Pattern, ...]
    start: tuple[Pattern, ...]  # `from`
    until: tuple[Pattern, ...]  # empty: contract.ended, whatever its subject
    within: Duration | None
    elapsed: int | None  # microseconds of `within` or `every`, where it runs through nights and holidays
    every: Duration | None
    count: int
    by_calendar: bool
    grace: Duration | None
    survives: bool
    suspendable: bool
    warn: tuple[float, ...]
    zone: Zone
    mark: str  # what `from` and `done` are remembered under, the same for two versions that word them alike


Act = tuple[str, Rule, Step, Test | None]
Listener = tuple[Rule, Test | None]


@dataclass(slots=True)
class Program:
    """What one event type may do. The flags spare the judge a look at lists that are nearly always empty."""

    acts: tuple[Act, ...] = ()
    counts: tuple[
        tuple[str, tuple[Listener, ...]], ...
    ] = ()  # by the duty's id, for it counts once under whatever version
    stops: tuple[Listener, ...] = ()
    starts: tuple[Listener, ...] = ()
    done_marks: tuple[Listener, ...] = ()
    from_marks: tuple[Listener, ...] = ()
    comes_first: bool = False  # it moves clocks by itself, before all else
    ends: bool = False  # the contract
    is_noted: bool = False  # it takes something back, or may be taken back by its own kind
    moves_more: bool = False  # than its acts do
    ends_with_more: bool = False  # than its starts


_KIND_CURES: Final[dict[str, tuple[str, str]]] = {
    "duration": ("such as 24h or 5wd", "例如 24h、5wd"),
    "number": ("a number within min and max", "min 与 max 之间的数"),
    "money": ("an amount such as \"1000.00\"", "金额，例如 \"1000.00\""),
    "share": ("between 0 and 1, such as \"0.10\"", "0 与 1 之间，例如 \"0.10\""),
    "date": ("such as 2026-03-05", "例如 2026-03-05"),
    "text": ("text", "文本"),
    "choice": ("one of its choices", "可选项之一"),
}  # fmt: skip


def _typed(parameter: Parameter, value: object) -> object:
    """The value as the parameter's kind has it; text from a command line becomes a number where one is meant."""
    if value is None or is_reference(value):
        raise ValueError(value)
    match parameter.kind:
        case "duration":
            return duration(value).text  # type: ignore[arg-type]
        case "number":
            return _number(value)
        case "money" | "share":
            amount = Decimal(str(value))
            if (
                not amount.is_finite()
                or isinstance(value, bool)
                or (parameter.kind == "share" and not 0 <= amount <= 1)
            ):
                raise ValueError(value)
            return str(value)
        case "date":
            return (value if isinstance(value, date) else date.fromisoformat(str(value))).isoformat()
        case "choice":
            return _choice(parameter, value)
        case "text":
            return str(value)
        case None:
            pass
    if isinstance(value, str) and isinstance(parameter.default, bool):
        return {"true": True, "false": False}[value]
    if isinstance(value, str) and isinstance(parameter.default, int | float):
        return _number(value)
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    amount = Decimal(str(value))
    if not amount.is_finite():
        raise ValueError(value)
    if isinstance(value, str):
        return int(amount) if amount == amount.to_integral_value() else float(amount)
    return value


def _choice(parameter: Parameter, value: object) -> object:
    if not parameter.choices:
        return value
    for choice in parameter.choices:
        if same(choice, value) or (isinstance(value, str) and str(choice) == value):
            return choice
    raise ValueError(value)


def _is_share(value: object) -> bool:
    try:
        return not isinstance(value, bool) and 0 < Decimal(str(value)) <= 1
    except InvalidOperation:
        return False


def _in_range(parameter: Parameter, value: object) -> bool:
    """Whether a typed value lies between the parameter's `min` and `max`, where it has them."""

    def measure(one: object) -> Any:
        if parameter.kind == "duration":
            return duration(str(one)).roughly
        return str(one) if parameter.kind == "date" else Decimal(str(one))

    if (parameter.min is None and parameter.max is None) or parameter.kind in ("text", "choice"):
        return True
    if parameter.kind is None and (isinstance(value, bool) or not isinstance(value, int | float)):
        return True
    low, high = (None if bound is None else measure(bound) for bound in (parameter.min, parameter.max))
    return (low is None or low <= measure(value)) and (high is None or measure(value) <= high)


class Terms:
    """What is in force: an edition, its parameters' values, its duties as rules, and what each event type does.

    `ParameterError` for values that the parameters cannot take; values for unknown parameters are `unread`.
    """

    def __init__(self, edition: Edition, parameters: Mapping[str, object]) -> None:
        self.edition = edition
        self.given = dict(parameters)
        self.unread = [key for key in parameters if key not in edition.parameters]
        self.faults: list[Fault] = []
        self._lines = edition.lines
        self.values = {parameter.key: self._value(parameter) for parameter in edition.file.parameter}
        if self.faults:
            raise ParameterError(self.faults)
        self.zone = zone(edition.timezone)
        self.rules: dict[str, Rule] = {}
        for index, row in enumerate(edition.file.duty):
            rule = self._rule(index, row)
            if rule is not None:
                self.rules[rule.id] = rule
        if self.faults:
            raise ParameterError(self.faults)
        self.programs = _programs(self.rules.values())

    def _value(self, parameter: Parameter) -> object:
        value = self.given.get(parameter.key, parameter.default)
        try:
            many = isinstance(value, list)
            typed = [_typed(parameter, one) for one in value] if many else _typed(parameter, value)  # type: ignore[attr-defined]
            if not all(_in_range(parameter, one) for one in (typed if isinstance(typed, list) else [typed])):
                raise ValueError(value)
        except (ValueError, TypeError, KeyError, InvalidOperation):
            index = self.edition.file.parameter.index(parameter)
            cure = _KIND_CURES[parameter.kind or "text"]
            self.faults.append(Fault(
                line_at(self._lines, ("parameter", index, "default")), "parameter_value",
                {"value": repr(value), "kind": parameter.kind or "value", "key": parameter.key, "expected": cure[0], "expected_zh": cure[1]},
                parameter.clause,
            ))  # fmt: skip
            return value
        return typed

    def filled(self, value: Any) -> Any:
        """A value of the edition, with the parameter's in place of `"$key"`; None for a parameter that does not exist."""
        return self.values.get(value[1:]) if is_reference(value) else value

    def _filled_patterns(self, patterns: tuple[Pattern, ...] | None) -> tuple[Pattern, ...]:
        return tuple(
            Pattern(pattern.event, tuple((key, self._filled_values(allowed)) for key, allowed in pattern.where))
            for pattern in patterns or ()
        )

    def _filled_values(self, allowed: tuple[object, ...]) -> tuple[object, ...]:
        found: list[object] = []
        for one in allowed:
            value = self.filled(one)
            found.extend(value if isinstance(value, list) else [value])
        return tuple(found)

    def _rule(self, index: int, row: Any) -> Rule | None:
        def fault(key: str, code: str, **values: object) -> None:
            self.faults.append(
                Fault(line_at(self._lines, ("duty", index, key)), code, {"key": key, **values}, row.clause)
            )

        def read(key: str) -> Duration | None:
            value = self.filled(getattr(row, key))
            if value is None:
                return None
            try:
                return duration(value)
            except (ValueError, TypeError):
                fault(key, "duration", value=repr(value))
                return None

        within, every, grace = read("within"), read("every"), read("grace")
        count = self.filled(row.count)
        if count is None:
            count = 1
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            fault(
                "count",
                "number",
                value=repr(count),
                expected="a whole number of at least 1",
                expected_zh="至少为 1 的整数",
            )
        align = self.filled(row.align) or "start"
        if align not in ("start", "calendar"):
            fault("align", "choice", value=repr(align), allowed="start, calendar")
        if every is not None:
            if every.unit == "wd":
                fault("every", "every_wd")
            if not every.amount:
                fault("every", "every_zero")
            if align == "calendar" and every.months is None:
                fault("align", "align")
        if within is None and every is None:
            return None
        warn = [self.filled(share) for share in row.warn]
        if not all(share is None or _is_share(share) for share in warn):
            fault("warn", "share", value=repr(warn))
            return None
        done, start = self._filled_patterns(row.done), self._filled_patterns(row.from_)
        return Rule(
            id=row.id, clause=row.clause, owed_by=str(self.filled(row.owed_by) or ""), post=str(self.filled(row.post) or ""),
            when=self._filled_patterns(row.when), done=done, forbid=self._filled_patterns(row.forbid),
            cancel=self._filled_patterns(row.cancel), start=start, until=self._filled_patterns(row.until),
            within=within, elapsed=span.elapsed if (span := within or every) else None, every=every, count=count,
            by_calendar=align == "calendar", grace=grace, survives=row.survives,
            suspendable=not row.through_force_majeure and row.forbid is None,
            warn=tuple(float(share) for share in warn if share is not None), zone=zone(self.edition.timezone),
            mark=f"{row.id} {start} {done}" if start else "",
        )  # fmt: skip


def _programs(rules: Iterable[Rule]) -> dict[str, Program]:
    programs: dict[str, Program] = {}

    def listen(patterns: tuple[Pattern, ...], place: str, rule: Rule) -> None:
        for event, test in by_type(patterns).items():
            program = programs.setdefault(event, Program())
            setattr(program, place, (*getattr(program, place), (rule, test)))

    def act(patterns: tuple[Pattern, ...], step: Step, rule: Rule) -> None:
        for event, test in by_type(patterns).items():
            programs.setdefault(event, Program()).acts += ((rule.id, rule, step, test),)

    for rule in rules:
        listen(rule.when, "starts", rule)
        if rule.every is not None:
            for event, test in by_type(rule.done).items():
                programs.setdefault(event, Program()).counts += ((rule.id, ((rule, test),)),)
            listen(rule.until, "stops", rule)
            continue
        act(rule.done, Step.FULFIL_ITS_START if rule.start else Step.FULFIL, rule)
        act(rule.cancel, Step.DISCHARGE, rule)
        act(rule.forbid, Step.PROHIBIT, rule)
        if rule.start:
            listen(rule.done, "done_marks", rule)
            listen(rule.start, "from_marks", rule)
    return _finished(programs)


def joined(versions: Sequence[Terms], foreseen: Sequence[Terms] = ()) -> dict[str, Program]:
    """What each event type does where several versions run side by side: only the latest one in force starts anything.

    `foreseen` are versions to come, whose `from` is remembered and whose periods may begin at the very moment they do.
    """
    if len(versions) == 1 and not foreseen:
        return versions[0].programs
    programs: dict[str, Program] = {}
    for terms in dict.fromkeys((*versions, *foreseen)):
        for event, program in terms.programs.items():
            whole = programs.setdefault(event, Program())
            whole.acts += program.acts
            whole.stops += program.stops
            whole.done_marks += program.done_marks
            whole.from_marks += program.from_marks
            counts = dict(whole.counts)
            for id, listeners in program.counts:
                counts[id] = counts.get(id, ()) + listeners
            whole.counts = tuple(counts.items())
            if terms is versions[-1]:
                whole.starts = program.starts
    return _finished(programs)


def _finished(programs: dict[str, Program]) -> dict[str, Program]:
    for event in SPECIAL:
        programs.setdefault(event, Program())
    for event, program in programs.items():
        program.acts = tuple(sorted(program.acts, key=lambda act: act[2]))
        program.comes_first = event in SPECIAL
        program.ends = event == ENDED
        program.is_noted = event in NOTED
        program.moves_more = bool(program.counts or program.stops or program.done_marks or program.ends)
        program.ends_with_more = bool(program.from_marks or program.ends)
    return programs
