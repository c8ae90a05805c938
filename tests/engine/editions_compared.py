"""What each of the product's editions would have cost in breaches on a log and on complaints that nobody wrote for it.

`python -m tests.engine.editions_compared` writes docs/editions-compared.md. The data lie in ../shared/data and are not
copied here.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from encore import editions
from encore.engine import Edition, State, Terms, load_edition
from encore.engine.batch import tallied
from encore.engine.moments import from_datetime
from encore.engine.text import SpokenDuty, spoken_duty, text_of
from tests.engine.generate import Json
from tests.engine.incidents import CHINA, LOG, ROOT, WHEN_ALL_IS_OVER, events_of, read_log, severities
from tests.engine.judging import lines_of

COMPLAINTS = ROOT.parent / "shared/data/complaints_zh.csv"
PAGE = ROOT / "docs/editions-compared.md"
NEEDS_DATA = "needs ../shared/data/incident_event_log.csv and ../shared/data/complaints_zh.csv"

RECEIVED = datetime(2026, 3, 2, 10, tzinfo=CHINA)  # a Monday morning; the complaints have no time of their own
SILENCE = {
    "30 min": timedelta(minutes=31),
    "1 h": timedelta(minutes=61),
    "12 h": timedelta(hours=12, minutes=1),
    "24 h": timedelta(hours=24, minutes=1),
    "48 h": timedelta(hours=48, minutes=1),
    "7 d": timedelta(days=7, hours=15),  # a deadline in days ends at midnight
    "30 d": timedelta(days=30, hours=15),
}
"""How long nobody does anything, and a little more, so that what is due then is past."""


@dataclass(frozen=True)
class Cost:
    """The clocks of one duty."""

    duty: SpokenDuty
    clocks: int
    met: int
    late: int
    missed: int
    other: int  # discharged, excused, or not yet due
    shown: bool  # whether the data have any event that could have fulfilled it

    @property
    def breaches(self) -> int:
        return self.late + self.missed


def all_editions() -> list[Edition]:
    return [load_edition(content, name) for name, content in editions.brought()]


# ---- What happened ------------------------------------------------------------------------------


def incidents(edition: Edition, rows: list[dict[str, str]]) -> list[Json]:
    """The log as events. Where an edition has fewer grades than the log, its least grave one stands for the rest."""
    grades = severities(edition)
    return events_of(rows, [*grades, *(grades[-1:] * 3)])


ALSO = {
    "complaint.received": ("complaint.recorded",),
    "complaint.assessed": ("complaint.taken_up", "complaint.verified", None, "complaint.planned", "complaint.started"),
    "complaint.resolved": (None, "complaint.replied", "complaint.result_sent", "complaint.confirmation_asked"),
}
"""What the generous reading takes for done at the same moment; None is the event itself, which otherwise comes first."""


def generously(events: Iterable[Json]) -> Iterator[Json]:
    """Every step that a change of state may have brought with it, as if it had."""
    for event in events:
        steps = ALSO.get(event["type"], ())
        for step in steps if None in steps else (None, *steps):
            yield event if step is None else {**event, "type": step, "data": {}}


def complaints(edition: Edition, rows: Iterable[dict[str, str]]) -> list[Json]:
    """Each text as the import takes it in: received now, by the channel for all others. What it says is not told."""
    channel = next((row.key for row in edition.file.channel if row.via == "other"), "other")
    return [
        {
            "type": "complaint.received",
            "subject": f"complaint:{row['row']}",
            "at": RECEIVED.isoformat(),
            "data": {"channel": channel},
        }
        for row in rows
    ]


def never_assessed(events: Iterable[Json]) -> tuple[int, int]:
    """How many complaints were resolved without an assessment, and how many were assessed before they came in only."""
    received: set[str] = set()
    before: set[str] = set()
    after: set[str] = set()
    for event in events:
        if event["type"] == "complaint.received":
            received.add(event["subject"])
        elif event["type"] == "complaint.assessed":
            (after if event["subject"] in received else before).add(event["subject"])
    return len(received - before - after), len(before - after)


def read_complaints() -> list[dict[str, str]]:
    with COMPLAINTS.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# ---- What it would have cost --------------------------------------------------------------------


def costs(terms: Terms, events: list[Json], now: datetime) -> list[Cost]:
    """The duties that had a clock, in the edition's order."""
    happened = {event["type"] for event in events}
    found = tallied(terms, lines_of(events), from_datetime(now))[1]
    return [
        _cost(spoken_duty(terms, terms.edition.duties[id]), states, happened)
        for id, states in found.items()
        if any(states)
    ]


def _cost(one: SpokenDuty, states: list[int], happened: set[str]) -> Cost:
    met, late, missed = states[State.FULFILLED], states[State.LATE], states[State.BREACHED]
    awaited = {pattern.event for pattern in one.rule.done}
    return Cost(one, sum(states), met, late, missed, sum(states) - met - late - missed, bool(awaited & happened))


def total(found: Iterable[Cost]) -> tuple[int, int, int, int, int]:
    listed = list(found)
    return (
        sum(one.clocks for one in listed),
        sum(one.met for one in listed),
        sum(one.late for one in listed),
        sum(one.missed for one in listed),
        sum(one.breaches for one in listed),
    )


def breaches_after(terms: Terms, events: list[Json], silence: timedelta) -> int:
    return sum(one.breaches for one in costs(terms, events, RECEIVED + silence))


# ---- The page -----------------------------------------------------------------------------------


def row(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"


def header(*titles: str, numbers: int) -> Iterator[str]:
    yield row(*titles)
    yield "|" + " --- |" * (len(titles) - numbers) + " ---: |" * numbers


NUMBERS = ("时钟 clocks", "按时 met", "逾期履行 late", "未履行 not done", "违约合计 breaches")


def totals(by_edition: dict[str, list[Cost]], cases: int) -> Iterator[str]:
    yield from header("版本 edition", *NUMBERS, "每百件违约 per 100", numbers=6)
    for name, found in by_edition.items():
        shown = total(one for one in found if one.shown)
        yield row(name, *shown, f"{100 * shown[-1] / cases:.1f}" if shown[0] else "—")


def by_duty(by_edition: dict[str, list[Cost]], *, shown: bool) -> Iterator[str]:
    yield from header("版本 edition", "条款 clause", "义务 duty", "时限 time", *NUMBERS, numbers=5)
    for name, found in by_edition.items():
        for one in (one for one in found if one.shown is shown):
            label, time = (f"{said['zh-Hans']}<br>{said['en']}" for said in (one.duty.label, one.duty.time))
            start = f"自{one.duty.start['zh-Hans']}起<br>from: {one.duty.start['en']}"
            yield row(
                name, one.duty.clause, f"{label}<br>`{one.duty.id}`", f"{time}<br>{start}",
                one.clocks, one.met, one.late, one.missed, one.breaches,
            )  # fmt: skip


def unstarted(by_edition: dict[str, list[Cost]], read: dict[str, Terms]) -> Iterator[str]:
    yield from header("版本 edition", "义务总数 duties", "有时钟 with clocks", "看得出履行 shown", numbers=3)
    for name, found in by_edition.items():
        yield row(name, len(text_of(read[name]).duties), len(found), sum(one.shown for one in found))


TEXT = """\
# 三个版本的代价 · What each edition would have cost

本页由 `python -m tests.engine.editions_compared` 生成，不手工修改。逐条的判定规则见各版本文件；同一日志按服务台自己的承诺判定的结果见[Real incidents, judged](incidents.md)，此处不重复。

Generated by `python -m tests.engine.editions_compared`; not edited by hand. The same log under what a service desk itself
duties is in [Real incidents, judged](incidents.md) and is not repeated here.

## 前提 · What is assumed

1. **参数取默认值。** 合同留待填写的时限，一律用版本里的默认值；填得不同，数字就不同。
   *Every parameter has its default.* Other values give other numbers.
2. **违约合计 = 逾期履行 + 未履行。** 周期义务每错过一期算一次。这里数的是次数，不是金额。
   *Breaches are what was done late and what was not done.* A recurring duty is breached once a missed period. These are counts, not money.
3. **一件事件当作一件投诉。** 日志来自信息技术服务台，不是 KTV；优先级折算为投诉等级，最重的对最重的；版本的等级较少时，其余都归入最轻一级。
   *An incident stands for a complaint.* The log is of an IT service desk, not of a karaoke house; priorities become severities, the gravest
   the gravest; where an edition has fewer grades, its least grave one takes the rest.
4. **日志不写时区，** 当作北京时间；截至 2017 年 3 月 1 日判定，那时一切都已了结。
   *The log does not say where its times are local to:* they are taken for China's, and judged as of 1 March 2017, when everything is over.
5. **日志只有五种事：** 受理、初步判断、告知进展、处理完毕、归档。核实、制定方案、开始执行、答复、反馈结果、回访都没有记录。等候这些事的义务必然“未履行”，这说明日志缺什么，
   不说明服务台做得怎样；所以单列，不计入比较。为此日志读两遍：一遍**照记录**，只认上面五种事；一遍**从宽**，受理之时即已记录，转为处理中之时即已着手、核实、定出方案并开始执行，
   解决之时即已答复、反馈结果并请客户确认。从宽的一遍是对服务台最有利的假定，不是事实。
   *The log knows five kinds of event:* received, assessed, progress sent, resolved, archived. What waits for another one cannot have been seen done.
   That tells what the log lacks, not how the desk worked; those duties stand apart and are left out of the comparison. So the log is read twice: **as recorded**,
   with these five alone; and **generously**, as if a complaint were recorded when it came in, taken up, verified, planned and started when the incident became active,
   and replied to, its result sent and confirmation asked when it was resolved. The second is the most that can be assumed in the desk's favour, and no fact.
6. **没有合同本身的事件，** 所以培训、调查、考核、结算等随合同生效而起的义务没有时钟，不在表中。
   *Nothing in the data happens to a contract,* so duties that begin with it (training, surveys, appraisals, settlement) have no clock here.
7. **真实投诉只有文字，** 没有时间、渠道、等级，也没有处理经过。照导入命令的做法，全部当作同一时刻（{received}）经“其他”渠道收到，之后无人处理；表中是沉默多久会有多少次违约。
   *The real complaints are texts and nothing else:* no time, no channel, no grade, no handling. As the import does, all are taken as received at one moment
   ({received}) by the channel for others; then nobody does anything, and the table says how many breaches that silence costs.

## 事件日志 · The incident log

{incidents} 件事件，{changes:,} 次变更，折成 {events:,} 个事件。 {incidents} incidents, {changes:,} changes, {events:,} events.

### 照记录 · As recorded

只计日志看得出是否履行的义务。 Only duties of which the log can show whether they were kept.

{totals}

{ungraded} 件从未转为处理中就已解决，{early} 件照日志的时间在受理之前就已定级：这些投诉受理之后没有初步判断，所以算“未履行”。
没有时钟的版本不填每百件违约：那是日志看不出，不是没有违约。
{ungraded} incidents were resolved without ever becoming active, and {early} were graded, by the log's own times, before they came in: no assessment
follows their receipt, so it counts as not done. An edition without clocks has no figure per hundred: the log cannot show it, which is not the same as no breach.

三个版本管的事不同，数字不能只看大小：时钟多的版本承诺也多。看“每百件违约”时，对照下表各自承诺了什么。
The editions do not promise the same: one with more clocks promises more. Read the figure per hundred beside what each of them promised.

{shown}

下列义务等候日志里没有的事，不是“未履行”就是随周期停止而解除；只说明按该版本还须记录什么。
These wait for events that the log does not have. They say what would have to be recorded under that edition, and nothing of the desk.

{hidden}

### 从宽 · Read generously

{generous_totals}

{generous}

从宽之后仍然看不出的： What even this reading cannot show:

{still_hidden}

### 有多少义务用得上 · How much of each edition the log reaches

{reach}

## 真实投诉 · The real complaints

{complaints:,} 件，收到之后无人处理；行是沉默的时长，格中是到那时为止的违约次数。
{complaints:,} complaints, received and left alone; a row is how long, a cell how many breaches there are by then.

{silence}

沉默三十天，各项义务如下。 After thirty days of silence, by duty:

{silent}
"""


def page(log: list[dict[str, str]], texts: list[dict[str, str]]) -> str:
    read = {edition.id: edition.terms() for edition in all_editions()}
    logged = {name: incidents(terms.edition, log) for name, terms in read.items()}
    judged = {name: costs(terms, logged[name], WHEN_ALL_IS_OVER) for name, terms in read.items()}
    generous = {name: costs(terms, list(generously(logged[name])), WHEN_ALL_IS_OVER) for name, terms in read.items()}
    received = {name: complaints(terms.edition, texts) for name, terms in read.items()}
    after = [
        row(length, *(breaches_after(terms, received[name], silence) for name, terms in read.items()))
        for length, silence in SILENCE.items()
    ]
    last = RECEIVED + list(SILENCE.values())[-1]
    silent = {name: costs(terms, received[name], last) for name, terms in read.items()}
    numbers = {row["number"] for row in log}
    ungraded, early = never_assessed(next(iter(logged.values())))
    return TEXT.format(
        received=f"{RECEIVED:%Y-%m-%d %H:%M}",
        incidents=len(numbers),
        ungraded=ungraded,
        early=early,
        changes=len(log),
        events=len(next(iter(logged.values()))),
        totals="\n".join(totals(judged, len(numbers))),
        shown="\n".join(by_duty(judged, shown=True)),
        hidden="\n".join(by_duty(judged, shown=False)),
        generous_totals="\n".join(totals(generous, len(numbers))),
        generous="\n".join(by_duty(generous, shown=True)),
        still_hidden="\n".join(by_duty(generous, shown=False)),
        reach="\n".join(unstarted(judged, read)),
        complaints=len(texts),
        silence="\n".join([*header("沉默 silence", *read, numbers=len(read)), *after]),
        silent="\n".join(by_duty(silent, shown=False)),
    )


if __name__ == "__main__":
    PAGE.write_text(page(read_log(), read_complaints()), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} from {LOG.name} and {COMPLAINTS.name}")
