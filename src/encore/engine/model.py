"""The shape of an edition file. The JSON Schema in `docs/edition.schema.json` is generated from these classes."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from encore.engine.durations import duration
from encore.engine.patterns import ANNOUNCEMENTS, Pattern

_SLUG: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_EVENT: Final = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)+")
_OFFSET: Final = re.compile(r"(term\.start|term\.end|event)?\s*([+-]?\s*[0-9]+(?:min|h|wd|d|w|mo|q|y))?")
ROLES: Final = ("venue", "agency", "third_party")
_REFERENCE: Final = r"^\$[A-Za-z][A-Za-z0-9_-]*$"

Scalar = str | int | float | bool | date | datetime


def is_reference(value: object) -> bool:
    """Whether a value is `"$key"`, which stands for the parameter of that name."""
    return isinstance(value, str) and value.startswith("$")


def fault(code: str, **values: object) -> PydanticCustomError:
    """A fault in the edition's own words, to be raised from a validator; `faults.py` has the texts."""
    return PydanticCustomError("encore", "{code}", {"code": code, "values": values})


def _referable(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if is_reference(value) else read(value)


def _slug(value: object) -> str:
    if not isinstance(value, str) or not _SLUG.fullmatch(value):
        raise fault("slug", value=value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise fault("type", expected="text in quotes", expected_zh="带引号的文本")
    if not value.strip():
        raise fault("empty")
    return value


def _duration(value: object) -> str:
    try:
        return duration(value).text  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise fault("duration", value=value) from None


def _positive(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise fault("number", value=value, expected="a whole number of at least 1", expected_zh="至少为 1 的整数")
    return value


def _number(value: object) -> int | float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise fault("number", value=value, expected="a number", expected_zh="一个数")
    return value


def _decimal(value: object) -> str:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidOperation
        if not Decimal(str(value)).is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise fault("decimal", value=value) from None
    return str(value)


def _shares(value: object) -> tuple[object, ...]:
    listed = value if isinstance(value, list) else [value]
    for share in listed:
        number = isinstance(share, int | float) and not isinstance(share, bool) and 0 < share <= 1
        if not number and not is_reference(share):
            raise fault("share", value=share)
    return tuple(listed)


def _scalar(value: object) -> Any:
    if not isinstance(value, str | int | float | date):
        raise fault("type", expected="text, a number or a date", expected_zh="文本、数字或日期")
    return value


def _scalars(value: object) -> Any:
    return [_scalar(one) for one in value] if isinstance(value, list) else _scalar(value)


def _role(value: object) -> str:
    if value not in ROLES and not is_reference(value):
        raise fault("choice", value=value, allowed=", ".join(ROLES))
    return str(value)


def _offset(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not _OFFSET.fullmatch(value.strip()):
        raise fault("offset", value=value)
    return value


def _one_pattern(value: object) -> Pattern:
    if isinstance(value, str):
        event, where = value, {}
    elif isinstance(value, dict) and isinstance(value.get("event"), str):
        event, where = value["event"], {key: found for key, found in value.items() if key != "event"}
    else:
        raise fault("pattern")
    if not _EVENT.fullmatch(event):
        raise fault("pattern")
    if event in ANNOUNCEMENTS:
        raise fault("announcement", value=event)
    named: list[tuple[str, tuple[object, ...]]] = []
    for key, found in where.items():
        allowed = found if isinstance(found, list) else [found]
        if not allowed or any(isinstance(one, dict | list) for one in allowed):
            raise fault("pattern")
        named.append((key, tuple(allowed)))
    return Pattern(event, tuple(named))


def _patterns(value: object) -> tuple[Pattern, ...]:
    if isinstance(value, list):
        if not value:
            raise fault("empty")
        return tuple(_one_pattern(one) for one in value)
    return (_one_pattern(value),)


_ONE_PATTERN_SCHEMA: Final = {
    "oneOf": [
        {"type": "string", "pattern": f"^{_EVENT.pattern}$"},
        {
            "type": "object",
            "properties": {"event": {"type": "string", "pattern": f"^{_EVENT.pattern}$"}},
            "required": ["event"],
            "additionalProperties": True,
        },
    ]
}
_PATTERN_SCHEMA: Final = {
    "oneOf": [*_ONE_PATTERN_SCHEMA["oneOf"], {"type": "array", "minItems": 1, "items": _ONE_PATTERN_SCHEMA}]
}

_REFERENCE_SCHEMA: Final = {"type": "string", "pattern": _REFERENCE}


def _or_reference(schema: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [schema, _REFERENCE_SCHEMA]})


Slug = Annotated[str, PlainValidator(_slug), WithJsonSchema({"type": "string", "pattern": f"^{_SLUG.pattern}$"})]
Text = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string", "minLength": 1})]
Span = Annotated[
    str,
    PlainValidator(_referable(_duration)),
    _or_reference({"type": "string", "pattern": "^[0-9]+(min|h|d|wd|w|mo|q|y)$"}),
]
Count = Annotated[int | str, PlainValidator(_referable(_positive)), _or_reference({"type": "integer", "minimum": 1})]
Number = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Amount = Annotated[str, PlainValidator(_referable(_decimal)), _or_reference({"type": ["string", "number"]})]
Shares = Annotated[
    tuple[object, ...],
    PlainValidator(_shares),
    WithJsonSchema({"type": "array", "items": {"type": ["number", "string"]}}),
]
Offset = Annotated[str, PlainValidator(_referable(_offset)), WithJsonSchema({"type": "string"})]
Role = Annotated[str, PlainValidator(_role), _or_reference({"enum": list(ROLES)})]
One = Annotated[Scalar, PlainValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
OneOrMany = Annotated[
    Scalar | list[Scalar],
    PlainValidator(_scalars),
    WithJsonSchema(
        {"type": ["string", "number", "boolean", "array"], "items": {"type": ["string", "number", "boolean"]}}
    ),
]
Patterns = Annotated[tuple[Pattern, ...], PlainValidator(_patterns), WithJsonSchema(_PATTERN_SCHEMA)]


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not value:
        raise fault(
            "type",
            expected='a table of languages, such as { zh-Hans = "…" }',
            expected_zh='语言表，例如 { zh-Hans = "…" }',
        )
    return {str(language): _text(text) for language, text in value.items()}


Texts = Annotated[
    dict[str, str],
    PlainValidator(_texts),
    WithJsonSchema({"type": "object", "minProperties": 1, "additionalProperties": {"type": "string", "minLength": 1}}),
]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[
    list[Text],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Table(BaseModel):
    """A table of the file: no key but these, no value turned into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class EditionTable(Table):
    id: Slug
    title: Texts
    version: Text
    timezone: Text = "Asia/Shanghai"
    language: Text = "zh-Hans"


class TermTable(Table):
    length: Span | None = None
    renewal_notice: Span | None = None
    termination_notice: Span | None = None
    confidentiality_tail: Span | None = None
    copies: Count | None = None
    effective_on: Names | None = None
    law: Text | None = None
    disputes: Names | None = None
    place: Text | None = None


class Clause(Table):
    number: Text
    heading: Texts | None = None
    text: Texts
    realised: list[Text] = Field(default_factory=list)


ParameterKind = Literal["duration", "number", "money", "share", "date", "text", "choice"]


class Parameter(Table):
    key: Slug
    clause: Text
    default: OneOrMany
    kind: ParameterKind | None = None
    label: Texts | None = None
    choices: list[One] | None = None
    min: One | None = None
    max: One | None = None


class Row(Table):
    """A row of a vocabulary."""

    key: Text
    clause: Text
    label: Texts


class Severity(Row):
    from_score: Number | None = None
    rank: Number | None = None


class Stage(Row):
    enters: Patterns | None = None
    department: Text | None = None


class Channel(Row):
    via: Literal["phone", "sms", "wechat", "email", "web", "onsite", "post", "fax", "other"] | None = None


class Criterion(Row):
    source: Literal["sales", "satisfaction", "attitude", "participation", "exam", "attendance", "manual"] | None = None


class Annex(Row):
    document: Text | None = None


class Party(Table):
    key: Text
    label: Texts | None = None
    clause: Text | None = None
    role: Role | None = None


class Post(Table):
    key: Text
    label: Texts | None = None
    clause: Text | None = None
    role: Role | None = None
    department: Text | None = None


class Duty(Table):
    """A duty as the file has it; `terms.py` binds its parameters and makes it ready for the judge."""

    id: Slug
    clause: Text
    label: Texts | None = None
    owed_by: Text | None = None
    post: Text | None = None
    when: Patterns = (Pattern("contract.effective"),)
    done: Patterns | None = None
    within: Span | None = None
    from_: Annotated[Patterns | None, Field(alias="from")] = None
    forbid: Patterns | None = None
    cancel: Patterns | None = None
    every: Span | None = None
    count: Count | None = None
    until: Patterns | None = None
    align: Text | None = None
    grace: Span | None = None
    survives: bool = False
    through_force_majeure: bool = False
    warn: Shares = (0.5, 0.8)


class Right(Table):
    id: Slug
    clause: Text
    label: Texts | None = None
    holder: Names | None = None
    when: Patterns = (Pattern("contract.effective"),)
    act: Patterns | None = None
    opens: Offset | None = None
    closes: Offset | None = None
    notice: Span | None = None
    form: Names | None = None
    conditions: Names | dict[str, Any] | None = None


class Limit(Table):
    id: Slug
    clause: Text
    label: Texts | None = None
    of: Names | None = None
    rate: Amount | None = None
    amount: Amount | None = None
    base: Text | None = None
    excludes: Names | None = None


class Formula(Table):
    base: Text | None = None
    rate: Amount | None = None
    per: Text | None = None
    fraction: Text | None = None
    min: Amount | None = None
    cap: Amount | None = None
    excludes: Names | None = None
    settled_by: Names | None = None


class Remedy(Table):
    id: Slug
    clause: Text
    label: Texts | None = None
    breach_of: Names | None = None
    late_over: Span | None = None
    follows: Names | None = None
    payer: Names | None = None
    payee: Names | None = None
    group: Text | None = None
    formula: Formula | None = None


class EditionFile(Table):
    """The whole file."""

    edition: EditionTable
    term: TermTable = TermTable()
    clause: list[Clause] = Field(default_factory=list)
    parameter: list[Parameter] = Field(default_factory=list)
    severity: list[Severity] = Field(default_factory=list)
    category: list[Row] = Field(default_factory=list)
    cause: list[Row] = Field(default_factory=list)
    stage: list[Stage] = Field(default_factory=list)
    channel: list[Channel] = Field(default_factory=list)
    department: list[Row] = Field(default_factory=list)
    dimension: list[Row] = Field(default_factory=list)
    topic: list[Row] = Field(default_factory=list)
    criterion: list[Criterion] = Field(default_factory=list)
    budget_line: list[Row] = Field(default_factory=list)
    annex: list[Annex] = Field(default_factory=list)
    condition: list[Row] = Field(default_factory=list)
    third_party_kind: list[Row] = Field(default_factory=list)
    measure_kind: list[Row] = Field(default_factory=list)
    remedy_kind: list[Row] = Field(default_factory=list)
    incentive_kind: list[Row] = Field(default_factory=list)
    party: list[Party] = Field(default_factory=list)
    post: list[Post] = Field(default_factory=list)
    duty: list[Duty] = Field(default_factory=list)
    right: list[Right] = Field(default_factory=list)
    limit: list[Limit] = Field(default_factory=list)
    remedy: list[Remedy] = Field(default_factory=list)

    VOCABULARIES: ClassVar[tuple[str, ...]] = (
        "severity", "category", "cause", "stage", "channel", "department", "dimension", "topic", "criterion", "budget_line",
        "annex", "condition", "third_party_kind", "measure_kind", "remedy_kind", "incentive_kind",
    )  # fmt: skip


def schema() -> dict[str, Any]:
    """The JSON Schema of an edition file."""
    written = EditionFile.model_json_schema(by_alias=True)
    written["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    written["title"] = "A contract edition of Encore"
    return written
