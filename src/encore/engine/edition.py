"""A contract edition: read from TOML, refused with all its faults at once, or accepted whole."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from encore.engine.faults import EditionError, Fault, ParameterError
from encore.engine.model import Clause, Duty, EditionFile, Parameter, Row, Table, is_reference
from encore.engine.moments import zone
from encore.engine.scan import Path, line_at, lines_of

if TYPE_CHECKING:
    from encore.engine.terms import Terms

_TOML_PLACE: Final = re.compile(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$")
_EXPECTED: Final[dict[str, tuple[str, str]]] = {
    "string_type": ("text in quotes", "带引号的文本"),
    "int_type": ("a whole number", "整数"),
    "bool_type": ("true or false", "true 或 false"),
    "list_type": ("a list", "列表"),
    "dict_type": ("a table", "表"),
    "model_type": ("a table", "表"),
    "model_attributes_type": ("a table", "表"),
}
_ANY_TABLE: Final = ("an array of tables, written [[…]]", "表数组，写作 [[…]]")


class Edition:
    """An edition that was accepted. `file` holds its rows as written; the rest are ways to look at them."""

    def __init__(self, name: str, file: EditionFile, lines: dict[Path, int]) -> None:
        self.name = name
        self.file = file
        self.lines = lines
        self.id = file.edition.id
        self.title = file.edition.title
        self.version = file.edition.version
        self.timezone = file.edition.timezone
        self.language = file.edition.language
        self.clauses: dict[str, Clause] = {clause.number: clause for clause in file.clause}
        self.parameters: dict[str, Parameter] = {parameter.key: parameter for parameter in file.parameter}
        self.duties: dict[str, Duty] = {duty.id: duty for duty in file.duty}
        self.vocabulary: dict[str, dict[str, Row]] = {
            table: {row.key: row for row in getattr(file, table)} for table in EditionFile.VOCABULARIES
        }

    def in_language(self, texts: Mapping[str, str], language: str) -> str:
        """The text in that language, else in the one that binds, else whatever there is."""
        return texts.get(language) or texts.get(self.language) or next(iter(texts.values()))

    def label(self, row: Any, language: str) -> str:
        """What people call a row: its label, else its clause's heading, else the clause's number."""
        texts = getattr(row, "label", None)
        if texts is None:
            clause = self.clauses.get(row.clause)
            texts = clause.heading if clause is not None else None
        return self.in_language(texts, language) if texts else str(row.clause)

    def terms(self, parameters: Mapping[str, object] | None = None) -> "Terms":
        """The edition with its parameters filled in: `Terms`. `ParameterError` for values they cannot take."""
        from encore.engine.terms import Terms  # noqa: PLC0415 - terms are made of editions, and checked when one is loaded

        return Terms(self, parameters or {})


def load_edition(data: bytes, name: str) -> Edition:
    """Reads an edition file. `EditionError` with every fault and its place; `name` is what they call the file."""
    edition, faults = read_edition(data, name)
    if faults or edition is None:
        raise EditionError(name, faults)
    return edition


def read_edition(data: bytes, name: str) -> tuple[Edition | None, list[Fault]]:
    """The edition as far as it can be read, and all its faults."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Fault(data.count(b"\n", 0, error.start) + 1, "encoding", {"byte": error.start})]
    text = text.replace("\r\n", "\n")
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        return None, [_toml_fault(text, str(error))]
    lines = lines_of(text)
    try:
        edition = Edition(name, EditionFile.model_validate(raw), lines)
    except ValidationError as error:
        faults = _shape_faults(error, raw, lines)
        return None, faults + _meaning_of_the_rest(
            name, raw, lines, [_known_path(one["loc"], raw) for one in error.errors()]
        )
    return edition, list(_meaning_faults(edition))


# What stands for a value that cannot be read, so that the rest of the file is checked all the same.
_STAND_INS: Final[dict[str, Any]] = {
    "id": "unreadable", "key": "unreadable", "number": "unreadable", "title": {"en": "?"}, "version": "?", "clause": "unreadable",
    "text": {"en": "?"}, "label": {"en": "?"}, "default": "?", "within": "1h", "every": "1mo", "done": "unreadable.done",
    "forbid": "unreadable.forbidden",
}  # fmt: skip


def _meaning_of_the_rest(name: str, raw: dict[str, Any], lines: dict[Path, int], faulty: list[Path]) -> list[Fault]:
    """The faults of meaning in a file with faults of shape, but for those that only follow from the latter."""
    told: set[int] = set()
    for _ in range(2):  # a table that was missing as a whole may lack its keys, too
        for path in faulty:
            told.add(line_at(lines, path))
            _stand_in(raw, path)
        try:
            edition = Edition(name, EditionFile.model_validate(raw), lines)
        except ValidationError as error:
            faulty = [_known_path(one["loc"], raw) for one in error.errors()]
            continue
        nameless = {
            table
            for table, _, row in _rows(edition)
            if "unreadable" in (getattr(row, "key", ""), getattr(row, "number", ""))
        }
        return [fault for fault in _meaning_faults(edition) if fault.line not in told and not _follows(fault, nameless)]
    return []


def _follows(fault: Fault, nameless: set[str]) -> bool:
    """Whether a fault of meaning may only follow from a name that could not be read."""
    table = {"no_clause": "clause", "no_parameter": "parameter", "no_row": fault.values.get("table")}.get(fault.code)
    return table in nameless or "unreadable" in str(fault.values)


def _stand_in(raw: dict[str, Any], path: Path) -> None:
    """Takes a faulty key out of its table, or puts in what stands for it."""
    depth = 3 if len(path) > 1 and isinstance(path[1], int) else 2
    table: Any = raw
    for step in path[: depth - 1]:
        if isinstance(table, dict):
            table = table.setdefault(step, {})
        elif isinstance(table, list) and isinstance(step, int):
            table = table[step]
    if not isinstance(table, dict):
        raw.pop(str(path[0]), None)
    elif len(path) >= depth:
        key = str(path[depth - 1])
        table.pop(key, None)
        if key in _STAND_INS:
            table[key] = _STAND_INS[key]


def _toml_fault(text: str, message: str) -> Fault:
    place = _TOML_PLACE.search(message)
    line = int(place[1]) if place and place[1] else text.count("\n") + (not text.endswith("\n"))
    return Fault(max(line, 1), "toml", {"problem": _TOML_PLACE.sub("", message)})


def _shape_faults(error: ValidationError, raw: dict[str, Any], lines: dict[Path, int]) -> list[Fault]:
    faults: dict[tuple[int, str], Fault] = {}
    for found in error.errors(include_url=False, include_input=False):
        path = _known_path(found["loc"], raw)
        line = line_at(lines, path)
        faults.setdefault((line, ".".join(map(str, path))), _shape_fault(found, path, line, _clause_of(path, raw)))
    return list(faults.values())


def _known_path(loc: tuple[int | str, ...], raw: Any) -> Path:
    """Pydantic's place without what it adds for its own sake: as far as the file goes, and the key that is missing."""
    path: Path = ()
    for step in loc:
        if isinstance(raw, dict) and isinstance(step, str):
            path = (*path, step)
            raw = raw.get(step)
        elif isinstance(raw, list) and isinstance(step, int) and step < len(raw):
            path = (*path, step)
            raw = raw[step]
        else:
            break
    return path


def _clause_of(path: Path, raw: dict[str, Any]) -> str:
    row: Any = raw
    for step in path[:2]:
        row = row[step] if not isinstance(row, dict) or step in row else {}
    if not isinstance(row, dict):
        return ""
    named = row.get("clause", row.get("number") if path[0] == "clause" else "")
    return named if isinstance(named, str) else ""


def _shape_fault(found: Any, path: Path, line: int, clause: str) -> Fault:
    key = str(next((step for step in reversed(path) if isinstance(step, str)), ""))
    context = found.get("ctx") or {}
    match found["type"]:
        case "encore":
            return Fault(line, context["code"], {"key": key, **_shown(context["values"])}, clause)
        case "missing" if len(path) == 1:
            return Fault(1, "missing_table", {"key": key})
        case "missing":
            return Fault(line, "missing", {"key": key}, clause)
        case "extra_forbidden":
            return Fault(line, "unknown_key", {"key": key, "allowed": ", ".join(_allowed(path))}, clause)
        case "literal_error":
            return Fault(
                line,
                "choice",
                {"key": key, "value": "that", "allowed": context["expected"].replace(" or ", ", ")},
                clause,
            )
        case kind:
            expected = _EXPECTED.get(kind, ("of another form", "其他形式"))
            if len(path) == 1:
                expected = _ANY_TABLE if kind == "list_type" else expected
            return Fault(line, "type", {"key": key, "expected": expected[0], "expected_zh": expected[1]}, clause)


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {key: repr(value) if key == "value" and isinstance(value, str) else value for key, value in values.items()}


def _allowed(path: Path) -> list[str]:
    """The keys of the table in which the unknown one stands."""
    model: Any = EditionFile
    for step in path[:-1]:
        if isinstance(step, str):
            annotation = next((f.annotation for n, f in model.model_fields.items() if step in (n, f.alias)), None)
            model = next(
                (kind for kind in _kinds(annotation) if isinstance(kind, type) and issubclass(kind, Table)), Table
            )
    return [info.alias or name for name, info in model.model_fields.items()]


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _kinds(part)


def _meaning_faults(edition: Edition) -> Iterator[Fault]:
    """What the shape cannot say: names that must exist, names that must differ, keys that exclude each other."""
    try:
        zone(edition.timezone)
    except ValueError:
        yield Fault(edition.lines.get(("edition", "timezone"), 1), "timezone", {"value": edition.timezone})
        return
    yield from _duplicates(edition)
    yield from _missing_names(edition)
    for index, duty in enumerate(edition.file.duty):
        yield from _duty_faults(edition, index, duty)
    try:
        edition.terms()
    except ParameterError as error:
        yield from error.faults


def _rows(edition: Edition) -> Iterator[tuple[str, int, Any]]:
    for table in EditionFile.model_fields:
        rows = getattr(edition.file, table)
        if isinstance(rows, list):
            for index, row in enumerate(rows):
                yield table, index, row


def _duplicates(edition: Edition) -> Iterator[Fault]:
    first: dict[tuple[str, str], int] = {}
    for table, index, row in _rows(edition):
        key = next(name for name in ("id", "key", "number") if name in type(row).model_fields)
        value = getattr(row, key)
        line = line_at(edition.lines, (table, index, key))
        seen = first.get((table, value))
        first.setdefault((table, value), line)
        if seen is not None:
            yield Fault(line, "twice", {"table": table, "value": value, "first": seen}, _clause_number(row))


def _clause_number(row: Any) -> str:
    return str(getattr(row, "clause", None) or getattr(row, "number", ""))


def _missing_names(edition: Edition) -> Iterator[Fault]:
    lines = edition.lines
    departments = [row.key for row in edition.file.department]
    posts = [row.key for row in edition.file.post]
    known = {
        "owed_by": [name for row in edition.file.party for name in (row.key, row.role) if name],
        "post": posts and posts + departments,
        "department": departments,
    }
    for table, index, row in _rows(edition):
        clause = _clause_number(row)
        cited = getattr(row, "clause", None)
        if cited is not None and cited not in edition.clauses:
            yield Fault(line_at(lines, (table, index, "clause")), "no_clause", {"value": repr(cited)})
        for name in type(row).model_fields:
            key = type(row).model_fields[name].alias or name
            value = getattr(row, name)
            line = line_at(lines, (table, index, key))
            for reference in _references(value) if name not in _PROSE else ():
                if table != "parameter" and reference not in edition.parameters:
                    yield Fault(line, "no_parameter", {"value": reference}, clause)
            if known.get(name):
                for one in value if isinstance(value, list) else [value]:
                    if one is not None and not is_reference(one) and one not in known[name]:
                        yield _no_row(line, name, one, known[name], clause)
            yield from _unknown_rows(edition, value, line, clause)
    for name, value in edition.file.term:
        for reference in _references(value):
            if reference not in edition.parameters:
                yield Fault(line_at(lines, ("term", name)), "no_parameter", {"value": reference})


_PROSE: Final = frozenset({"id", "key", "number", "clause", "heading", "text", "label", "realised"})


def _no_row(line: int, table: str, value: object, allowed: list[str], clause: str) -> Fault:
    return Fault(line, "no_row", {"table": table, "value": repr(value), "allowed": ", ".join(allowed)}, clause)


def _references(value: object) -> Iterator[str]:
    """The names of the parameters that a value speaks of."""
    if isinstance(value, str):
        if is_reference(value):
            yield value[1:]
    elif isinstance(value, Table):
        for _, part in value:
            yield from _references(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _references(part)
    elif hasattr(value, "where"):
        yield from _references([allowed for _, allowed in value.where])


def _unknown_rows(edition: Edition, value: object, line: int, clause: str) -> Iterator[Fault]:
    """A pattern that names a vocabulary names one of its keys, where the edition has such a vocabulary at all."""
    if not isinstance(value, tuple):
        return
    for pattern in value:
        for key, allowed in getattr(pattern, "where", ()):
            rows = edition.vocabulary.get(key)
            for one in allowed if rows else ():
                if not is_reference(one) and one not in (rows or ()):
                    yield _no_row(line, key, one, list(rows or ()), clause)


def _duty_faults(edition: Edition, index: int, duty: Any) -> Iterator[Fault]:
    def at(key: str = "id") -> int:
        return line_at(edition.lines, ("duty", index, key))

    if duty.within is not None and duty.every is not None:
        yield Fault(at("every"), "within_and_every", {}, duty.clause)
        return
    if duty.within is None and duty.every is None:
        yield Fault(at(), "no_time", {}, duty.clause)
        return
    if duty.done is not None and duty.forbid is not None:
        yield Fault(at("forbid"), "done_and_forbid", {}, duty.clause)
    if duty.done is None and duty.forbid is None:
        yield Fault(at(), "no_done", {}, duty.clause)
    if duty.every is None:
        for key in ("count", "until", "align", "grace"):
            if getattr(duty, key) is not None:
                yield Fault(at(key), "only_recurring", {"key": key}, duty.clause)
        return
    for key, cure, cure_zh in (
        ("forbid", "a prohibition has `within`", "禁止性义务用 `within`"),
        ("cancel", "use `until`", "请用 `until`"),
        ("from", "periods run from the starting event", "周期从起始事件起算"),
    ):
        if getattr(duty, "from_" if key == "from" else key) is not None:
            yield Fault(at(key), "only_deadline", {"key": key, "expected": cure, "expected_zh": cure_zh}, duty.clause)
    if duty.survives and duty.until is None:
        yield Fault(at("survives"), "survives", {}, duty.clause)
