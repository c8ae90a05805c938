"""What happened: events as the ledger and files give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from encore.engine.faults import EventError
from encore.engine.moments import OutOfRange, Times, Zoneless, from_datetime

BOM = b"\xef\xbb\xbf"

NOTHING: Mapping[str, object] = {}

DECLARED, LIFTED, FALLEN = "force_majeure.declared", "force_majeure.lifted", "force_majeure.fallen"
EFFECTIVE, AMENDED, ENDED = "contract.effective", "contract.amended", "contract.ended"
EXTENDED, EXCUSED = "duty.extended", "duty.excused"
PUBLISHED, ANNULLED = "calendar.published", "event.annulled"

CONTRACT_WIDE = frozenset({DECLARED, LIFTED, FALLEN, EFFECTIVE, AMENDED, ENDED, PUBLISHED, ANNULLED})
"""The types that may move clocks on subjects which they do not concern."""

NOTED = frozenset({ANNULLED, DECLARED, LIFTED, FALLEN})
"""The types of which a later one may take an earlier one back."""

SPECIAL = CONTRACT_WIDE | {EXTENDED, EXCUSED}
"""The types that the language itself gives a meaning."""


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is aware; `position` orders events of equal time and names this one: a line of a file, a ledger's key."""

    type: str
    subject: str
    at: datetime
    refs: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    id: str | None = None
    position: int = 0

    @property
    def moment(self) -> int:
        return from_datetime(self.at)

    @property
    def keys(self) -> tuple[str, ...]:
        """What the event concerns: its subject and its refs, each once."""
        return tuple(dict.fromkeys((self.subject, *self.refs)))


Judged = tuple[int, int, str, str, tuple[str, ...], Mapping[str, object], str | None]
"""An event as the judge takes it: moment, position, type, subject, what it concerns, data, id."""


def judged(event: Event) -> Judged:
    return (event.moment, event.position, event.type, event.subject, event.keys, event.data, event.id)


class Reader:
    """Turns lines of JSON into events for the judge."""

    def __init__(self) -> None:
        self.times = Times()

    def read(self, line: bytes, position: int) -> Judged | None:
        """The event in a line, None for a blank one. `EventError` for what is no event."""
        if position == 1:
            line = line.removeprefix(BOM)
        try:
            raw = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if not line.strip():
                return None
            raise EventError(position, "event_json", problem=str(error).split(":")[0]) from None
        return self.take(raw, position)

    def take(self, raw: Any, position: int) -> Judged:
        """The event in a parsed JSON object."""
        try:
            kind, subject, at = raw["type"], raw["subject"], raw["at"]
            moment = self.times.hours[at[:13]] + self.times.tails[at[13:]]
        except (KeyError, TypeError):
            kind, subject, moment = self._slowly(raw, position)
        keys, data, name = self.rest(raw, subject, position)
        if kind.__class__ is not str or subject.__class__ is not str or not kind or not subject:
            kind, subject, moment = self._slowly(raw, position)
        return (moment, position, kind, subject, keys, data, name)

    def rest(
        self, raw: dict[str, Any], subject: str, position: int
    ) -> tuple[tuple[str, ...], Mapping[str, object], str | None]:
        """What the event concerns (a name may be there twice), its data and its id."""
        refs, data, name = raw.get("refs"), raw.get("data"), raw.get("id")
        keys: tuple[str, ...] = (subject,)
        if refs is not None:
            if refs.__class__ is not list or not all(ref.__class__ is str for ref in refs):
                raise EventError(position, "event_type", key="refs", expected="a list of texts", expected_zh="文本列表")
            keys = (subject, *refs)
        if data is None:
            data = NOTHING
        elif data.__class__ is not dict:
            raise EventError(position, "event_type", key="data", expected="an object", expected_zh="对象")
        if name is not None and name.__class__ is not str:
            if not isinstance(name, int) or isinstance(name, bool):
                raise EventError(position, "event_type", key="id", expected="text", expected_zh="文本")
            name = str(name)
        return keys, data, name

    def _slowly(self, raw: Any, position: int) -> tuple[str, str, int]:
        """The same with every check, so that the fault is named."""
        if not isinstance(raw, dict):
            raise EventError(position, "event_json", problem=f"it is {_called(raw)}")
        for key in ("type", "subject", "at"):
            if key not in raw:
                raise EventError(position, "event_key", key=key)
            if not isinstance(raw[key], str) or not raw[key]:
                raise EventError(position, "event_type", key=key, expected="text", expected_zh="文本")
        return raw["type"], raw["subject"], self.time(raw["at"], "at", position)

    def time(self, text: object, key: str, position: int) -> int:
        return read_time(self.times, text, key, position)


def read_time(times: Times, text: object, key: str, position: int) -> int:
    """The moment; `EventError` that says what is wrong with it."""
    try:
        if not isinstance(text, str):
            raise ValueError(text)
        return times.parse(text)
    except Zoneless:
        raise EventError(position, "event_zone", key=key, value=text) from None
    except OutOfRange:
        raise EventError(position, "event_year", key=key, value=text) from None
    except (ValueError, OverflowError):
        raise EventError(position, "event_time", key=key, value=text) from None


def _called(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")
