"""A public log of real service incidents as events of complaints, and what two editions make of it.

`python -m tests.engine.incidents` writes the result to docs/incidents.md; with `--events` it prints the events instead, for
`encore judge` to read. The log lies in ../shared/data and is not copied here.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from encore import editions
from encore.engine import Edition, State, Terms, load_edition
from encore.engine.batch import tallied
from encore.engine.moments import from_datetime
from encore.engine.patterns import Pattern
from tests.engine.generate import Json
from tests.engine.judging import lines_of

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT.parent / "shared/data/incident_event_log.csv"
TABLE = ROOT / "docs/incidents.md"
KTV_B = Path(editions.__file__).parent / "ktv_b.toml"
NEEDS_LOG = "needs ../shared/data/incident_event_log.csv"

CHINA = ZoneInfo("Asia/Shanghai")
WHEN_ALL_IS_OVER = datetime(2017, 3, 1, tzinfo=CHINA)  # the last change in the log is of February 2017

AT_STATE = {
    "Active": "complaint.assessed",
    "Awaiting User Info": "complaint.progress_sent",
    "Resolved": "complaint.resolved",
    "Closed": "complaint.archived",
}
GRAVITY = {"1": 0, "2": 0, "3": 1, "4": 2}
"""By the number that a priority begins with: which of the severities, the gravest first."""

DESK = """\
[edition]
id = "service-desk"
title = { zh-Hans = "服务台约定", en = "What a service desk promises" }
version = "1"

[[clause]]
number = "1"
text = { en = "A complaint is taken up within eight hours, and graded." }

[[clause]]
number = "2"
text = { en = "From its receipt, a major complaint is resolved within a day, a general one within five working days, a minor one within two weeks." }

[[clause]]
number = "3"
text = { en = "Until it is resolved, the customer hears how it stands every two days." }

[[clause]]
number = "4"
text = { en = "What is resolved goes on file within ten working days." }

[[clause]]
number = "5"
text = { en = "What is resolved stays so for a week." }

[[severity]]
key = "major"
clause = "2"
label = { en = "major" }
rank = 3

[[severity]]
key = "general"
clause = "2"
label = { en = "general" }
rank = 2

[[severity]]
key = "minor"
clause = "2"
label = { en = "minor" }
rank = 1

[[duty]]
id = "take-up"
clause = "1"
when = "complaint.received"
done = ["complaint.assessed", "complaint.progress_sent", "complaint.resolved"]
within = "8h"

[[duty]]
id = "resolve-major"
clause = "2"
when = { event = "complaint.assessed", severity = "major" }
from = "complaint.received"
done = "complaint.resolved"
within = "24h"

[[duty]]
id = "resolve-general"
clause = "2"
when = { event = "complaint.assessed", severity = "general" }
from = "complaint.received"
done = "complaint.resolved"
within = "5wd"

[[duty]]
id = "resolve-minor"
clause = "2"
when = { event = "complaint.assessed", severity = "minor" }
from = "complaint.received"
done = "complaint.resolved"
within = "2w"

[[duty]]
id = "send-progress"
clause = "3"
when = "complaint.received"
done = "complaint.progress_sent"
every = "2d"
until = "complaint.resolved"

[[duty]]
id = "file"
clause = "4"
when = "complaint.resolved"
done = "complaint.archived"
within = "10wd"

[[duty]]
id = "stay-resolved"
clause = "5"
when = "complaint.resolved"
forbid = "complaint.assessed"
within = "7d"
"""


def ktv_b() -> Edition:
    return load_edition(KTV_B.read_bytes(), KTV_B.name)


def desk() -> Edition:
    return load_edition(DESK.encode(), "desk.toml")


# ---- The log as events --------------------------------------------------------------------------


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def read_log() -> list[dict[str, str]]:
    return rows_of(LOG.read_text("utf-8-sig"))


def severities(edition: Edition) -> list[str]:
    """The keys of the severities, the gravest first."""
    return [row.key for row in sorted(edition.file.severity, key=lambda row: -(row.rank or 0))]


def events_of(rows: Iterable[dict[str, str]], severities: list[str]) -> list[Json]:
    """A receipt for each incident, and an event for each change of its state that a complaint has, in order of time."""
    events: list[Json] = []
    stood: dict[str, str] = {}
    for row in rows:
        number, state = row["number"], row["incident_state"]
        if number not in stood:
            events.append(event_at(row["opened_at"], "complaint.received", number, {}))
        if state != stood.get(number, "New") and state in AT_STATE:
            data = {"severity": severities[GRAVITY[row["priority"][0]]]} if state == "Active" else {}
            events.append(event_at(row["sys_updated_at"], AT_STATE[state], number, data))
        stood[number] = state
    return sorted(events, key=lambda event: datetime.fromisoformat(event["at"]))


def event_at(written: str, kind: str, number: str, data: Json) -> Json:
    """`written` is local time, such as 29-02-2016 01:16; which place it was local to, the log does not say."""
    at = datetime.strptime(written, "%d-%m-%Y %H:%M").replace(tzinfo=CHINA)
    return {"type": kind, "subject": f"complaint:{int(number[3:])}", "at": at.isoformat(), "data": data}


# ---- The table ----------------------------------------------------------------------------------


def counts(edition: Edition, rows: Iterable[dict[str, str]]) -> dict[str, list[int]]:
    """For each duty how many clocks came to which state."""
    events = events_of(rows, severities(edition))
    return tallied(edition.terms(), lines_of(events), from_datetime(WHEN_ALL_IS_OVER))[1]


SHOWN = [State.FULFILLED, State.LATE, State.BREACHED, State.DISCHARGED, State.OPEN]


def table(terms: Terms, found: dict[str, list[int]]) -> Iterator[str]:
    yield (
        "| duty | clause | starts with | waits for | opened | "
        + " | ".join(state.name.lower() for state in SHOWN)
        + " |"
    )
    yield "| --- | --- | --- | --- |" + " ---: |" * (1 + len(SHOWN))
    for id, states in found.items():
        if not any(states):
            continue
        rule = terms.rules[id]
        waits_for = types(rule.done) if rule.done else f"no {types(rule.forbid)}"
        numbers = (sum(states), *(states[state] for state in SHOWN))
        yield f"| {id} | {rule.clause} | {types(rule.when)} | {waits_for} | {' | '.join(map(str, numbers))} |"


def types(patterns: tuple[Pattern, ...]) -> str:
    return ", ".join(dict.fromkeys(pattern.event for pattern in patterns))


PAGE = """\
# Real incidents, judged

A public log of a service desk (the ServiceNow incident log of UCI; {incidents} incidents, {rows:,} changes) gives {events:,} events: a receipt
for each incident, and an event where its state becomes Active (assessed), Awaiting User Info (progress sent), Resolved
(resolved) or Closed (archived).
It does not say where its times are local to, so they are taken for China's, and all clocks are looked at on 1 March 2017,
when everything is over.

## Under what a service desk promises

A small edition that speaks of just these events; its text is in `tests/engine/incidents.py`.
Two incidents were graded, by the log's own times, before they came in: their time to resolve runs from the grading.

{desk}

## Under edition B

Edition B asks for steps that this desk did not record (verified, planned, result sent), so what waits for one of them is
breached, and the duties that are not in the table start with events that the log does not have.
This says how much of B such a log can show, not how fast the desk was: B hears only the receipts, the assessments and the
solutions in it.

{ktv_b}
"""


def page(rows: list[dict[str, str]]) -> str:
    return PAGE.format(
        incidents=len({row["number"] for row in rows}),
        rows=len(rows),
        events=len(events_of(rows, severities(desk()))),
        desk="\n".join(table(desk().terms(), counts(desk(), rows))),
        ktv_b="\n".join(table(ktv_b().terms(), counts(ktv_b(), rows))),
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--events"]:
        sys.stdout.buffer.writelines(
            orjson.dumps(event) + b"\n" for event in events_of(read_log(), severities(ktv_b()))
        )
    else:
        TABLE.write_text(page(read_log()), "utf-8")
