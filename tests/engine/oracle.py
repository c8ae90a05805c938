"""A second judge, slow and plain, that the property tests compare with the engine.

It shares no line with the engine. Everything is judged anew from the first event each time,
all instants are kept in UTC, and days are walked one by one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

LAST_YEAR_WITH_MAKE_UP_DAYS = 2026
ONE_DAY = timedelta(days=1)

Json = dict[str, Any]


# ---- Events -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    type: str
    subject: str
    at: datetime
    refs: tuple[str, ...]
    data: Json
    id: str | None

    def concerns(self, subject: str) -> bool:
        return subject == self.subject or subject in self.refs


def read_event(raw: Json) -> Event:
    return Event(
        type=raw["type"],
        subject=raw["subject"],
        at=datetime.fromisoformat(raw["at"]).astimezone(UTC),
        refs=tuple(raw.get("refs") or ()),
        data=dict(raw.get("data") or {}),
        id=raw.get("id"),
    )


def without_duplicates(events: list[Event]) -> list[Event]:
    """Of several events of one id the first in file order counts."""
    met: set[str] = set()
    kept = []
    for event in events:
        if event.id is not None:
            if event.id in met:
                continue
            met.add(event.id)
        kept.append(event)
    return kept


def without_annulled(events: list[Event]) -> list[Event]:
    """Leaves out what a standing annulment names; an annulment named by a standing one does not stand."""
    undecided = [event for event in events if event.type == "event.annulled"]
    standing: list[Event] = []
    fallen: list[Event] = []

    def naming(annulled: Event, annulments: list[Event]) -> list[Event]:
        if annulled.id is None:
            return []
        return [a for a in annulments if same_json(a.data.get("id"), annulled.id)]

    while undecided:
        for annulment in undecided:
            if naming(annulment, standing):
                fallen.append(annulment)
                break
            if not naming(annulment, undecided):
                standing.append(annulment)
                break
        else:  # a circle: the one judged last stands
            annulment = undecided[-1]
            standing.append(annulment)
        undecided.remove(annulment)
    return [event for event in events if not naming(event, standing)]


def without_fallen_declarations(events: list[Event]) -> list[Event]:
    """Leaves out each declaration of force majeure that fell for want of proof."""
    fallen: list[Event] = []
    for position, event in enumerate(events):
        if event.type != "force_majeure.fallen":
            continue
        earlier = [e for e in events[:position] if not any(e is f for f in fallen)]
        operative = operative_declarations(earlier)
        of_same_subject = [d for d in operative if d.subject == event.subject]
        if operative:
            fallen.append((of_same_subject or operative)[-1])
    return [e for e in events if not any(e is f for f in fallen)]


def operative_declarations(events: list[Event]) -> list[Event]:
    operative = []
    in_force = False
    for event in events:
        if event.type == "force_majeure.declared" and not in_force:
            operative.append(event)
            in_force = True
        elif event.type == "force_majeure.lifted":
            in_force = False
    return operative


def force_majeure_after(events: list[Event]) -> list[datetime | None]:
    """For each event, since when force majeure is in force once that event has been judged."""
    since: datetime | None = None
    result = []
    for event in events:
        if event.type == "force_majeure.declared" and since is None:
            since = event.at
        elif event.type == "force_majeure.lifted":
            since = None
        result.append(since)
    return result


# ---- The edition in force ---------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """The terms from one amendment to the next."""

    edition: Json
    parameters: Json
    position: int  # of the event that brought it; -1 for what was there at first
    at: datetime | None

    def duty(self, name: str) -> Json | None:
        for duty in self.edition.get("duty", []):
            if duty["id"] == name:
                found: Json = duty
                return found
        return None

    def value(self, written: Any) -> Any:
        if isinstance(written, str) and written.startswith("$"):
            return self.parameters[written[1:]]
        return written

    def matches(self, patterns: Any, event: Event) -> bool:
        if not isinstance(patterns, list):
            patterns = [patterns]
        return any(self.matches_one(pattern, event) for pattern in patterns)

    def matches_one(self, pattern: Any, event: Event) -> bool:
        if isinstance(pattern, str):
            pattern = {"event": pattern}
        if event.type != pattern["event"]:
            return False
        for key, wanted in pattern.items():
            if key == "event":
                continue
            if key not in event.data:
                return False
            choices = wanted if isinstance(wanted, list) else [wanted]
            if not any(same_json(event.data[key], self.value(choice)) for choice in choices):
                return False
        return True


def same_json(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def versions_of(edition: Json, events: list[Event], parameters: Json, amended: dict[str, Json]) -> list[Version]:
    chosen = dict(parameters)

    def version(position: int, at: datetime | None) -> Version:
        rows = edition.get("parameter", [])
        in_force = {row["key"]: chosen.get(row["key"], row["default"]) for row in rows}
        return Version(edition, in_force, position, at)

    versions = [version(-1, None)]
    for position, event in enumerate(events):
        if event.type not in ("contract.effective", "contract.amended"):
            continue
        if "edition" in event.data:
            edition = amended[event.data["edition"]]
        known = {row["key"] for row in edition.get("parameter", [])}
        given = event.data.get("parameters", {})
        chosen.update({key: value for key, value in given.items() if key in known})
        versions.append(version(position, event.at))
    return versions


# ---- Days and durations -----------------------------------------------------------------


@cache
def holidays_as_pinned() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=range(2000, 2051))


@dataclass
class Calendar:
    published_years: set[int] = field(default_factory=set)
    published_days: dict[date, bool] = field(default_factory=dict)  # True: a working day

    def publish(self, data: Json) -> None:
        self.published_years.add(data["year"])
        for day in data.get("off", []):
            self.published_days[date.fromisoformat(day)] = False
        for day in data.get("work", []):
            self.published_days[date.fromisoformat(day)] = True

    def works_on(self, day: date) -> bool:
        if day in self.published_days:
            return self.published_days[day]
        return holidays_as_pinned().is_working_day(day)

    def only_guesses(self, day: date) -> bool:
        return day.year > LAST_YEAR_WITH_MAKE_UP_DAYS and day.year not in self.published_years


def read_duration(text: str) -> tuple[int, str]:
    found = re.fullmatch(r"(\d+)(min|h|wd|d|w|mo|q|y)", text)
    assert found, f"not a duration: {text}"
    return int(found[1]), found[2]


def is_exact(unit: str) -> bool:
    return unit in ("min", "h")


def exact_length(number: int, unit: str) -> timedelta:
    return timedelta(hours=number) if unit == "h" else timedelta(minutes=number)


def day_after(day: date, number: int, unit: str) -> date:
    """The corresponding day, or the month's last where there is none."""
    if unit == "d":
        return day + number * ONE_DAY
    if unit == "w":
        return day + 7 * number * ONE_DAY
    months = {"mo": 1, "q": 3, "y": 12}[unit] * number
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for day_of_month in (day.day, 30, 29, 28):
        try:
            return date(year, month, day_of_month)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + ONE_DAY, time(0), zone).astimezone(UTC)


def day_of_event(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def day_of_end(end: datetime, zone: ZoneInfo) -> date:
    """24:00 is written 00:00 of the next day, and belongs to the day that ends."""
    local = end.astimezone(zone)
    return local.date() - ONE_DAY if local.time() == time(0) else local.date()


@dataclass(frozen=True)
class Count:
    """A deadline as something that can be counted again when a calendar is published."""

    start: datetime
    start_day: date
    duration: str
    zone: ZoneInfo

    def under(self, calendar: Calendar) -> tuple[datetime, bool]:
        """The deadline, and whether it is provisional."""
        number, unit = read_duration(self.duration)
        if is_exact(unit):
            return self.start + exact_length(number, unit), False

        if unit == "wd":
            last, counted = self.start_day, 0
            while counted < number:
                last += ONE_DAY
                counted += calendar.works_on(last)
        else:
            last = day_after(self.start_day, number, unit)
        while not calendar.works_on(last):
            last += ONE_DAY

        examined = {last}
        day = self.start_day + ONE_DAY
        while day <= last:
            examined.add(day)
            day += ONE_DAY
        return end_of(last, self.zone), any(calendar.only_guesses(day) for day in examined)


# ---- Clocks -----------------------------------------------------------------------------


@dataclass
class Clock:
    version: Version
    duty: Json
    subject: str
    index: int
    opened: datetime
    due: datetime
    provisional: bool
    count: Count | None
    period_end: datetime | None = None  # of a recurring duty, without grace
    first_due: datetime = field(init=False)
    extended: bool = False
    state: str = "open"
    closed: datetime | None = None
    moved_by_suspensions: timedelta = timedelta(0)
    suspended_since: datetime | None = None
    done_events: int = 0

    def __post_init__(self) -> None:
        self.first_due = self.due

    @property
    def is_period(self) -> bool:
        return self.period_end is not None

    @property
    def is_prohibition(self) -> bool:
        return "forbid" in self.duty

    @property
    def runs(self) -> bool:
        return self.state in ("open", "suspended")

    @property
    def unfinished(self) -> bool:
        return self.state in ("open", "suspended", "breached")

    def end(self, state: str, at: datetime) -> None:
        self.state, self.closed = state, at

    def pass_deadline(self, at: datetime) -> None:
        if self.state == "open" and self.due < at:
            if self.is_prohibition:
                self.end("fulfilled", self.due)
            else:
                self.state = "breached"

    def suspend(self, declared: datetime) -> None:
        if self.is_prohibition or self.duty.get("through_force_majeure", False):
            return
        if self.state == "open" and not self.due < declared:
            self.state, self.suspended_since = "suspended", max(declared, self.opened)

    def lift(self, at: datetime) -> None:
        if self.state == "suspended":
            assert self.suspended_since is not None
            self.moved_by_suspensions += at - self.suspended_since
            self.due += at - self.suspended_since
            self.state, self.suspended_since = "open", None

    def meet_force_majeure(self, before: datetime | None, after: datetime | None, at: datetime) -> None:
        if before is None and after is not None:
            self.suspend(after)
        elif before is not None and after is None:
            self.lift(at)

    def count_again(self, calendar: Calendar) -> None:
        if self.provisional and self.runs:
            assert self.count is not None
            counted, self.provisional = self.count.under(calendar)
            self.due = counted + self.moved_by_suspensions

    def extend(self, until: datetime) -> None:
        if self.runs and until > self.due:
            self.due, self.extended, self.provisional = until, True, False

    def fulfil_by(self, event: Event) -> None:
        """A done event on a deadline duty."""
        if self.is_period or self.is_prohibition or not self.unfinished:
            return
        if event.concerns(self.subject) and self.version.matches(self.duty["done"], event):
            self.end("late" if self.state == "breached" else "fulfilled", event.at)

    def discharge_by(self, event: Event) -> None:
        if not self.runs or "cancel" not in self.duty:
            return
        if event.concerns(self.subject) and self.version.matches(self.duty["cancel"], event):
            self.end("discharged", event.at)

    def breach_by(self, event: Event) -> None:
        """A forbidden event; what is past due is no longer open."""
        if not self.is_prohibition or self.state != "open":
            return
        if event.concerns(self.subject) and self.version.matches(self.duty["forbid"], event):
            self.state = "breached"

    def printed(self, zone: ZoneInfo) -> Json:
        def local(at: datetime) -> str:
            return at.astimezone(zone).isoformat()

        line = {
            "duty": self.duty["id"],
            "clause": self.duty["clause"],
            "subject": self.subject,
            "index": self.index,
            "opened": local(self.opened),
            "due": local(self.due),
            "state": self.state,
            "closed": local(self.closed) if self.closed is not None else None,
        }
        if self.provisional:
            line["provisional"] = True
        if self.extended:
            line["first_due"] = local(self.first_due)
        return line


@dataclass
class Series:
    """The periods of a recurring duty on a subject, from one `when` to its `until`."""

    duty_id: str
    subject: str
    next_begin: datetime
    running: bool = True
    periods: list[Clock] = field(default_factory=list)
    rhythm: tuple[str, str] | None = None  # every and align since the anchor
    anchor: datetime = field(init=False)
    anchor_is_a_boundary: bool = False
    boundaries_since_anchor: int = 0

    def end_of_next_period(self, rhythm: tuple[str, str], zone: ZoneInfo) -> datetime:
        if rhythm != self.rhythm:
            self.rhythm = rhythm
            self.anchor = self.next_begin
            self.anchor_is_a_boundary = bool(self.periods)
            self.boundaries_since_anchor = 0
        self.boundaries_since_anchor += 1
        if rhythm[1] == "calendar":
            return self.calendar_boundary(zone)
        return self.boundary(zone)

    def boundary(self, zone: ZoneInfo) -> datetime:
        assert self.rhythm is not None
        number, unit = read_duration(self.rhythm[0])
        number *= self.boundaries_since_anchor
        if is_exact(unit):
            return self.anchor + exact_length(number, unit)
        day = day_of_end if self.anchor_is_a_boundary else day_of_event
        return end_of(day_after(day(self.anchor, zone), number, unit), zone)

    def calendar_boundary(self, zone: ZoneInfo) -> datetime:
        assert self.rhythm is not None
        number, unit = read_duration(self.rhythm[0])
        day = day_of_event(self.anchor, zone)
        while not is_last_of(day, unit):
            day += ONE_DAY
        day += ONE_DAY  # the first day after the current unit
        day = day_after(day, number * (self.boundaries_since_anchor - 1), unit)
        return end_of(day - ONE_DAY, zone)


def is_last_of(day: date, unit: str) -> bool:
    tomorrow = day + ONE_DAY
    if unit == "y":
        return tomorrow.year != day.year
    if unit == "q":
        return tomorrow.month != day.month and day.month in (3, 6, 9, 12)
    return tomorrow.month != day.month


# ---- The judge --------------------------------------------------------------------------


class World:
    def __init__(self, events: list[Event], versions: list[Version], zone: ZoneInfo) -> None:
        self.events = events
        self.versions = versions
        self.zone = zone
        self.force_majeure = force_majeure_after(events)
        self.calendar = Calendar()
        self.clocks: list[Clock] = []
        self.series: list[Series] = []
        self.contract_ended = False

    def judge(self, now: datetime) -> None:
        for position in range(len(self.events)):
            self.judge_event(position)
        self.reach(now, self.force_majeure[-1] if self.events else None)

    def judge_event(self, position: int) -> None:
        event = self.events[position]
        before = self.force_majeure[position - 1] if position else None
        after = self.force_majeure[position]

        self.reach(event.at, before)
        for clock in self.clocks:
            clock.meet_force_majeure(before, after, event.at)
        if event.type == "calendar.published":
            self.calendar.publish(event.data)
            for clock in self.clocks:
                clock.count_again(self.calendar)
        self.extend(event)
        self.excuse(event)
        for step in (Clock.fulfil_by, Clock.discharge_by, Clock.breach_by):
            for clock in self.clocks:
                step(clock, event)
        self.count_for_periods(event)
        self.stop_series(event)
        self.start(position)
        if event.type == "contract.ended":
            self.contract_ended = True

    def reach(self, at: datetime, force_majeure: datetime | None) -> None:
        for series in self.series:
            while series.running and series.next_begin <= at:
                self.begin_period(series, self.version_of_period(series.next_begin), force_majeure)
        for clock in self.clocks:
            clock.pass_deadline(at)

    def version_of_period(self, begin: datetime) -> Version:
        return [v for v in self.versions if v.at is None or v.at <= begin][-1]

    def begin_period(self, series: Series, version: Version, force_majeure: datetime | None) -> None:
        duty = version.duty(series.duty_id)
        if duty is None or "every" not in duty:
            series.running = False
            return
        rhythm = (version.value(duty["every"]), version.value(duty.get("align", "start")))
        begin = series.next_begin
        end = series.end_of_next_period(rhythm, self.zone)
        count = None
        if "grace" in duty:
            grace = version.value(duty["grace"])
            count = Count(end, day_of_end(end, self.zone), grace, self.zone)
        period = self.open_clock(version, duty, series.subject, begin, count, end)
        if force_majeure is not None:
            period.suspend(force_majeure)
        series.periods.append(period)
        series.next_begin = end

    def open_clock(
        self,
        version: Version,
        duty: Json,
        subject: str,
        opened: datetime,
        count: Count | None,
        period_end: datetime | None = None,
    ) -> Clock:
        if count is not None:
            due, provisional = count.under(self.calendar)
        else:
            assert period_end is not None
            due, provisional = period_end, False
        index = len(self.clocks_of(duty["id"], subject))
        clock = Clock(version, duty, subject, index, opened, due, provisional, count, period_end)
        self.clocks.append(clock)
        return clock

    def clocks_of(self, duty_id: str, subject: str) -> list[Clock]:
        return [c for c in self.clocks if c.duty["id"] == duty_id and c.subject == subject]

    # Extension and excuse.

    def extend(self, event: Event) -> None:
        if event.type == "duty.extended":
            for clock in self.named(event, lambda clock: clock.runs):
                clock.extend(datetime.fromisoformat(event.data["until"]).astimezone(UTC))

    def excuse(self, event: Event) -> None:
        def may_be_excused(clock: Clock) -> bool:
            if clock.is_period and "index" not in event.data:
                return clock.runs
            return clock.unfinished

        if event.type == "duty.excused":
            for clock in self.named(event, may_be_excused):
                clock.end("excused", event.at)

    def named(self, event: Event, eligible: Callable[[Clock], bool]) -> list[Clock]:
        """The one clock that an extension or an excuse is about, or none."""
        clocks = [
            clock
            for clock in self.clocks
            if same_json(event.data.get("duty"), clock.duty["id"])
            and clock.subject == event.subject
            and eligible(clock)
        ]
        if "index" in event.data:
            return [c for c in clocks if same_json(event.data["index"], c.index)]
        return clocks[:1]

    # Recurring duties.

    def count_for_periods(self, event: Event) -> None:
        counted: set[tuple[str, str]] = set()
        for clock in self.clocks:
            key = (clock.duty["id"], clock.subject)
            if not clock.is_period or not clock.runs or key in counted:
                continue
            if not event.concerns(clock.subject):
                continue
            if not clock.version.matches(clock.duty["done"], event):
                continue
            counted.add(key)
            clock.done_events += 1
            if clock.done_events == clock.version.value(clock.duty.get("count", 1)):
                clock.end("fulfilled", event.at)

    def stop_series(self, event: Event) -> None:
        for series in self.series:
            if not series.running or not self.stops(event, series):
                continue
            series.running = False
            for period in series.periods:
                assert period.period_end is not None
                if period.runs and period.period_end > event.at:
                    period.end("discharged", event.at)

    def stops(self, event: Event, series: Series) -> bool:
        current = series.periods[-1]
        if "until" not in current.duty:
            return event.type == "contract.ended"
        return event.concerns(series.subject) and current.version.matches(current.duty["until"], event)

    # Starts.

    def start(self, position: int) -> None:
        event = self.events[position]
        version = [v for v in self.versions if v.position <= position][-1]
        for duty in version.edition.get("duty", []):
            if not version.matches(duty.get("when", "contract.effective"), event):
                continue
            if self.contract_ended and not duty.get("survives", False):
                continue
            if "every" in duty:
                self.start_series(position, version, duty)
            else:
                self.start_clock(position, version, duty)

    def start_series(self, position: int, version: Version, duty: Json) -> None:
        assert "from" not in duty, "what `from` means for a recurring duty is not specified"
        event = self.events[position]
        for series in self.series:
            same = series.duty_id == duty["id"] and series.subject == event.subject
            if same and series.running:
                return
        series = Series(duty["id"], event.subject, next_begin=event.at)
        self.series.append(series)
        self.begin_period(series, version, self.force_majeure[position])

    def start_clock(self, position: int, version: Version, duty: Json) -> None:
        event = self.events[position]
        earlier = self.clocks_of(duty["id"], event.subject)
        if any(clock.unfinished and not clock.is_period for clock in earlier):
            return
        origin = self.origin(position, version, duty)
        opened = event.at if origin is None else self.events[origin].at
        if "from" in duty and any(clock.opened == opened and clock.state in ("fulfilled", "late") for clock in earlier):
            return

        within = version.value(duty["within"])
        count = Count(opened, day_of_event(opened, self.zone), within, self.zone)
        clock = self.open_clock(version, duty, event.subject, opened, count)
        at_opening = self.force_majeure[position if origin is None else origin]
        if at_opening is not None:
            clock.suspend(at_opening)
        if origin is not None:
            self.live_through(clock, range(origin + 1, position + 1))

    def origin(self, position: int, version: Version, duty: Json) -> int | None:
        """The position of the latest earlier event that `from` names."""
        if "from" not in duty:
            return None
        for before in reversed(range(position)):
            event = self.events[before]
            if event.concerns(self.events[position].subject) and version.matches(duty["from"], event):
                return before
        return None

    def live_through(self, clock: Clock, positions: Iterable[int]) -> None:
        """What a clock that began with an earlier event would have met since."""
        for position in positions:
            event = self.events[position]
            clock.pass_deadline(event.at)
            clock.meet_force_majeure(self.force_majeure[position - 1], self.force_majeure[position], event.at)
            clock.fulfil_by(event)


def judge(
    edition: Json,
    events: list[Json],
    now: datetime,
    parameters: Json | None = None,
    amended: dict[str, Json] | None = None,
) -> list[Json]:
    """What `encore judge --format jsonl` prints; `edition` and `amended` (by SHA-256) are parsed TOML."""
    now = now.astimezone(UTC)
    seen = [event for event in map(read_event, events) if event.at <= now]
    seen = without_duplicates(seen)
    seen.sort(key=lambda event: event.at)  # stable: equal times keep file order
    seen = without_annulled(seen)
    seen = without_fallen_declarations(seen)

    versions = versions_of(edition, seen, parameters or {}, amended or {})
    zone = ZoneInfo(edition["edition"].get("timezone", "Asia/Shanghai"))
    world = World(seen, versions, zone)
    world.judge(now)

    order: list[str] = []
    for version in versions:
        for duty in version.edition.get("duty", []):
            if duty["id"] not in order:
                order.append(duty["id"])
    world.clocks.sort(key=lambda c: (order.index(c.duty["id"]), c.subject, c.index))
    return [clock.printed(zone) for clock in world.clocks]
