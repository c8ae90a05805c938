"""Small random editions, and histories under them, for the property tests.

The grid of times is coarse on purpose: ties, deadlines met at the very second, midnights and
holiday weeks must be common. What the specification leaves open is not generated: `from` on a
recurring duty or a prohibition, `until` that names `contract.ended`, a duty that changes its
kind in an amendment, an unknown hash in `data.edition`.

Everything random goes through one function that picks one of several things, so that the same
cases come from hypothesis (`cases`, which shrinks) or from a seed (`case_of`, which is fast).
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Json = dict[str, Any]
T = TypeVar("T")


class Pick(Protocol):
    def __call__(self, options: Sequence[T], /) -> T: ...


CHINA = ZoneInfo("Asia/Shanghai")

WINDOWS = [
    (date(2026, 2, 12), date(2026, 2, 28)),  # Spring Festival; the 14th and 28th are worked
    (date(2026, 9, 25), date(2026, 10, 12)),  # Mid-Autumn and National Day; 10 October is worked
    (date(2026, 12, 28), date(2027, 1, 6)),  # New Year; make-up days of 2027 are not known yet
]
TIMES = [time(0), time(10), time(10, 0, 1), time(23, 59, 59)]
AFTER_ALL = datetime(2027, 3, 1, tzinfo=CHINA)

SUBJECTS = ["complaint:1", "complaint:1", "complaint:1", "complaint:2", "contract:1"]
REFS = [
    [],
    [],
    ["contract:1"],
    ["contract:1", "promoter:9"],
    ["complaint:1"],
    ["complaint:2", "complaint:10"],
    ["complaint:2", "contract:1"],
]
IDS = ["e1", "e2", "e3", "e4"]
SOMETIMES_AN_ID = [None, None, None, None, None, None, None, None, *IDS]
DUTY_IDS = ["answer", "plan", "train"]

WITHIN = [
    *("0h", "30min", "24h", "36h", "0d", "0wd", "1d", "3d"),
    *("1wd", "5wd", "2w", "1mo", "1q", "1y"),
]
EVERY = ["24h", "36h", "1d", "3d", "1w", "1mo", "2mo", "1q", "1y"]
EVERY_CALENDAR = ["1mo", "2mo", "1q", "1y"]
GRACE = ["0d", "1d", "3d", "0wd", "5wd", "24h", "1w"]

PARAMETERS = {
    "allowed": WITHIN,
    "pace": EVERY,
    "calendar_pace": EVERY_CALENDAR,
    "slack": GRACE,
    "gravest": ["minor", "major"],
}

Pattern = str | Json

WHEN: list[Pattern] = [
    "complaint.received",
    "complaint.received",
    "complaint.assessed",
    {"event": "complaint.assessed", "severity": ["major"]},
    {"event": "complaint.assessed", "severity": "$gravest"},
    "contract.effective",
    "contract.ended",
    "force_majeure.declared",
]
FROM: list[Pattern] = [
    "complaint.received",
    "complaint.recorded",
    {"event": "complaint.assessed", "severity": "minor"},
]
DONE: list[Pattern] = [
    "complaint.replied",
    "complaint.replied",
    "complaint.replied",
    {"event": "training.held", "grade": 1},
    {"event": "training.held", "grade": [2, True]},
    {"event": "complaint.assessed", "severity": ["minor", "$gravest"]},
    "complaint.received",
    "force_majeure.lifted",
]
CANCEL: list[Pattern] = [
    "complaint.withdrawn",
    {"event": "complaint.assessed", "severity": "minor"},
    "contract.ended",
]
UNTIL: list[Pattern] = [
    "complaint.withdrawn",
    "complaint.replied",
    {"event": "training.held", "grade": 2},
]
FORBID: list[Pattern] = [
    "complaint.escalated",
    {"event": "training.held", "grade": "1"},
    "complaint.replied",
]


# ---- Editions ---------------------------------------------------------------------------


def chance(pick: Pick, one_in: int) -> bool:
    return pick([*[False] * (one_in - 1), True])


def one_or_two(pick: Pick, patterns: list[Pattern]) -> Pattern | list[Pattern]:
    """A pattern or a list of them, as an edition may write either."""
    if chance(pick, 4):
        return [pick(patterns), pick(patterns)]
    return pick(patterns)


def duration(pick: Pick, parameter: str) -> str:
    return pick([*PARAMETERS[parameter], f"${parameter}", f"${parameter}", f"${parameter}"])


def duty_of(pick: Pick, name: str, kind: str) -> Json:
    duty: Json = {"id": name, "clause": pick(["1.1", "1.2"])}
    if not chance(pick, 6):
        duty["when"] = one_or_two(pick, WHEN)
    if survives := chance(pick, 4):
        duty["survives"] = True
    if chance(pick, 6):
        duty["through_force_majeure"] = True

    if kind == "recurring":
        duty["done"] = one_or_two(pick, DONE)
        if chance(pick, 2):
            duty["align"] = "calendar"
            duty["every"] = duration(pick, "calendar_pace")
        else:
            duty["every"] = duration(pick, "pace")
        if chance(pick, 2):
            duty["grace"] = duration(pick, "slack")
        if chance(pick, 3):
            duty["count"] = 2
        if survives or chance(pick, 2):
            duty["until"] = one_or_two(pick, UNTIL)
        return duty

    duty["within"] = duration(pick, "allowed")
    if kind == "prohibition":
        duty["forbid"] = one_or_two(pick, FORBID)
    else:
        duty["done"] = one_or_two(pick, DONE)
        if chance(pick, 2):
            duty["from"] = one_or_two(pick, FROM)
    if chance(pick, 2):
        duty["cancel"] = one_or_two(pick, CANCEL)
    return duty


def some_parameters(pick: Pick) -> Json:
    return {key: pick(values) for key, values in PARAMETERS.items() if chance(pick, 3)}


def edition_of(pick: Pick, duties: list[Json], version: str, timezone: str | None) -> Json:
    head: Json = {"id": "random", "title": {"zh-Hans": "随机", "en": "random"}, "version": version}
    if timezone is not None:
        head["timezone"] = timezone
    return {
        "edition": head,
        "clause": [{"number": number, "text": {"en": f"What clause {number} lays down."}} for number in ("1.1", "1.2")],
        "parameter": [
            {
                "key": key,
                "clause": "1.1",
                "default": pick(values),
                "kind": "text" if key == "gravest" else "duration",
            }
            for key, values in PARAMETERS.items()
        ],
        "severity": [{"key": key, "clause": "1.2", "label": {"en": key}} for key in ("minor", "major")],
        "duty": duties,
    }


def family_of(pick: Pick, amendments: int) -> list[Json]:
    """An edition and those that may follow it: duties changed, dropped, added, none of another kind."""
    kinds = {name: pick(["deadline", "deadline", "recurring", "prohibition"]) for name in DUTY_IDS}
    timezone = pick([None, None, None, "Asia/Shanghai", "Europe/Berlin"])
    first = [duty_of(pick, name, kinds[name]) for name in DUTY_IDS[: pick([1, 2, 3])]]
    family = [edition_of(pick, first, "1", timezone)]
    while len(family) <= amendments and chance(pick, 3):
        before = {duty["id"]: duty for duty in family[-1]["duty"]}
        changed = []
        for name in DUTY_IDS:
            fate = pick(["as before", "as before", "changed", "left out"])
            if fate == "as before" and name in before:
                changed.append(before[name])
            elif fate == "changed":
                changed.append(duty_of(pick, name, kinds[name]))
        family.append(edition_of(pick, changed, str(len(family) + 1), timezone))
    return family


# ---- Events -----------------------------------------------------------------------------


def moments_in(windows: Sequence[tuple[date, date]]) -> list[datetime]:
    return [
        datetime.combine(first + timedelta(days=n), at, CHINA)
        for first, last in windows
        for n in range((last - first).days + 1)
        for at in TIMES
    ]


def written(at: datetime, pick: Pick) -> str:
    if chance(pick, 4):
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return at.isoformat()


DATA: dict[str, list[Json]] = {
    "complaint.assessed": [
        {"severity": "minor"},
        {"severity": "major"},
        {"severity": "major", "grade": 1},
        {"severity": "other"},
        {},
    ],
    "training.held": [
        {"grade": 1},
        {"grade": 1.0},
        {"grade": 2},
        {"grade": True},
        {"grade": "1"},
        {},
    ],
}
PUBLISHED: list[Json] = [
    {"year": 2027, "off": ["2027-01-01", "2027-01-04", "2027-01-05"], "work": ["2027-01-02"]},
    {"year": 2027, "off": ["2027-01-02", "2027-01-03"], "work": ["2027-01-01"]},
    {"year": 2027, "off": ["2026-12-31"], "work": ["2027-01-03"]},
    {"year": 2027, "off": [], "work": []},
    {"year": 2026, "off": ["2026-02-14", "2026-10-10"], "work": ["2026-02-20", "2026-10-07"]},
]
FORCE_MAJEURE = [
    "force_majeure.declared",
    "force_majeure.declared",
    "force_majeure.lifted",
    "force_majeure.fallen",
]
RULINGS = ["duty.extended", "duty.extended", "duty.excused"]
CONTRACT = ["contract.effective", "contract.amended", "contract.amended", "contract.ended"]
RECORDS = ["event.annulled", "calendar.published", "complaint.merged"]


def spoken_of(family: Sequence[Json], keys: Sequence[str]) -> list[str]:
    """The event types in the duties' patterns, each as often as it is named."""
    types = []
    for duty in (duty for edition in family for duty in edition["duty"]):
        duty = {"when": "contract.effective", **duty}
        for key in keys:
            patterns = duty.get(key, [])
            types += [
                pattern if isinstance(pattern, str) else pattern["event"]
                for pattern in (patterns if isinstance(patterns, list) else [patterns])
            ]
    return types


def terms_of(pick: Pick, hashes: Sequence[str]) -> Json:
    """What an amendment carries: parameters, an edition, both, or nothing."""
    data: Json = {}
    if chance(pick, 2):
        data["parameters"] = some_parameters(pick)
        if chance(pick, 5):
            data["parameters"]["unheard_of"] = "1d"
    if hashes and chance(pick, 2):
        data["edition"] = pick(hashes)
    return data


def event_of(pick: Pick, kind: str, moments: Sequence[datetime], hashes: Sequence[str]) -> Json:
    subject, data = pick(SUBJECTS), {}
    if kind in DATA:
        data = pick(DATA[kind])
    elif kind.startswith("force_majeure."):
        subject = pick(["force_majeure:1", "force_majeure:2"])
    elif kind in RULINGS:
        data = {"duty": pick([*DUTY_IDS[:1] * 3, *DUTY_IDS, "unheard-of"])}
        index = pick([None, None, None, 0, 0, 1, 2])
        if index is not None:
            data["index"] = index
        if kind == "duty.extended":
            data["until"] = written(pick([pick(moments), moments[-1], AFTER_ALL]), pick)
        else:
            data["reason"] = "agreed"
    elif kind in ("contract.effective", "contract.amended"):
        subject = pick(["contract:1", "contract:1", "complaint:1"])
        data = terms_of(pick, hashes)
    elif kind == "event.annulled":
        data = {"id": pick(IDS)}
    elif kind == "calendar.published":
        subject, data = "calendar:CN", pick(PUBLISHED)

    event: Json = {"type": kind, "subject": subject, "at": written(pick(moments), pick)}
    if refs := pick(REFS):
        event["refs"] = refs
    if data:
        event["data"] = data
    if own_id := pick(SOMETIMES_AN_ID):
        event["id"] = own_id
    return event


def moment(event: Json) -> datetime:
    return datetime.fromisoformat(event["at"])


# ---- Cases ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    edition: Json
    events: list[Json]
    now: datetime
    parameters: Json
    amended: dict[str, Json]  # by the SHA-256 of the file

    def edition_bytes(self) -> bytes:
        return edition_toml(self.edition).encode()

    def amended_bytes(self) -> list[bytes]:
        return [edition_toml(edition).encode() for edition in self.amended.values()]

    def events_text(self) -> str:
        return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in self.events)


def pick_case(pick: Pick, most_events: int, amendments: int) -> Case:
    family = family_of(pick, amendments)
    amended = {sha256_of(edition): edition for edition in family[1:]}
    moments = moments_in(pick([WINDOWS[:1], WINDOWS[1:2], WINDOWS[2:], WINDOWS]))
    starting = spoken_of(family, ["when"])
    types = spoken_of(family, ["when", "when", "from", "done", "done", "cancel", "until", "forbid"])
    others = [*FORCE_MAJEURE, *RULINGS, *RULINGS, *CONTRACT, *RECORDS]
    events: list[Json] = []
    if not chance(pick, 4):
        events.append(event_of(pick, pick(starting), moments[:12], list(amended)))
    while len(events) < most_events and not chance(pick, 16):
        kind = pick(pick([types, types, others]))
        events.append(event_of(pick, kind, moments, list(amended)))
    if not chance(pick, 4):
        events.sort(key=moment)
    last = max(map(moment, events), default=AFTER_ALL)
    now = pick([last, AFTER_ALL, pick(moments), pick(moments_in(WINDOWS[-1:]))])
    return Case(edition=family[0], events=events, now=now, parameters=some_parameters(pick), amended=amended)


@st.composite
def cases(draw: st.DrawFn, most_events: int = 30, amendments: int = 2) -> Case:
    def pick(options: Sequence[T]) -> T:
        return draw(st.sampled_from(options))

    return pick_case(pick, most_events, amendments)


def case_of(seed: int, most_events: int = 30, amendments: int = 2) -> Case:
    return pick_case(random.Random(seed).choice, most_events, amendments)


def smallest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Takes away events, duties and choices from a failing case as long as it still fails."""
    while True:
        for smaller in reductions(case):
            if fails(smaller):
                case = smaller
                break
        else:
            return case


def reductions(case: Case) -> Iterator[Case]:
    """Each case that lacks one thing of this one. Amended editions stay: events name them by hash."""
    for n in range(len(case.events)):
        yield replace(case, events=case.events[:n] + case.events[n + 1 :])
    duties = case.edition["duty"]
    for n, duty in enumerate(duties):
        yield with_duties(case, duties[:n] + duties[n + 1 :])
        for key in ("survives", "through_force_majeure", "grace", "count", "cancel", "from"):
            if key in duty:
                less = {k: v for k, v in duty.items() if k != key}
                yield with_duties(case, [*duties[:n], less, *duties[n + 1 :]])
    for key in case.parameters:
        yield replace(case, parameters={k: v for k, v in case.parameters.items() if k != key})
    for n, event in enumerate(case.events):
        for key in ("refs", "id", "data"):
            if key in event and not (key == "data" and event["type"] in NEED_DATA):
                less = {k: v for k, v in event.items() if k != key}
                yield replace(case, events=[*case.events[:n], less, *case.events[n + 1 :]])
    if not any("edition" in event.get("data", {}) for event in case.events) and case.amended:
        yield replace(case, amended={})


NEED_DATA = {*RULINGS, "event.annulled", "calendar.published"}


def with_duties(case: Case, duties: list[Json]) -> Case:
    return replace(case, edition={**case.edition, "duty": duties})


# ---- Written as TOML --------------------------------------------------------------------


def edition_toml(edition: Json) -> str:
    lines = []
    for name, tables in edition.items():
        for table in tables if isinstance(tables, list) else [tables]:
            lines.append(f"[[{name}]]" if isinstance(tables, list) else f"[{name}]")
            lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
            lines.append("")
    return "\n".join(lines)


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {toml_value(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, list):
        return f"[{', '.join(toml_value(inner) for inner in value)}]"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers and truth are written alike


def sha256_of(edition: Json) -> str:
    return hashlib.sha256(edition_toml(edition).encode()).hexdigest()
