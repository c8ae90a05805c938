"""The engine as the property tests ask it: a case in, what `encore judge` would print out."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial

import orjson

from encore.engine import Clock, Edition, Judge, Terms, judge_all, load_edition
from encore.engine.batch import Lines, Sheet
from encore.engine.events import Judged, Reader
from encore.engine.moments import from_datetime
from tests.engine.generate import Case, Json


def terms_of(case: Case) -> Terms:
    terms: Terms = load_edition(case.edition_bytes(), "case.toml").terms(case.parameters)
    return terms


def editions_of(case: Case) -> dict[str, Edition]:
    return {hashlib.sha256(data).hexdigest(): load_edition(data, "amended.toml") for data in case.amended_bytes()}


def read(events: Iterable[Json]) -> list[Judged]:
    """The events as the judge takes them, in their order."""
    reader = Reader()
    return [reader.take(event, position) for position, event in enumerate(events, 1)]


def lines_of(events: Iterable[Json]) -> Lines:
    lines = [orjson.dumps(event) for event in events]
    return Lines(lambda: lines)


def judge_of(case: Case, told: Sequence[Judged] | None = None, only: Collection[str] | None = None) -> Judge:
    """All of the case judged as a file is; or what is told in its place, or only some subjects."""
    return judge_all(
        terms_of(case),
        lines_of(case.events) if told is None else lambda: told,
        from_datetime(case.now),
        editions=editions_of(case),
        make=partial(Judge, only=only),
    )


def printed(judge: Judge, wanted: Callable[[Clock], bool] | None = None) -> list[Json]:
    """The clocks, or only those that are wanted, as objects in the order of the command."""
    sheet = Sheet(judge)
    return [sheet.record(clock) for clock in sheet.clocks(wanted)]


def records(case: Case) -> list[Json]:
    return printed(judge_of(case))


def judged(edition: str, events: Iterable[Json], now: datetime, parameters: Json | None = None) -> list[Json]:
    """The clocks that events give under an edition written out."""
    return judged_under(load_edition(edition.encode(), "written.toml").terms(parameters), events, now)


def judged_under(terms: Terms, events: Iterable[Json], now: datetime) -> list[Json]:
    return printed(judge_all(terms, lines_of(events), from_datetime(now)))


def of_subjects(records: Sequence[Json], subjects: Iterable[str]) -> list[Json]:
    wanted = set(subjects)
    return [record for record in records if record["subject"] in wanted]
