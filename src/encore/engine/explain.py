"""Why this date: a clock explains itself, in Chinese and in English."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from encore.engine.calendar import Calendar
from encore.engine.clocks import Clock, State
from encore.engine.durations import Duration, add_months, start_day
from encore.engine.edition import Edition
from encore.engine.faults import Language
from encore.engine.judge import Judge
from encore.engine.moments import Zone

_UNITS: Final[dict[str, tuple[str, str]]] = {
    "min": ("分钟", "minute"), "h": ("小时", "hour"), "wd": ("个工作日", "working day"), "d": ("天", "day"),
    "w": ("周", "week"), "mo": ("个月", "month"), "q": ("个季度", "quarter"), "y": ("年", "year"),
}  # fmt: skip
_WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_LISTED: Final = 31  # days off that are named one by one


@dataclass(slots=True)
class Explanation:
    """Sentences in the order of the reasoning, the same in both languages."""

    zh: list[str] = field(default_factory=list)
    en: list[str] = field(default_factory=list)

    def say(self, zh: str, en: str) -> None:
        self.zh.append(zh)
        self.en.append(en)

    def lines(self, language: Language) -> list[str]:
        return self.zh if language == "zh" else self.en


def spoken(span: Duration) -> tuple[str, str]:
    """A duration in words: 5 个工作日, 5 working days."""
    zh, en = _UNITS[span.unit]
    return f"{span.amount} {zh}", f"{span.amount} {en}{'' if span.amount == 1 else 's'}"


def explain(judge: Judge, clock: Clock, events: Mapping[int, tuple[str, int]], now: int) -> Explanation:
    """Why the clock has this due and this state at `now`. `events`: type and moment of events by their position."""
    said = Explanation()
    terms = next(terms for _, terms, _ in judge.versions if terms.rules.get(clock.duty) is clock.rule)
    _clause(said, terms.edition, clock)
    _start(said, clock, events)
    if clock.end is not None:
        _period(said, clock, judge.calendar)
    elif clock.rule.within is not None:
        _counting(said, clock.opened, clock.rule.within, clock.rule.zone, judge.calendar, after=False)
    if clock.provisional:
        said.say(
            "其中有年份的放假与调休安排尚未公布，此期限为暂定，公布后重新计算。",
            "The make-up days of a year in it are not published yet: the deadline is provisional and will be counted again.",
        )
    _moves(said, clock, events, judge)
    _state(said, clock, events, now)
    return said


def _clause(said: Explanation, edition: Edition, clock: Clock) -> None:
    clause, duty = edition.clauses[clock.clause], edition.duties[clock.duty]
    texts = {language: edition.in_language(clause.text, language) for language in ("zh-Hans", "en")}
    labels = {language: edition.label(duty, language) for language in ("zh-Hans", "en")}
    said.say(
        f"{clock.subject}：第 {clock.clause} 条（{labels['zh-Hans']}）：“{texts['zh-Hans']}”",
        f"{clock.subject}: clause {clock.clause} ({labels['en']}): “{texts['en']}”",
    )


def _event(events: Mapping[int, tuple[str, int]], position: int | None, zone: Zone) -> tuple[str, str]:
    found = events.get(position) if position is not None else None
    if found is None:
        return "该事件", "that event"
    kind, moment = found
    at = zone.text(moment)
    return f"{at} 的 {kind}（事件 {position}）", f"{kind} at {at} (event {position})"


def _start(said: Explanation, clock: Clock, events: Mapping[int, tuple[str, int]]) -> None:
    zh, en = _event(events, clock.started_by, clock.rule.zone)
    started = events.get(clock.started_by)
    said.say(f"由 {zh} 启动。", f"Started by {en}.")
    if clock.end is None and started is not None and started[1] != clock.opened:
        at = clock.rule.zone.text(clock.opened)
        said.say(
            f"条款规定自更早的事件起算，故从 {at} 开始计算。",
            f"The clause counts from an earlier event: from {at}.",
        )


def _day(day: int) -> tuple[str, str]:
    found = date.fromordinal(day)
    return f"{found.isoformat()}（{_WEEKDAYS[found.weekday()]}）", f"{_DAYS[found.weekday()]} {found.isoformat()}"


def _counting(said: Explanation, start: int, span: Duration, zone: Zone, calendar: Calendar, *, after: bool) -> None:
    """How a deadline follows from its start, day by day where days are left out."""
    zh, en = spoken(span)
    if span.elapsed is not None:
        due = zone.text(start + span.elapsed)
        said.say(
            f"时限 {zh}，自起算时刻连续计算，夜间和节假日不停（民法典第二百零一条），至 {due}。",
            f"{en} run from the moment, through nights and holidays (Civil Code, art. 201), until {due}.",
        )
        return
    first = start_day(start, zone, after=after)
    zh_first, en_first = _day(first)
    said.say(
        f"时限 {zh}；{zh_first} 为起算日，不计入（民法典第二百零一条）。",
        f"{en}; {en_first} is the day of the start and is not counted (Civil Code, art. 201).",
    )
    if span.unit == "wd":
        last = calendar.working_day(first, span.amount)
        _skipped(said, first + 1, last, calendar)
    elif span.months is not None:
        last = add_months(first, span.months)
        if date.fromordinal(last).day != date.fromordinal(first).day:
            said.say(
                "到期月没有相应日，以该月最后一日为准（民法典第二百零二条）。",
                "The month has no such day, so its last day stands for it (Civil Code, art. 202).",
            )
    else:
        last = first + span.amount * (7 if span.unit == "w" else 1)
    moved = calendar.working_day_from(last)
    if moved != last:
        (zh_last, en_last), (zh_moved, en_moved) = _day(last), _day(moved)
        zh_why, en_why = _why_off(last, calendar)
        said.say(
            f"最后一日 {zh_last} 是{zh_why}，顺延至下一工作日 {zh_moved}（民法典第二百零三条）。",
            f"The last day, {en_last}, is {en_why} and gives way to the next working day, {en_moved} (Civil Code, art. 203).",
        )
    zh_moved, en_moved = _day(moved)
    said.say(f"期限为 {zh_moved} 的 24:00。", f"It may be done until 24:00 of {en_moved}.")


def _why_off(day: int, calendar: Calendar) -> tuple[str, str]:
    name = calendar.why_off(day)
    return (f"节假日（{name}）", f"a holiday ({name})") if name else ("休息日", "a day off")


def _skipped(said: Explanation, first: int, last: int, calendar: Calendar) -> None:
    """The days left out of a count of working days, and the weekend days that were worked."""
    off = [day for day in range(first, last + 1) if not calendar.is_working(day)]
    if off:
        named = [
            (_day(day)[0] + (calendar.why_off(day) or ""), date.fromordinal(day).isoformat())
            for day in off[:_MOST_LISTED]
        ]
        more = len(off) - len(named)
        said.say(
            f"不计入的 {len(off)} 天："
            + "、".join(zh for zh, _ in named)
            + (f" 等（另 {more} 天）。" if more else "。"),
            f"Left out, {len(off)} days: "
            + ", ".join(en for _, en in named)
            + (f", and {more} more." if more else "."),
        )
    worked = [day for day in range(first, last + 1) if calendar.is_make_up(day)]
    if worked:
        said.say(
            "调休上班、计入：" + "、".join(_day(day)[0] for day in worked) + "。",
            "Make-up working days, counted: " + ", ".join(_day(day)[1] for day in worked) + ".",
        )


def _period(said: Explanation, clock: Clock, calendar: Calendar) -> None:
    rule = clock.rule
    assert rule.every is not None
    assert clock.end is not None
    zh, en = spoken(rule.every)
    start, end = rule.zone.text(clock.opened), rule.zone.text(clock.end)
    zh_kind, en_kind = ("按日历", "by the calendar") if rule.by_calendar else ("自起始日起", "from the start")
    said.say(
        f"周期义务：每 {zh} {rule.count} 次，{zh_kind}计；第 {clock.index + 1} 期自 {start} 至 {end}，周期不因节假日移动。",
        f"A recurring duty: {rule.count} in every {en}, {en_kind}; period {clock.index + 1} runs from {start} to {end}, "
        "whatever the holidays.",
    )
    if rule.grace is not None:
        said.say("期满后仍可在宽限期内完成：", "It may still be done after the period's end:")
        _counting(said, clock.end, rule.grace, rule.zone, calendar, after=True)


_MOVES: Final[dict[str, tuple[str, str]]] = {
    "lifted": ("不可抗力期间中止，{} 后恢复", "Suspended by force majeure; after {} it ran on"),
    "extended": ("经 {} 延长", "Extended by {}"),
    "published": ("{} 公布放假安排后重新计算", "Counted again after {}"),
}


def _moves(said: Explanation, clock: Clock, events: Mapping[int, tuple[str, int]], judge: Judge) -> None:
    zone = clock.rule.zone
    moved_to = [*(before for _, _, before in clock.moves[1:]), clock.due]
    for (how, position, before), due in zip(clock.moves, moved_to, strict=False):
        zh, en = _event(events, position, zone)
        zh_how, en_how = (text.format(event) for text, event in zip(_MOVES[how], (zh, en), strict=True))
        said.say(
            f"{zh_how}：期限由 {zone.text(before)} 移至 {zone.text(due)}。",
            f"{en_how}: the deadline moved from {zone.text(before)} to {zone.text(due)}.",
        )
    if clock.state == State.SUSPENDED and judge.in_force is not None:
        at = zone.text(judge.in_force.declared[0])
        said.say(
            f"不可抗力自 {at} 起有效，计时中止，解除后顺延。",
            f"Force majeure has been in force since {at}: the clock stands still, and will run on when it is lifted.",
        )


def _left(length: int) -> tuple[str, str]:
    minutes = length // 60_000_000
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "天", "d"), (hours, "小时", "h"), (minutes, "分", "min")]
    shown = [part for part in parts if part[0]] or [(0, "分", "min")]
    return " ".join(f"{n} {zh}" for n, zh, _ in shown), " ".join(f"{n} {en}" for n, _, en in shown)


def _state(said: Explanation, clock: Clock, events: Mapping[int, tuple[str, int]], now: int) -> None:
    zone = clock.rule.zone
    due = zone.text(clock.due)
    zh, en = _event(events, clock.closed_by, zone)
    match State(clock.state):
        case State.OPEN:
            zh_left, en_left = _left(clock.due - now)
            said.say(f"进行中：期限 {due}，还剩 {zh_left}。", f"Open: due {due}, {en_left} left.")
        case State.SUSPENDED:
            said.say(f"中止中：期限暂为 {due}。", f"Suspended: due {due} as things stand.")
        case State.BREACHED if clock.is_prohibition:
            said.say(f"已违反：{zh} 是不得发生的。", f"Breached: {en} must not have happened.")
        case State.BREACHED:
            zh_late, en_late = _left(now - clock.due)
            said.say(
                f"已违约：{due} 届满而未完成，已逾期 {zh_late}。",
                f"Breached at {due}, when it had not been done; {en_late} ago.",
            )
        case State.FULFILLED if clock.closed_by is None:
            said.say(f"已遵守：至 {due} 没有发生被禁止的事。", f"Kept: until {due} nothing that is forbidden happened.")
        case State.FULFILLED:
            said.say(
                f"已按时完成：{zh}，不晚于 {due}（恰在届满时刻也算按时）。",
                f"Fulfilled in time by {en}; the very moment {due} would still have been in time.",
            )
        case State.LATE:
            zh_late, en_late = _left((clock.closed or clock.due) - clock.due)
            said.say(
                f"逾期完成：{zh}，晚了 {zh_late}；违约时刻为 {due}。",
                f"Late: done by {en}, {en_late} after {due}, the moment of the breach.",
            )
        case State.DISCHARGED:
            said.say(f"已解除：{zh}。", f"Discharged by {en}.")
        case State.EXCUSED:
            said.say(f"已获免责：{zh}。", f"Excused by {en}.")
