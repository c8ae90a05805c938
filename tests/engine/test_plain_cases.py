"""For every duty of every edition the plain cases, generated from the edition: in time, at the very second, one second
late, cancelled; and what corresponds to them for a prohibition and for a recurring duty.

Where a deadline falls is counted by the oracle, which shares no line with the engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from encore import editions
from encore.engine import Rule, Terms, load_edition
from encore.engine.events import ENDED
from encore.engine.patterns import Pattern
from tests.engine import oracle
from tests.engine.generate import Json
from tests.engine.judging import judged_under

FILES = sorted(
    path for path in Path(editions.__file__).parent.glob("*.toml") if not path.name.endswith(".examples.toml")
)
SUBJECT = "complaint:1"
SECOND = timedelta(seconds=1)
LONG_AFTER = timedelta(days=1000)


@dataclass(frozen=True)
class Plain:
    """A duty, one way to start it, and one to do what it is about."""

    terms: Terms
    rule: Rule
    when: Pattern
    what: Pattern | None  # done, or forbidden

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.terms.edition.timezone)

    @property
    def start(self) -> datetime:
        return datetime(2026, 3, 2, 10, tzinfo=self.zone)  # a Monday; no holiday for a month

    def due(self, opened: datetime) -> datetime:
        assert self.rule.within is not None
        return oracle.Count(opened, opened.date(), self.rule.within.text, self.zone).under(oracle.Calendar())[0]

    def periods(self) -> Iterator[tuple[datetime, datetime, datetime]]:
        """Begin, end and due of one period after another."""
        assert self.rule.every is not None
        series = oracle.Series(self.rule.id, SUBJECT, next_begin=self.start)
        rhythm = (self.rule.every.text, "calendar" if self.rule.by_calendar else "start")
        begin = self.start
        while True:
            end = series.end_of_next_period(rhythm, self.zone)
            due, grace = end, self.rule.grace
            if grace is not None:
                count = oracle.Count(end, oracle.day_of_end(end, self.zone), grace.text, self.zone)
                due = count.under(oracle.Calendar())[0]
            yield begin, end, due
            begin = end

    def judged(self, *events: Json, now: datetime) -> list[Json]:
        """The duty's clocks. Events are told in the order given where they fall on one moment."""
        return [record for record in judged_under(self.terms, events, now) if record["duty"] == self.rule.id]

    def first(self, *events: Json, now: datetime | None = None) -> tuple[str, datetime, datetime | None]:
        """State, due and end of the first clock, by default when all is long over."""
        over = self.due(self.start) if self.rule.within is not None else self.start
        record = self.judged(*events, now=now or over + LONG_AFTER)[0]
        closed = record["closed"]
        return (
            record["state"], datetime.fromisoformat(record["due"]), closed and datetime.fromisoformat(closed)
        )  # fmt: skip

    def begun(self) -> Json:
        return happened(self.when, self.start)

    def done(self, at: datetime) -> Json:
        assert self.what is not None
        return happened(self.what, max(at, self.start))  # what is allowed no time at all is done at once


def happened(pattern: Pattern, at: datetime, subject: str = SUBJECT) -> Json:
    """An event that matches."""
    data = {key: allowed[0] for key, allowed in pattern.where}
    return {"type": pattern.event, "subject": subject, "at": at.isoformat(), "data": data}


def all_terms() -> Iterator[Terms]:
    for path in FILES:
        yield load_edition(path.read_bytes(), path.name).terms()


def named(plain: Plain, *more: object) -> str:
    shown = [plain.terms.edition.id, plain.rule.id, plain.when.event, plain.what.event if plain.what else "", *more]
    return " ".join(str(part) for part in shown if part)


def plain_cases(*kinds: str) -> list[Any]:
    found = []
    for terms in all_terms():
        for rule in terms.rules.values():
            this = "recurring" if rule.every is not None else "prohibition" if rule.forbid else "deadline"
            for when in rule.when if this in kinds else ():
                for what in rule.forbid or rule.done:
                    plain = Plain(terms, rule, when, what)
                    found.append(pytest.param(plain, id=named(plain)))
    return found


def cancelled_cases() -> list[Any]:
    found = []
    for terms in all_terms():
        for rule in terms.rules.values():
            for cancel in rule.cancel:
                plain = Plain(terms, rule, rule.when[0], (rule.forbid or rule.done)[0])
                found.append(pytest.param(plain, cancel, id=named(plain, "cancelled by", cancel.event, *cancel.where)))
    return found


def from_cases() -> list[Any]:
    found = []
    for terms in all_terms():
        for rule in terms.rules.values():
            for earlier in rule.start:
                plain = Plain(terms, rule, rule.when[0], (rule.forbid or rule.done)[0])
                found.append(pytest.param(plain, earlier, id=named(plain, "from", earlier.event)))
    return found


def test_there_are_editions_and_each_has_duties() -> None:
    assert FILES
    assert all(terms.rules for terms in all_terms())


# ---- Deadlines ----------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", plain_cases("deadline"))
def test_what_is_done_in_time_is_fulfilled(plain: Plain) -> None:
    due = plain.due(plain.start)
    at = max(plain.start, due - SECOND)
    assert plain.first(plain.begun(), plain.done(at)) == ("fulfilled", due, at)


@pytest.mark.parametrize("plain", plain_cases("deadline"))
def test_what_is_done_at_the_very_second_is_in_time(plain: Plain) -> None:
    due = plain.due(plain.start)
    assert plain.first(plain.begun(), plain.done(due)) == ("fulfilled", due, due)
    assert plain.first(plain.begun(), now=due) == ("open", due, None)


@pytest.mark.parametrize("plain", plain_cases("deadline"))
def test_what_is_done_one_second_after_its_due_is_late_and_was_breached_before(plain: Plain) -> None:
    due = plain.due(plain.start)
    assert plain.first(plain.begun(), now=due + SECOND) == ("breached", due, None)
    assert plain.first(plain.begun(), plain.done(due + SECOND)) == ("late", due, due + SECOND)


@pytest.mark.parametrize(("plain", "cancel"), cancelled_cases())
def test_what_is_cancelled_in_time_is_discharged_and_after_its_due_it_is_not(plain: Plain, cancel: Pattern) -> None:
    due = plain.due(plain.start)
    for at in (max(plain.start, due - SECOND), due):
        assert plain.first(plain.begun(), happened(cancel, at)) == ("discharged", due, at)
    too_late = plain.first(plain.begun(), happened(cancel, due + SECOND))
    assert too_late == (("fulfilled", due, due) if plain.rule.forbid else ("breached", due, None))


@pytest.mark.parametrize(("plain", "earlier"), from_cases())
def test_a_duty_with_a_from_counts_from_there(plain: Plain, earlier: Pattern) -> None:
    opened = plain.start - timedelta(minutes=1)
    before, due = happened(earlier, opened), plain.due(opened)
    [record] = plain.judged(before, plain.begun(), now=plain.start)
    assert (datetime.fromisoformat(record["opened"]), datetime.fromisoformat(record["due"])) == (opened, due)
    done_before = happened(plain.what, opened + SECOND) if plain.what else {}
    assert plain.first(before, done_before, plain.begun())[0] == "fulfilled"
    [record] = plain.judged(plain.begun(), now=plain.start)
    assert datetime.fromisoformat(record["opened"]) == plain.start


# ---- Prohibitions -------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", plain_cases("prohibition"))
def test_what_is_forbidden_breaches_until_the_very_second_and_not_after(plain: Plain) -> None:
    due = plain.due(plain.start)
    for at in (max(plain.start, due - SECOND), due):
        assert plain.first(plain.begun(), plain.done(at)) == ("breached", due, None)
    assert plain.first(plain.begun(), plain.done(due + SECOND)) == ("fulfilled", due, due)
    assert plain.first(plain.begun(), now=due) == ("open", due, None)
    assert plain.first(plain.begun(), now=due + SECOND) == ("fulfilled", due, due)


# ---- Recurring duties ---------------------------------------------------------------------------


@pytest.mark.parametrize("plain", plain_cases("recurring"))
def test_a_period_is_fulfilled_until_the_very_second_by_as_many_events_as_it_needs(plain: Plain) -> None:
    _, _, due = next(plain.periods())
    for at in (due - SECOND, due):
        events = [plain.done(at)] * plain.rule.count
        assert plain.first(plain.begun(), *events) == ("fulfilled", due, at)
        assert plain.first(plain.begun(), *events[1:]) == ("breached", due, None)
    assert plain.first(plain.begun(), now=due) == ("open", due, None)


@pytest.mark.parametrize("plain", plain_cases("recurring"))
def test_a_period_that_was_missed_is_breached_for_good_and_the_next_one_gets_the_event(plain: Plain) -> None:
    periods = plain.periods()
    _, _, due = next(periods)
    begin, _, next_due = next(periods)
    late = due + SECOND
    assert begin <= late <= next_due
    missed, following, *_ = plain.judged(plain.begun(), *[plain.done(late)] * plain.rule.count, now=late)
    assert (missed["state"], missed["closed"]) == ("breached", None)
    assert following["state"] == "fulfilled"
    assert (datetime.fromisoformat(following["opened"]), datetime.fromisoformat(following["due"])) == (begin, next_due)


@pytest.mark.parametrize("plain", plain_cases("recurring"))
def test_what_stops_a_series_discharges_the_period_that_would_end_later(plain: Plain) -> None:
    _, end, due = next(plain.periods())
    for until in plain.rule.until or (Pattern(ENDED),):
        before, at_the_end = happened(until, end - SECOND), happened(until, end)
        assert plain.first(plain.begun(), before) == ("discharged", due, end - SECOND)
        assert plain.first(plain.begun(), at_the_end) == ("breached", due, None)
        states = [record["state"] for record in plain.judged(plain.begun(), at_the_end, now=due + LONG_AFTER)]
        assert states == ["breached", "discharged"]  # the period that begins in that second


# ---- After the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", plain_cases("deadline", "prohibition", "recurring"))
def test_after_the_end_of_the_contract_only_what_survives_it_starts(plain: Plain) -> None:
    """But the end itself may start something."""
    ended = happened(Pattern(ENDED), plain.start - SECOND, "contract:1")
    begun = [record["subject"] for record in plain.judged(ended, plain.begun(), now=plain.start)]
    assert (SUBJECT in begun) == plain.rule.survives
    assert [record["subject"] for record in plain.judged(plain.begun(), now=plain.start)] == [SUBJECT]
