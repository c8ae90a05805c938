"""The types of events that operations record, and the fields that each may carry.

No field holds free text: events are shown to both parties and never erased, so what people wrote stays in rows.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.engine import words
from encore.engine.mentions import is_sayable, mentions, values_named
from encore.ledger.canonical import written
from encore.ledger.nouns import Key
from encore.ledger.terms import terms, versions_of
from encore.web.language import reading


class NotDeclared(TypeError):
    """An event that carries other fields than its kind declares, or a value that its field does not take."""


@dataclass(frozen=True)
class Field:
    """`write` gives the JSON value, or raises for what does not belong there."""

    name: str
    write: Callable[[Any], object]


def _matching(pattern: str) -> Callable[[Any], object]:
    compiled = re.compile(pattern)

    def write(value: Any) -> object:
        text = str(value)
        if isinstance(value, bool | float) or not compiled.fullmatch(text):
            raise ValueError(value)
        return text

    return write


def _whole(value: Any) -> object:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _flag(value: Any) -> object:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _moment(value: datetime) -> object:
    if value.tzinfo is None:
        raise ValueError(value)
    return written(value)


def _parameters(value: Mapping[str, Any]) -> object:
    """Values of an edition's parameters. Fractions go as text: an event holds no floats."""
    return {key: one if isinstance(one, bool | int) else _parameter(str(one)) for key, one in value.items()}


CODE: Final = Field("code", _matching(r"[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"))
KEY: Final = Field("key", lambda value: str(Key.parse(str(value))))
NUMBER: Final = Field("number", _whole)
FLAG: Final = Field("flag", _flag)
MONEY: Final = Field("money", _matching(r"-?[0-9]+\.[0-9]{2}"))
HASH: Final = Field("hash", _matching(r"[0-9a-f]{64}"))
TIME: Final = Field("time", _moment)
DATES: Final = Field("dates", lambda days: [date.fromisoformat(str(day)).isoformat() for day in days])
_parameter: Final = _matching(r"[A-Za-z0-9.:+-]{1,64}(?:_[A-Za-z0-9.:+-]{1,64})*")
PARAMETERS: Final = Field("parameters", _parameters)


@dataclass(frozen=True)
class Kind:
    """`may` are the fields that can be left out. A change of shape is a new `schema`; what was written stays."""

    label: str | Promise
    fields: Mapping[str, Field] = field(default_factory=dict)
    may: Mapping[str, Field] = field(default_factory=dict)
    schema: int = 1

    def write(self, given: Mapping[str, Any]) -> dict[str, object]:
        """The data as JSON has them. `NotDeclared` names the field."""
        missing = self.fields.keys() - given.keys()
        unknown = given.keys() - self.fields.keys() - self.may.keys()
        if missing or unknown:
            raise NotDeclared(f"missing {sorted(missing)}, not declared {sorted(unknown)}")
        data: dict[str, object] = {}
        for name, value in given.items():
            declared = self.fields.get(name) or self.may[name]
            try:
                data[name] = declared.write(value)
            except (ValueError, TypeError) as error:
                raise NotDeclared(f"{name} takes a {declared.name}, not {value!r}") from error
        return data


KINDS: Final[Mapping[str, Kind]] = {
    "contract.signed": Kind(_("Contract signed")),
    "contract.effective": Kind(_("Contract in force"), {"edition": HASH, "parameters": PARAMETERS}),
    "contract.amended": Kind(_("Contract amended"), may={"edition": HASH, "parameters": PARAMETERS}),
    "contract.ended": Kind(_("Contract ended")),
    "force_majeure.declared": Kind(_("Force majeure declared")),
    "force_majeure.lifted": Kind(_("Force majeure over")),
    "force_majeure.fallen": Kind(_("Force majeure not proved")),
    "calendar.published": Kind(_("Working days published"), {"year": NUMBER, "off": DATES, "work": DATES}),
    "duty.extended": Kind(_("Deadline extended"), {"duty": CODE, "until": TIME}, may={"index": NUMBER}),
    "duty.excused": Kind(_("Duty excused"), {"duty": CODE, "reason": CODE}, may={"index": NUMBER}),
    "duty.breached": Kind(_("Deadline missed"), {"duty": CODE, "index": NUMBER}),
    "duty.corrected": Kind(_("Finding corrected"), {"duty": CODE, "index": NUMBER, "state": CODE}),
    "event.annulled": Kind(_("Entry annulled"), {"id": NUMBER, "reason": CODE}),
    "complaint.received": Kind(_("Complaint received"), {"channel": CODE}),
    "complaint.verified": Kind(_("Facts verified")),
    "complaint.assessed": Kind(_("Classified and assessed"), {"severity": CODE, "category": CODE}),
    "complaint.planned": Kind(_("Plan drawn up")),
    "complaint.started": Kind(_("Execution started")),
    "complaint.resolved": Kind(_("Execution finished"), {"channel": CODE}),
    "complaint.result_sent": Kind(_("Result sent to the guest")),
    "complaint.followed_up": Kind(_("Followed up")),
    "complaint.archived": Kind(_("Archived")),
}


def kind_for(type: str, names: Collection[str], contracts: Iterable[int]) -> Kind:
    """What is declared for this type. Where these fields are not, what the contracts' own editions say of it, too.

    A field that a duty's pattern names may have what an edition's words for it are, and nothing else, so that no text gets in.
    `LookupError` for a type that is neither declared nor spoken of.
    """
    declared = KINDS.get(type)
    if declared is not None and set(names) <= declared.fields.keys() | declared.may.keys():
        return declared
    versions = [terms(row.edition_id, row.parameters) for contract in contracts for row in versions_of(contract)]
    found = [mention for one in versions for mention in mentions(one) if mention.pattern.event == type]
    if declared is None and not found:
        raise LookupError(f"{type} is no declared event, and the contract speaks of none.")
    may: dict[str, Field] = {}
    for key, values in values_named(found).items():
        if is_sayable(key):
            rows = {row for one in versions for row in one.edition.vocabulary.get(key, ())}
            may[key] = _named({*values, *rows})
    kind = declared or Kind(label_of(type))
    return replace(kind, may={**may, **kind.may, "words": HASH})  # which binds what was written beside it, in a row


def _named(values: Collection[str | int | bool]) -> Field:
    """A code, number or flag of the edition's own."""
    if any(isinstance(value, bool) for value in values):
        return FLAG

    def write(value: Any) -> object:
        if value not in values or isinstance(value, bool):
            raise ValueError(value)
        return value

    return Field("value that the edition names", write)


def label_of(type: str) -> str:
    """What people call an event; its own name where nobody has words for it."""
    return str(KINDS[type].label) if type in KINDS else reading(words.event(type))
