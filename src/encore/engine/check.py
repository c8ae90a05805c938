"""What is doubtful in an edition that loads: the warnings of `encore check`."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from encore.engine.calendar import PUBLISHED
from encore.engine.coverage import OF_THE_EDITION, OF_THE_PRODUCT, held, kind_of
from encore.engine.durations import add_months, duration
from encore.engine.edition import Edition, read_edition
from encore.engine.faults import Fault
from encore.engine.mentions import is_sayable, mentions
from encore.engine.model import ROLES, Duty, EditionFile, is_reference
from encore.engine.names import PRESUPPOSED, STANDARD, UNCOMPELLED
from encore.engine.patterns import Pattern
from encore.engine.scan import line_at
from encore.engine.terms import Rule, Terms


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `edition` is None where there are faults in the shape of the file.

    A warning is for whoever writes the edition: it may be mended there. A note explains what is so for a reason outside it.
    """

    edition: Edition | None
    faults: list[Fault]
    warnings: list[Fault]
    notes: list[Fault]


_NOTES: Final = frozenset({"by_hand", "unpublished"})


def check(data: bytes, name: str, *, recorded: Collection[str] = STANDARD, today: date) -> Report:
    """All faults of an edition file, or all warnings and notes where it has none.

    `recorded`: the event types that the product's operations record. `today`: a contract is supposed to begin then.
    """
    edition, faults = read_edition(data, name)
    if edition is None or faults:
        return Report(edition, sorted(faults, key=lambda fault: fault.line), [], [])
    doubts = [*_unread(edition), *_remedies(edition), *_unresolved(edition)]
    terms: Terms = edition.terms()
    keys = _unsayable(terms)
    for index, row in enumerate(edition.file.duty):
        doubts += _duty(edition, index, row, terms, recorded)
        if row.id in keys:
            line = line_at(edition.lines, ("duty", index))
            doubts.append(Fault(line, "unsayable", {"duty": row.id, "keys": _listed(keys[row.id])}, row.clause))
    doubts += _unpublished(edition, terms, today)
    doubts.sort(key=lambda doubt: doubt.line)
    warnings = [doubt for doubt in doubts if doubt.code not in _NOTES]
    return Report(edition, [], warnings, [doubt for doubt in doubts if doubt.code in _NOTES])


def _unread(edition: Edition) -> Iterator[Fault]:
    read = set(_spoken_of([edition.file.term, *(row for table in _tables(edition) for row in table)]))
    for index, parameter in enumerate(edition.file.parameter):
        if parameter.key not in read:
            yield Fault(
                line_at(edition.lines, ("parameter", index)), "unread", {"key": parameter.key}, parameter.clause
            )


def _tables(edition: Edition) -> Iterator[list[Any]]:
    for table in EditionFile.model_fields:
        rows = getattr(edition.file, table)
        if isinstance(rows, list):
            yield rows


def _spoken_of(value: Any) -> Iterator[str]:
    """The parameters that a value names: as `$key` anywhere, or as `parameter:key` in `realised`."""
    if isinstance(value, str):
        if is_reference(value):
            yield value[1:]
        elif value.startswith("parameter:"):
            yield value.removeprefix("parameter:")
    elif isinstance(value, Pattern):
        for _, allowed in value.where:
            yield from _spoken_of(allowed)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _spoken_of(part)
    elif isinstance(value, dict):
        yield from _spoken_of(list(value.values()))
    elif hasattr(value, "model_fields_set"):
        for _, part in value:
            yield from _spoken_of(part)


def _remedies(edition: Edition) -> Iterator[Fault]:
    for index, remedy in enumerate(edition.file.remedy):
        line = line_at(edition.lines, ("remedy", index))
        for key in ("payer", "payee"):
            if not getattr(remedy, key):
                yield Fault(line, f"no_{key}", {"remedy": remedy.id}, remedy.clause)
        if remedy.payer and remedy.payer == remedy.payee and len(remedy.payer) == 1:
            yield Fault(line, "payer_is_payee", {"remedy": remedy.id, "party": remedy.payer[0]}, remedy.clause)
        for one in remedy.breach_of or ():
            if (
                one not in edition.duties
                and one not in edition.vocabulary["remedy_kind"]
                and len(remedy.breach_of or ()) > 1
            ):
                at = line_at(edition.lines, ("remedy", index, "breach_of"))
                yield Fault(at, "no_such_breach", {"remedy": remedy.id, "value": one}, remedy.clause)


def _unresolved(edition: Edition) -> Iterator[Fault]:
    """Names in `realised` that nothing will ever resolve: this file would have to hold them, or they are of no kind."""
    known, kinds = held(edition), OF_THE_EDITION | OF_THE_PRODUCT
    for index, clause in enumerate(edition.file.clause):
        line = line_at(edition.lines, ("clause", index, "realised"))
        for name in clause.realised:
            if kind_of(name) not in kinds or ":" not in name:
                yield Fault(line, "no_kind", {"value": name, "allowed": ", ".join(sorted(kinds))}, clause.number)
            elif kind_of(name) in OF_THE_EDITION and name not in known:
                yield Fault(line, "unresolved", {"value": name}, clause.number)


def _duty(edition: Edition, index: int, row: Duty, terms: Terms, recorded: Collection[str]) -> Iterator[Fault]:
    rule = terms.rules[row.id]

    def warning(key: str, code: str, **values: object) -> Fault:
        return Fault(line_at(edition.lines, ("duty", index, key)), code, {"duty": row.id, **values}, row.clause)

    if not row.owed_by:
        yield warning("id", "no_debtor")
    elif strangers := _strangers(edition, row.owed_by):
        yield warning("owed_by", "no_such_debtor", parameter=row.owed_by, values=_listed(strangers))
    for key, patterns in (("when", rule.when), ("done", rule.done)):
        unusual = _listed(pattern.event for pattern in patterns if pattern.event not in STANDARD)
        if unusual:
            yield warning(key, "unusual_event", events=unusual)
        if not any(pattern.event in recorded for pattern in patterns):
            by_hand = _listed(pattern.event for pattern in patterns if pattern.event in STANDARD)
            if by_hand:
                yield warning(key, "by_hand", events=by_hand)
    if not any(_is_compelled(pattern.event, terms.rules.values()) for pattern in rule.when):
        yield warning("when", "not_compelled", events=_listed(pattern.event for pattern in rule.when))
    nouns = {pattern.event.partition(".")[0] for pattern in rule.when}
    if rule.every is not None and not rule.until and nouns - {"contract"}:
        yield warning("every", "not_closed", noun=_listed(nouns - {"contract"}))


def _unsayable(terms: Terms) -> dict[str, list[str]]:
    """By duty, what its patterns ask of events that no event of the product's ledger can have."""
    found: dict[str, list[str]] = {}
    for mention in mentions(terms):
        for key, _ in mention.pattern.where:
            if not is_sayable(key):
                found.setdefault(mention.rule.id, []).append(key)
    return found


def _strangers(edition: Edition, owed_by: str) -> list[str]:
    """What the parameter that says who owes a duty may be, and is no party; a name written out was looked up on loading."""
    if not is_reference(owed_by):
        return []
    parameter = edition.parameters[owed_by[1:]]
    parties = {name for row in edition.file.party for name in (row.key, row.role) if name} or set(ROLES)
    values = {str(value) for value in (parameter.default, *(parameter.choices or ()))}
    return sorted(repr(value) for value in values - parties)


def _is_compelled(event: str, rules: Collection[Rule]) -> bool:
    """Whether the event comes of itself, or a duty asks for it, or for what cannot be without it."""
    if event in UNCOMPELLED:
        return True
    later = PRESUPPOSED.get(event, frozenset())
    return any(
        done.event == event or (done.event in later and not any(when.event == event for when in rule.when))
        for rule in rules
        for done in rule.done
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))


def _unpublished(edition: Edition, terms: Terms, today: date) -> Iterator[Fault]:
    """The first year that a contract made today would reach and whose make-up days nobody knows yet."""
    length = terms.filled(edition.file.term.length) or "1y"
    months = duration(length).months
    start = today.toordinal()
    end = add_months(start, months) if months is not None else start + 366
    year = next(
        (year for year in range(today.year, date.fromordinal(end).year + 1) if not PUBLISHED.is_published(year)), None
    )
    counted = [rule.id for rule in terms.rules.values() if _counts_days(rule)]
    if year is not None and counted:
        line = line_at(edition.lines, ("duty", list(edition.duties).index(counted[0])))
        yield Fault(line, "unpublished", {"year": year, "duties": ", ".join(counted)})


def _counts_days(rule: Rule) -> bool:
    span = rule.grace if rule.every is not None else rule.within
    return span is not None and span.elapsed is None
